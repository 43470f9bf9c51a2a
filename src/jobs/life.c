/*
 * dispatch_life: pings of idle workers, dead workers, and those alive again.
 *
 * A worker is dead if it leaves too many pings unanswered, or does not begin a job (begin.c). It
 * may have been stopped, or hang between two jobs. A dead worker gets no job and another one takes
 * its place at once. It is killed after dead-kill-ms. Until then it may come back, as workers do
 * behind a pause of the machine. Where its place is taken by then, it ends.
 *
 * All idle workers of all pools are pinged together by one timer, so an idle server wakes once in
 * ping-interval-ms. The answers stand in memory shared with each worker, and wake nobody. A timer
 * for each worker was rejected: hundreds of them would wake the master as often. A busy worker is
 * judged by its job: by its beginning, and then by its time limit.
 *
 * What a worker says counts for this worker alone. A shared time of the last sign of life would let
 * the answers of healthy workers hide a dead one.
 */
#include "jobs/dispatcher_internal.h"

#include <signal.h>
#include <stdio.h>

/* The time in the signs is the worker's own word. */
static uint64_t heard_us(const struct worker *worker)
{
    const struct dispatcher *d = dispatcher_of(worker);
    struct worker_signs signs = {.pinged_us = 0};
    d->ops->signs(d->ctx, worker, &signs);
    if (signs.pinged_us > dispatch_now(d))
        signs.pinged_us = dispatch_now(d);
    return signs.pinged_us > worker->heard_us ? signs.pinged_us : worker->heard_us;
}

uint64_t dispatcher_worker_heard_us(const struct worker *worker)
{
    uint64_t heard = heard_us(worker);
    return worker->printed_us > heard ? worker->printed_us : heard;
}

uint64_t dispatcher_worker_rss(const struct worker *worker)
{
    const struct dispatcher *d = dispatcher_of(worker);
    struct worker_signs signs = {.rss = 0};
    d->ops->signs(d->ctx, worker, &signs);
    return signs.rss;
}

static void listen(struct worker *worker)
{
    worker->heard_us = heard_us(worker);
    if (worker->heard_us >= worker->pinged_us)
        worker->misses = 0;
    else
        worker->misses++;
}

static void ping(struct dispatcher *d, struct worker *worker)
{
    char why[64];
    listen(worker);
    if (worker->misses > d->shared->limits.ping_misses) {
        snprintf(why, sizeof why, "%u pings in a row were not answered", worker->misses);
        dispatch_life_end(d, worker, why);
        return;
    }
    worker->pinged_us = dispatch_now(d);
    d->ops->ping(d->ctx, worker, false);
}

void dispatch_life_ping(struct dispatcher *d)
{
    struct worker *worker, *next;
    for (worker = TAILQ_FIRST(&d->pool.lists[WORKER_IDLE]); worker; worker = next) {
        next = TAILQ_NEXT(worker, link);
        ping(d, worker);
    }
}

/* The list begins with the last one to die. */
void dispatch_life_end_surplus(struct dispatcher *d)
{
    while (d->pool.counts[WORKER_DEAD] > d->limits.pool_max) {
        struct worker *oldest = TAILQ_LAST(&d->pool.lists[WORKER_DEAD], worker_list);
        worker_decide_end(oldest, END_DEAD);
        dispatch_stop_signal(d, oldest, SIGKILL);
    }
}

/* A worker about to end anyway is not waited for. */
void dispatch_life_end(struct dispatcher *d, struct worker *worker, const char *why)
{
    log_event(LOG_WARN, "worker-dead", LOG_STR("pool", d->name), LOG_UINT("worker", worker->id),
              LOG_INT("pid", worker->pid), LOG_STR("why", why),
              LOG_UINT("silent_ms", (dispatch_now(d) - worker->heard_us) / 1000));
    worker_set_state(worker, WORKER_DEAD, dispatch_now(d));
    if (worker->end || dispatch_is_leaving(worker) || dispatch_fails_waiting(d)) {
        dispatch_retire(d, worker, END_DEAD);
    } else {
        timer_set_ms(d->timers, &worker->timer, d->shared->limits.dead_kill_ms);
        d->ops->ping(d->ctx, worker, true);
        dispatch_life_end_surplus(d);
    }
    dispatch_touch(d, DISPATCH_LINE | DISPATCH_POOL);
}

/* The others of its age were marked while it was dead. */
static bool has_missed_reload(const struct dispatcher *d, const struct worker *worker)
{
    return dispatch_renew_is_old(d, worker) && !dispatch_renew_is_on_trial(d);
}

void dispatch_life_again(struct dispatcher *d, struct worker *worker)
{
    worker->heard_us = dispatch_now(d);
    worker->misses = 0;
    worker->owes_us = 0;
    if (worker->state != WORKER_DEAD)
        return;
    timer_clear(d->timers, &worker->timer);
    log_event(LOG_INFO, "worker-alive", LOG_STR("pool", d->name), LOG_UINT("worker", worker->id),
              LOG_INT("pid", worker->pid),
              LOG_UINT("dead_ms", (dispatch_now(d) - worker->since_us) / 1000));
    dispatch_assign_worker_idle(d, worker);
    if (worker->state == WORKER_IDLE && dispatch_places(d) > d->limits.pool_max)
        dispatch_retire(d, worker, END_DEAD);
    else if (worker->state == WORKER_IDLE && has_missed_reload(d, worker))
        dispatch_recycle_mark(d, worker, END_RELOAD);
    dispatch_touch(d, DISPATCH_ASIDE | DISPATCH_POOL);
}
