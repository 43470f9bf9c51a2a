/*
 * dispatch_retire: telling workers to end, at a rate.
 */
#include "jobs/dispatcher_internal.h"

/* While all that runs is being stopped, a worker has no more time than its job would have had. */
static void tell_to_end(struct dispatcher *d, struct worker *worker)
{
    uint64_t by_us = dispatch_now(d) + d->limits.kill_grace_ms * 1000ull;
    if (d->stop_by_us && d->stop_by_us < by_us)
        by_us = d->stop_by_us;
    timer_set(d->timers, &worker->timer, by_us);
    d->ops->retire(d->ctx, worker);
}

void dispatch_retire(struct dispatcher *d, struct worker *worker)
{
    timer_clear(d->timers, &worker->timer);
    worker_set_state(worker, WORKER_STOPPING, dispatch_now(d));
    if (TAILQ_EMPTY(&d->to_retire) && dispatch_pace_take(&d->retired, dispatch_now(d))) {
        tell_to_end(d, worker);
        return;
    }
    worker->to_retire = true;
    TAILQ_INSERT_TAIL(&d->to_retire, worker, retire_link);
    if (!timer_is_set(&d->retire))
        timer_set(d->timers, &d->retire, dispatch_pace_next(&d->retired));
}

void dispatch_retire_forget(struct dispatcher *d, struct worker *worker)
{
    if (!worker->to_retire)
        return;
    worker->to_retire = false;
    TAILQ_REMOVE(&d->to_retire, worker, retire_link);
}

void dispatch_retire_some(struct dispatcher *d)
{
    struct worker *worker;
    while ((worker = TAILQ_FIRST(&d->to_retire)) &&
           dispatch_pace_take(&d->retired, dispatch_now(d))) {
        dispatch_retire_forget(d, worker);
        tell_to_end(d, worker);
    }
    if (worker)
        timer_set(d->timers, &d->retire, dispatch_pace_next(&d->retired));
}

void dispatch_retire_all(struct dispatcher *d, enum worker_state state)
{
    struct worker *worker;
    while ((worker = TAILQ_FIRST(&d->pool.lists[state])))
        dispatch_retire(d, worker);
}
