/* shutdown: see shutdown.h. */
#include "shutdown.h"

#include "common/log.h"

#include <stdlib.h>
#include <sysexits.h>

enum { KILLED_MS = 3000 }; /* for killed workers to be reaped */

static void begin_drain(struct shutdown *s, const char *why, enum drain_waiting waiting)
{
    log_event(LOG_INFO, "drain", LOG_STR("why", why),
              LOG_UINT("running", s->pools->shared.counts.running),
              LOG_UINT("waiting", pools_waiting(s->pools)),
              LOG_STR("drain_waiting", waiting == DRAIN_RUN ? "run" : "fail"),
              LOG_UINT("timeout_ms", s->settings->drain_timeout_ms));
    s->phase = DRAINING;
    s->farewell.by_us = s->timers->now_us + s->settings->drain_timeout_ms * 1000ull;
    timer_set(s->timers, &s->timer, s->farewell.by_us);
    s->close(s->arg);
    peers_tell_draining(&s->clients->peers);
    pools_drain(s->pools, waiting == DRAIN_RUN);
}

/* Jobs still waiting for their run fail. */
static void fail_waiting(struct shutdown *s)
{
    if (s->pools->shared.runs_waiting)
        pools_drain(s->pools, false);
}

/* No job is left, but submits may be on their way. */
static void begin_leaving(struct shutdown *s)
{
    s->phase = LEAVING;
    timer_clear(s->timers, &s->timer);
    s->close_workers(s->arg);
    farewell_begin(&s->farewell);
}

/* The second signal: no running job is waited for, but each has its terminal event, and clients
 * that go on taking their output get all of it. A third signal changes nothing. */
static void end_at_once(struct shutdown *s)
{
    if (s->farewell.hurried)
        return;
    log_event(LOG_WARN, "end-at-once", LOG_UINT("running", s->pools->shared.counts.running),
              LOG_UINT("clients", s->clients->peers.connected));
    fail_waiting(s);
    pools_abort(s->pools);
    farewell_hurry(&s->farewell);
    begin_leaving(s);
}

/* A killed worker not reaped by now hangs in the kernel, or had no time to die after a second
 * signal; it dies as soon as it can. A job left is a bug. */
static void end_without(void *arg)
{
    const struct shutdown *s = arg;
    size_t waiting = pools_waiting(s->pools), running = s->pools->shared.counts.running;
    bool untold = waiting || running;
    const char *why = untold ? "jobs were left untold"
                      : s->farewell.hurried
                          ? "a second signal came, and killed workers were not reaped yet"
                          : "killed workers do not end";
    log_event(s->farewell.hurried && !untold ? LOG_WARN : LOG_ERROR, "end",
              LOG_UINT("workers_left", pools_workers(s->pools)), LOG_UINT("waiting", waiting),
              LOG_UINT("running", running), LOG_STR("why", why));
    exit(untold ? EX_SOFTWARE : EX_OK);
}

/* Waiting jobs are failed batch by batch. */
static bool is_telling(void *arg)
{
    const struct shutdown *s = arg;
    return pools_waiting(s->pools) > 0;
}

static bool is_done(void *arg)
{
    const struct shutdown *s = arg;
    return pools_are_drained(s->pools);
}

/* A job and its worker have kill-grace-ms from now on; a longer one hangs in the kernel. */
static void stop_running(struct shutdown *s)
{
    log_event(LOG_WARN, "drain-timeout", LOG_UINT("running", s->pools->shared.counts.running),
              LOG_UINT("waiting", pools_waiting(s->pools)));
    s->stopped = true;
    fail_waiting(s);
    pools_stop(s->pools);
    timer_set_ms(s->timers, &s->timer, s->pools->shared.limits.kill_grace_ms + KILLED_MS);
}

/* A job on a hanging worker has its terminal event all the same. */
static void end_draining(struct shutdown *s)
{
    pools_abort(s->pools);
    begin_leaving(s);
}

static void on_timer(void *arg)
{
    struct shutdown *s = arg;
    if (s->stopped)
        end_draining(s);
    else
        stop_running(s);
}

void shutdown_turn(struct shutdown *s)
{
    if (s->phase == DRAINING && pools_are_drained(s->pools))
        begin_leaving(s);
    if (s->phase == LEAVING)
        farewell_turn(&s->farewell);
    if (s->farewell.phase == FAREWELL_OVER)
        s->phase = ENDED;
}

void shutdown_init(struct shutdown *s)
{
    timer_init(&s->timer, on_timer, s);
    s->farewell.is_telling = is_telling;
    s->farewell.is_done = is_done;
    s->farewell.give_up = end_without;
    s->farewell.arg = s;
    farewell_init(&s->farewell);
}

void shutdown_free(struct shutdown *s)
{
    timer_clear(s->timers, &s->timer);
    farewell_free(&s->farewell);
}

void shutdown_ask(struct shutdown *s, const char *why)
{
    if (s->phase == RUNNING)
        begin_drain(s, why, s->settings->drain_waiting);
    else
        end_at_once(s);
}

void shutdown_drain(struct shutdown *s, const char *why, enum drain_waiting waiting)
{
    if (s->phase == RUNNING)
        begin_drain(s, why, waiting);
    else if (s->phase == DRAINING && waiting == DRAIN_FAIL)
        fail_waiting(s);
}
