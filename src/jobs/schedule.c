/*
 * dispatch_schedule: the one pass to give jobs to workers, and workers to jobs.
 *
 * All other parts only change the state, and touch the parts affected by the change. Each public
 * call and each timer ends in one pass over the touched parts alone. So a job costs the same
 * however many wait, and a worker's next job is never handed out amid the end of the one before.
 * Pools untouched cost nothing.
 */
#include "jobs/dispatcher_internal.h"

/* The rest of the line wants more workers, or is left to busy workers for a moment. */
static unsigned look_at_rest(struct dispatcher *d)
{
    if (d->paused || !dispatch_line_ready(d))
        return 0;
    if (!pool_idle(&d->pool))
        return DISPATCH_POOL;
    dispatch_tiny_watch(d);
    return 0;
}

static void serve(struct dispatcher *d)
{
    unsigned touched = d->pass.touched;
    d->pass.touched = 0;
    if (touched & DISPATCH_BREAKER)
        dispatch_breaker_take_back(d);
    if (touched & DISPATCH_ASIDE)
        dispatch_assign_aside(d);
    if (touched & DISPATCH_LINE) {
        dispatch_assign_waiting(d);
        touched |= look_at_rest(d);
    }
    if (touched & DISPATCH_POOL) {
        if (d->pool.due)
            dispatch_recycle_look(d);
        dispatch_start_workers(d);
    }
    if (pool_idle(&d->pool))
        dispatch_idle_watch(d);
    dispatch_fail_watch(d);
    if (d->expiry.limit_ms)
        dispatch_expiry_watch(d);
}

static void look_at(struct dispatcher *d)
{
    struct worker *answered;
    while (d->pass.touched)
        serve(d);
    if (!(answered = d->pass.answered))
        return;
    d->pass.answered = NULL;
    dispatch_prefetch(d, answered);
}

void dispatch_schedule(struct dispatch_shared *shared)
{
    struct dispatcher *d;
    if (shared->amid)
        return;
    while ((d = SLIST_FIRST(&shared->pending))) {
        SLIST_REMOVE_HEAD(&shared->pending, pass.link);
        d->pass.listed = false;
        look_at(d);
        if (shared->draining)
            dispatch_drain_look(d);
        if (d->removal.removed)
            dispatch_removal_look(d);
    }
}
