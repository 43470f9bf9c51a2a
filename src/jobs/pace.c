/*
 * dispatch_pace: the rate at which workers are started, and told to end.
 *
 * A reload may replace thousands of workers, and a thousand may be wanted in one turn. Starting a
 * process takes a millisecond when many others are ready to run, and thousands that start or end
 * leave the master little of the processors. So starts and ends have a rate each: the first few at
 * once, the others a batch at a time. (A bound on the number of workers on their way was rejected:
 * workers that hang at their start or end would hold up all others.)
 */
#include "jobs/dispatcher_internal.h"

enum {
    PACE_BATCH = 8,
    PACE_US = 5000, /* from the beginning of one batch to that of the next */
};

bool dispatch_pace_take(struct dispatch_pace *pace, uint64_t now_us)
{
    if (now_us - pace->since_us >= PACE_US) {
        pace->since_us = now_us;
        pace->count = 0;
    }
    if (pace->count == PACE_BATCH)
        return false;
    pace->count++;
    return true;
}

uint64_t dispatch_pace_next(const struct dispatch_pace *pace)
{
    return pace->since_us + PACE_US;
}

/* --- ends --- */

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

void dispatch_retire_some(void *arg)
{
    struct dispatcher *d = arg;
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
