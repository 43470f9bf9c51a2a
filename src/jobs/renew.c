/*
 * dispatch_renew: replacing all workers after a reload.
 *
 * Workers started under the settings in force are new, all others old. One new worker goes first.
 * Old workers, also those still starting, serve until the new one is ready. Then they are recycled
 * (recycle.c). The other design, to recycle them as soon as the settings are read, needs no state
 * at all. But readable settings may still let no worker start (a preload may crash, or refuse its
 * settings), and would then cost a quarter of the pool. This design costs one place in the pool if
 * all are taken: the new worker needs it. With a pool of one nothing can be tried beforehand.
 *
 * A script behind a reload waits for one of two lines in the log: `renewed`, or `renewal-held`. So
 * a new worker is started even if there is no old one, and each reload has its line, unless another
 * reload or the end of the server comes before. A held renewal goes on by itself as soon as a
 * worker can be started, and is then told as `renewed`. Where jobs take all places, neither line
 * comes before one of these jobs has ended: `renewal-waits` says so.
 */
#include "jobs/dispatcher_internal.h"

#include "common/log.h"

#include <string.h>

void dispatch_renew_enlist(const struct dispatcher *d, struct worker *worker)
{
    worker->reloads = d->renewal.reloads;
}

bool dispatch_renew_is_old(const struct dispatcher *d, const struct worker *worker)
{
    return worker->reloads != d->renewal.reloads;
}

/* The list begins with the last worker started. */
bool dispatch_renew_is_starting(const struct dispatcher *d)
{
    const struct worker *last = TAILQ_FIRST(&d->pool.lists[WORKER_STARTING]);
    return last && !dispatch_renew_is_old(d, last);
}

bool dispatch_renew_wants_first(const struct dispatcher *d)
{
    return dispatch_renew_is_on_trial(d) && !dispatch_renew_is_starting(d) && !d->shared->draining;
}

/* Without any other worker, one without a module is better than none: jobs of all other modules can
 * run. */
bool dispatch_renew_is_unwanted(const struct dispatcher *d, const struct worker *worker)
{
    const struct worker *first = TAILQ_LAST(&d->pool.lists[WORKER_STARTING], worker_list);
    return dispatch_renew_is_on_trial(d) && !dispatch_renew_is_old(d, worker) &&
           (d->pool.counts[WORKER_IDLE] || d->pool.counts[WORKER_BUSY] ||
            dispatch_renew_is_old(d, first));
}

/* A pool without workers that wants none has nothing to lose. But `default` is where an operator
 * sees whether the settings are good. */
static bool needs_trial(const struct dispatcher *d)
{
    return pool_count(&d->pool) > pool_ending(&d->pool) || d->limits.pool_start ||
           strcmp(d->name, POOL_DEFAULT) == 0;
}

void dispatch_renew(struct dispatcher *d)
{
    d->renewal.reloads++;
    d->renewal.told_held = false;
    if (!needs_trial(d))
        dispatch_renew_take_over(d);
}

bool dispatcher_is_renewing(const struct dispatcher *d)
{
    return dispatch_renew_is_on_trial(d) && !d->renewal.told_held && !d->removal.removed;
}

static void tell_decided(const struct dispatcher *d, const char *why)
{
    if (d->shared->on_renewal)
        d->shared->on_renewal(d->shared->renewal_arg, why);
}

/* Those at their start have served nobody: they end at once. */
static void retire_starting(struct dispatcher *d)
{
    struct worker *worker, *next;
    for (worker = TAILQ_FIRST(&d->pool.lists[WORKER_STARTING]); worker; worker = next) {
        next = TAILQ_NEXT(worker, link);
        if (dispatch_renew_is_old(d, worker))
            dispatch_retire(d, worker, END_RELOAD);
    }
}

static size_t mark_old(struct dispatcher *d, enum worker_state state)
{
    struct worker *worker;
    size_t count = 0;
    TAILQ_FOREACH (worker, &d->pool.lists[state], link)
        if (dispatch_renew_is_old(d, worker))
            count += dispatch_recycle_mark(d, worker, END_RELOAD);
    return count;
}

void dispatch_renew_take_over(struct dispatcher *d)
{
    if (!dispatch_renew_is_on_trial(d))
        return;
    d->renewal.renewed = d->renewal.reloads;
    retire_starting(d);
    size_t idle = mark_old(d, WORKER_IDLE), busy = mark_old(d, WORKER_BUSY);
    log_event(LOG_INFO, "renewed", LOG_STR("pool", d->name),
              LOG_UINT("ending", pool_ending(&d->pool) + idle), LOG_UINT("after_their_job", busy));
    tell_decided(d, NULL);
}

void dispatch_renew_say_waits(const struct dispatcher *d)
{
    if (dispatch_renew_wants_first(d) && dispatch_places(d) >= d->limits.pool_max &&
        d->pool.counts[WORKER_BUSY] == dispatch_places(d))
        log_event(LOG_INFO, "renewal-waits", LOG_STR("pool", d->name),
                  LOG_UINT("busy", d->pool.counts[WORKER_BUSY]),
                  LOG_STR("hint", "all pool-max workers are busy: the first of them that ends its "
                                  "job makes room for one under the new settings"));
}

static void tell_held(struct dispatcher *d, const char *why, const char *hint)
{
    const size_t *counts = d->pool.counts;
    if (!dispatch_renew_is_on_trial(d) || d->renewal.told_held)
        return;
    d->renewal.told_held = true;
    log_event(LOG_ERROR, "renewal-held", LOG_STR("pool", d->name),
              LOG_UINT("old_workers", counts[WORKER_IDLE] + counts[WORKER_BUSY]),
              LOG_STR("why", why), LOG_STR("hint", hint));
    tell_decided(d, why);
}

void dispatch_renew_failed(struct dispatcher *d, const char *why)
{
    tell_held(
        d, why,
        "no worker that could take over has started under the new settings; as many as are left "
        "of those before serve on with theirs");
}

/* As in a pool of one. The log has to tell of the wrong settings. */
void dispatch_renew_incomplete(struct dispatcher *d, const char *why)
{
    tell_held(d, why,
              "no other worker is left: this one is taken all the same, for the other modules");
}
