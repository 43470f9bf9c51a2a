/*
 * dispatch_idle: ending workers over pool-start that were idle for long.
 *
 * One timer a pool, for the worker idle the longest. The timer stays set while that worker gets
 * jobs: when it fires, the next one is looked for. So a job costs nothing here, and an idle pool
 * wakes up once for each worker that ends.
 */
#include "jobs/dispatcher_internal.h"

/* NULL: no worker is over pool-start and idle. */
static struct worker *longest_idle(const struct dispatcher *d)
{
    const size_t *counts = d->pool.counts;
    if (counts[WORKER_IDLE] + counts[WORKER_BUSY] <= d->limits.pool_start)
        return NULL;
    return TAILQ_LAST(&d->pool.lists[WORKER_IDLE], worker_list);
}

static uint64_t ends_at(const struct dispatcher *d, const struct worker *worker)
{
    return worker->since_us + d->limits.idle_timeout_ms * 1000ull;
}

void dispatch_idle_watch(struct dispatcher *d)
{
    const struct worker *worker;
    if (timer_is_set(&d->idle.timer) || !d->limits.idle_timeout_ms || !(worker = longest_idle(d)))
        return;
    timer_set(d->timers, &d->idle.timer, ends_at(d, worker));
}

void dispatch_idle_end(struct dispatcher *d)
{
    struct worker *worker;
    while ((worker = longest_idle(d)) && ends_at(d, worker) <= dispatch_now(d))
        dispatch_retire(d, worker, END_IDLE);
    dispatch_touch(d, DISPATCH_POOL); /* jobs may have been left to busy workers (tiny.c) */
}

void dispatch_idle_configure(struct dispatcher *d)
{
    timer_clear(d->timers, &d->idle.timer);
}
