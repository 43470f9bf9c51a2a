/*
 * dispatch_renew: replacing all workers after a reload.
 *
 * One new worker goes first, and the old ones serve on until it is ready; only then do they end,
 * each after its job. The other design, to end each worker after its job as soon as the settings
 * are read, needs no state at all. But a reload that says what can be read and yet lets no worker
 * start, a preload that crashes, say, would take the whole pool down; like this it costs the one
 * place in the pool that the new worker needs if all are taken. With a pool of one nothing can be
 * tried beforehand.
 */
#include "dispatch.h"

#include "common/log.h"

/* The one that shows whether workers start under the settings in force. */
static bool first_is_starting(const struct dispatcher *d)
{
    const struct worker *worker;
    TAILQ_FOREACH (worker, &d->pool.lists[WORKER_STARTING], link)
        if (!worker->stale)
            return true;
    return false;
}

bool dispatch_wants_first(const struct dispatcher *d)
{
    return d->renewing && !first_is_starting(d);
}

bool dispatch_must_make_room(const struct dispatcher *d)
{
    return d->renewing && pool_count(&d->pool) >= d->limits.pool_max && dispatch_wants_first(d) &&
           d->pool.counts[WORKER_STOPPING] == 0; /* else a place is about to be free */
}

void dispatch_make_room(struct dispatcher *d)
{
    struct worker *worker = pool_idle(&d->pool);
    if (worker && dispatch_must_make_room(d))
        dispatch_retire(d, worker);
}

void dispatch_renew(struct dispatcher *d)
{
    struct worker *worker;
    dispatch_retire_all(d, WORKER_STARTING);
    for (int state = WORKER_IDLE; state <= WORKER_BUSY; state++)
        TAILQ_FOREACH (worker, &d->pool.lists[state], link)
            worker->old = true;
    d->renewing = d->pool.counts[WORKER_IDLE] + d->pool.counts[WORKER_BUSY] > 0;
    dispatch_forget_failures(d); /* of other settings */
}

void dispatch_renewed(struct dispatcher *d)
{
    struct worker *worker, *next;
    d->renewing = false;
    dispatch_take_back_all(d);
    TAILQ_FOREACH (worker, &d->pool.lists[WORKER_BUSY], link)
        worker->stale |= worker->old;
    for (worker = TAILQ_FIRST(&d->pool.lists[WORKER_IDLE]); worker; worker = next) {
        next = TAILQ_NEXT(worker, link);
        if (worker->old)
            dispatch_retire(d, worker);
    }
    log_event(LOG_INFO, "renewed", LOG_UINT("ending", d->pool.counts[WORKER_STOPPING]),
              LOG_UINT("after_their_job", d->pool.counts[WORKER_BUSY]));
}
