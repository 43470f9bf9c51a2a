/*
 * dispatch_fail_waiting: waiting jobs that no worker will serve.
 */
#include "jobs/dispatcher_internal.h"

#include <stdarg.h>
#include <stdio.h>

static bool line_is_stuck(const struct dispatcher *d)
{
    return job_queue_ready(&d->queue) > 0 && d->pool.counts[WORKER_IDLE] == 0 &&
           d->pool.counts[WORKER_BUSY] == 0;
}

void dispatch_fail_watch(struct dispatcher *d)
{
    bool stuck = line_is_stuck(d) || (d->aside_count && dispatch_start_error(d));
    if (!stuck)
        timer_clear(d->timers, &d->unavailable);
    else if (!timer_is_set(&d->unavailable))
        timer_set_ms(d->timers, &d->unavailable, d->limits.start_timeout_ms);
}

void dispatch_fail_some(struct dispatcher *d)
{
    struct job *job;
    for (size_t n = 0; n < DISPATCH_BATCH && d->purge_left && (job = job_queue_first(&d->queue));
         n++) {
        d->purge_left--;
        dispatch_line_take(d, job);
        dispatch_end_failed(d, job, d->purge_reason, "%s", d->purge_message);
    }
    if (d->purge_left && job_queue_ready(&d->queue))
        timer_set_next(d->timers, &d->purge);
    else
        d->purge_left = 0;
    dispatch_touch(d, DISPATCH_WAITING);
}

void dispatch_fail_waiting(struct dispatcher *d, enum fail_reason reason, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    vsnprintf(d->purge_message, sizeof d->purge_message, fmt, args);
    va_end(args);
    d->purge_reason = reason;
    d->purge_left = job_queue_ready(&d->queue);
    dispatch_fail_some(d);
}

void dispatch_fail_stop(struct dispatcher *d)
{
    if (d->purge_reason != FAIL_UNAVAILABLE)
        return;
    timer_clear(d->timers, &d->purge);
    d->purge_left = 0;
}

void dispatch_fail_unavailable(struct dispatcher *d)
{
    char why[MESSAGE_MAX];
    const char *error = dispatch_start_error(d);
    snprintf(why, sizeof why, "no worker could be started for %u ms: %s",
             d->limits.start_timeout_ms, error ? error : "workers do not become ready");
    if (line_is_stuck(d))
        dispatch_fail_waiting(d, FAIL_UNAVAILABLE, "%s", why);
    dispatch_refusal_fail_aside(d, why);
}
