/* log_limit: see log_limit.h. */
#include "base/log_limit.h"

static void say_left_out(struct log_limit *limit)
{
    if (limit->left_out)
        log_event(limit->level, "lines-left-out", LOG_STR("of", limit->event),
                  LOG_STR_OPT("module", limit->module), LOG_UINT("lines", limit->left_out),
                  LOG_UINT("rate", limit->rate));
    limit->left_out = limit->lines = 0;
}

static void on_second(void *arg)
{
    say_left_out(arg);
}

void log_limit_init(struct log_limit *limit, struct timers *timers, enum log_level level,
                    const char *event)
{
    *limit = (struct log_limit){
        .level = level, .event = event, .timers = timers, .rate = LOG_LIMIT_LINES};
    timer_init(&limit->second, on_second, limit);
}

bool log_limit_allows(struct log_limit *limit)
{
    if (!timer_is_set(&limit->second))
        timer_set_ms(limit->timers, &limit->second, 1000);
    if (limit->lines < limit->rate) {
        limit->lines++;
        return true;
    }
    limit->left_out++;
    return false;
}

bool log_limit_is_counting(const struct log_limit *limit)
{
    return timer_is_set(&limit->second);
}

void log_limit_end(struct log_limit *limit)
{
    timer_clear(limit->timers, &limit->second);
    say_left_out(limit);
}
