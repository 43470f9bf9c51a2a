/*
 * dispatch_retire: telling workers to end, at a rate.
 */
#include "jobs/dispatcher_internal.h"

/* While all running jobs are being stopped, a worker has no more time than a job would have. */
static void tell_to_end(struct dispatcher *d, struct worker *worker)
{
    uint64_t by_us = dispatch_now(d) + d->shared->limits.kill_grace_ms * 1000ull;
    if (d->shared->stop_by_us && d->shared->stop_by_us < by_us)
        by_us = d->shared->stop_by_us;
    worker_set_state(worker, WORKER_STOPPING, dispatch_now(d));
    timer_set(d->timers, &worker->timer, by_us);
    d->ops->retire(d->ctx, worker);
}

void dispatch_retire(struct dispatcher *d, struct worker *worker, enum worker_end end)
{
    bool at_once = !d->pool.counts[WORKER_RETIRING] &&
                   dispatch_pace_take(&d->shared->retire_pace, dispatch_now(d));
    worker_decide_end(worker, end);
    timer_clear(d->timers, &worker->timer);
    if (at_once) {
        tell_to_end(d, worker);
        return;
    }
    worker_set_state(worker, WORKER_RETIRING, dispatch_now(d));
    if (!timer_is_set(&d->retiring.timer))
        timer_set(d->timers, &d->retiring.timer, dispatch_pace_next(&d->shared->retire_pace));
}

void dispatch_retire_some(struct dispatcher *d)
{
    struct worker *worker;
    while ((worker = TAILQ_LAST(&d->pool.lists[WORKER_RETIRING], worker_list)) &&
           dispatch_pace_take(&d->shared->retire_pace, dispatch_now(d)))
        tell_to_end(d, worker);
    if (worker)
        timer_set(d->timers, &d->retiring.timer, dispatch_pace_next(&d->shared->retire_pace));
}

void dispatch_retire_all(struct dispatcher *d, enum worker_state state, enum worker_end end)
{
    struct worker *worker;
    while ((worker = TAILQ_FIRST(&d->pool.lists[state])))
        dispatch_retire(d, worker, end);
}
