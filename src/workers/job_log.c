/* job_log: see job_log.h. */
#include "workers/job_log.h"

#include <stdio.h>
#include <string.h>

void job_log_init(struct job_log *log, struct timers *timers)
{
    for (size_t i = 0; i < JOB_LOG_PLACES; i++) {
        struct job_log_place *place = &log->places[i];
        *place->module = '\0';
        log_limit_init(&place->limit, timers, LOG_INFO, "");
        place->limit.module = place->module;
    }
    log_limit_init(&log->others, timers, LOG_WARN, "others");
}

static bool is_of(const struct job_log_place *place, enum log_level level, const char *event,
                  const char *module)
{
    return place->limit.level == level && strcmp(place->limit.event, event) == 0 &&
           strcmp(place->module, module) == 0;
}

/* The place of such lines in this second, or a free one for them. */
static struct job_log_place *find(struct job_log *log, enum log_level level, const char *event,
                                  const char *module)
{
    struct job_log_place *spare = NULL;
    for (size_t i = 0; i < JOB_LOG_PLACES; i++) {
        struct job_log_place *place = &log->places[i];
        if (!log_limit_is_counting(&place->limit))
            spare = place;
        else if (is_of(place, level, event, module))
            return place;
    }
    return spare;
}

bool job_log_allows(struct job_log *log, enum log_level level, const char *event,
                    const char *module)
{
    struct job_log_place *place = find(log, level, event, module);
    if (!place)
        return log_limit_allows(&log->others);
    if (!log_limit_is_counting(&place->limit)) {
        snprintf(place->module, sizeof place->module, "%s", module);
        place->limit.event = event;
        place->limit.level = level;
    }
    return log_limit_allows(&place->limit);
}

void job_log_end(struct job_log *log)
{
    for (size_t i = 0; i < JOB_LOG_PLACES; i++)
        log_limit_end(&log->places[i].limit);
    log_limit_end(&log->others);
}
