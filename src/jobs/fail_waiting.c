/*
 * dispatch_fail_waiting: failing jobs without hope of a worker, a batch in each turn.
 */
#include "jobs/dispatcher_internal.h"

#include <stdio.h>

static bool line_is_stuck(const struct dispatcher *d)
{
    return d->pool.counts[WORKER_IDLE] == 0 && d->pool.counts[WORKER_BUSY] == 0 &&
           job_queue_ready(&d->line.queue) > 0;
}

void dispatch_fail_watch(struct dispatcher *d)
{
    bool stuck = !dispatch_fails_waiting(d) && !d->paused &&
                 (line_is_stuck(d) || (dispatch_aside_count(d) && dispatch_start_error(d)));
    if (!stuck)
        timer_clear(d->timers, &d->failing.unavailable);
    else if (!timer_is_set(&d->failing.unavailable))
        timer_set_ms(d->timers, &d->failing.unavailable, d->shared->limits.start_timeout_ms);
}

/* A batch of the jobs in the line at the begin of the failing. Later jobs stay. */
static void fail_line(struct dispatcher *d)
{
    struct job *job;
    for (size_t n = 0;
         n < DISPATCH_BATCH && d->failing.left && (job = job_queue_first(&d->line.queue)); n++) {
        d->failing.left--;
        dispatch_line_take(d, job);
        dispatch_end_failed(d, job, d->failing.reason, "%s", d->failing.message);
    }
    if (!job_queue_ready(&d->line.queue))
        d->failing.left = 0;
}

void dispatch_fail_some(struct dispatcher *d)
{
    struct dispatch_failing *failing = &d->failing;
    fail_line(d);
    if (failing->aside)
        failing->aside = dispatch_refusal_fail_aside(d, failing->message);
    if (failing->left || failing->aside)
        timer_set_next(d->timers, &failing->next);
    dispatch_touch(d, DISPATCH_WAITING);
}

void dispatch_fail_waiting(struct dispatcher *d, enum fail_reason reason, const char *why)
{
    snprintf(d->failing.message, sizeof d->failing.message, "%s", why);
    d->failing.reason = reason;
    d->failing.left = job_queue_ready(&d->line.queue);
    d->failing.aside = false;
    dispatch_fail_some(d);
}

void dispatch_fail_stop(struct dispatcher *d)
{
    if (d->failing.reason != FAIL_UNAVAILABLE)
        return;
    timer_clear(d->timers, &d->failing.next);
    d->failing.left = 0;
    d->failing.aside = false;
}

void dispatch_fail_unavailable(struct dispatcher *d)
{
    const char *error = dispatch_start_error(d);
    struct dispatch_failing *failing = &d->failing;
    snprintf(failing->message, sizeof failing->message, "no worker could be started for %u ms: %s",
             d->shared->limits.start_timeout_ms, error ? error : "workers do not become ready");
    failing->reason = FAIL_UNAVAILABLE;
    failing->left = line_is_stuck(d) ? job_queue_ready(&d->line.queue) : 0;
    failing->aside = true;
    dispatch_fail_some(d);
}
