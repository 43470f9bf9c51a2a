/* shutdown: see shutdown.h. */
#include "queue/shutdown.h"

#include "common/log.h"

enum { STORE_MS = 5000 }; /* for the store to write; without room on the disk it cannot */

static void begin_drain(struct shutdown *s, const char *why)
{
    log_event(LOG_INFO, "drain", LOG_STR("why", why),
              LOG_UINT("handed", keep_handed_count(s->keep)),
              LOG_UINT("timeout_ms", s->settings->drain_timeout_ms));
    s->phase = SHUTDOWN_DRAINING;
    s->farewell.by_us = s->timers->now_us + s->settings->drain_timeout_ms * 1000ull;
    timer_set(s->timers, &s->timer, s->farewell.by_us);
    s->close(s->arg);
    peers_tell_draining(s->peers);
    keep_drain(s->keep);
}

static void begin_leaving(struct shutdown *s)
{
    timer_clear(s->timers, &s->timer);
    s->phase = SHUTDOWN_LEAVING;
    farewell_begin(&s->farewell);
}

static void begin_storing(struct shutdown *s)
{
    s->phase = SHUTDOWN_STORING;
    keep_take_back(s->keep);
    timer_set_ms(s->timers, &s->timer, STORE_MS);
}

static void end(struct shutdown *s)
{
    timer_clear(s->timers, &s->timer);
    s->phase = SHUTDOWN_ENDED;
}

static void log_drain_timeout(const struct shutdown *s)
{
    log_event(LOG_WARN, "drain-timeout", LOG_UINT("handed", keep_handed_count(s->keep)),
              LOG_STR("hint", s->is_shared
                                  ? "these jobs are kept, and run again at other nodes"
                                  : "these jobs are kept, and run again after the next start"));
}

static void log_store_timeout(const struct shutdown *s)
{
    log_event(LOG_WARN, "store-timeout", LOG_UINT("operations", keep_busy_count(s->keep)),
              LOG_STR("hint", s->is_shared ? "outcomes not stored run again at other nodes"
                                           : "outcomes not stored run again after the next start"));
}

static void on_timer(void *arg)
{
    struct shutdown *s = arg;
    if (s->phase == SHUTDOWN_DRAINING) {
        log_drain_timeout(s);
        begin_leaving(s);
    } else {
        log_store_timeout(s);
        end(s);
    }
}

static void end_at_once(struct shutdown *s)
{
    if (s->farewell.hurried)
        return;
    log_event(LOG_WARN, "end-at-once", LOG_UINT("handed", keep_handed_count(s->keep)),
              LOG_UINT("clients", s->peers->connected));
    farewell_hurry(&s->farewell);
    if (s->phase == SHUTDOWN_DRAINING)
        begin_leaving(s);
}

void shutdown_ask(struct shutdown *s, const char *why)
{
    if (s->phase == SHUTDOWN_RUNNING)
        begin_drain(s, why);
    else
        end_at_once(s);
}

void shutdown_turn(struct shutdown *s)
{
    if (s->phase == SHUTDOWN_DRAINING && !keep_handed_count(s->keep))
        begin_leaving(s);
    if (s->phase == SHUTDOWN_LEAVING)
        farewell_turn(&s->farewell);
    if (s->phase == SHUTDOWN_LEAVING && s->farewell.phase == FAREWELL_OVER)
        begin_storing(s);
    if (s->phase == SHUTDOWN_STORING && !keep_busy_count(s->keep))
        end(s);
}

static void begin_taking(void *arg)
{
    struct shutdown *s = arg;
    s->leave(s->arg);
}

void shutdown_init(struct shutdown *s)
{
    timer_init(&s->timer, on_timer, s);
    s->farewell.begin_taking = begin_taking;
    s->farewell.arg = s;
    farewell_init(&s->farewell);
}

void shutdown_free(struct shutdown *s)
{
    timer_clear(s->timers, &s->timer);
    farewell_free(&s->farewell);
}
