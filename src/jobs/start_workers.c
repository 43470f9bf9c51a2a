/*
 * dispatch_start: growing the pool, and the pauses while starts fail.
 */
#include "jobs/dispatcher_internal.h"

#include "common/log.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum {
    /* A pause ends somewhere in its last fifth: the first after 100 to 125 ms, and none after more
       than 30 s. */
    BACKOFF_FIRST_MS = 125,
    BACKOFF_MAX_MS = 30000,
    BACKOFF_JITTER = 5,
    SOON_US = 1000000, /* a worker ready for so long has started well */
};

static void note_exhausted(struct dispatcher *d)
{
    if (log_episode_noticed(&d->starts.exhausted, d->timers))
        log_event(
            LOG_WARN, "pool-exhausted", LOG_STR("pool", d->name),
            LOG_UINT("workers", dispatch_places(d)), LOG_UINT("pool_max", d->limits.pool_max),
            LOG_UINT("waiting", dispatcher_waiting(d)),
            LOG_STR("hint", "all workers are busy and jobs wait; raise pool-max if this lasts"));
}

void dispatch_start_exhausted_over(void *arg)
{
    struct dispatcher *d = arg;
    if (log_episode_over(&d->starts.exhausted, d->timers, !d->paused && dispatch_line_ready(d) > 0))
        log_event(LOG_INFO, "pool-exhausted-over", LOG_STR("pool", d->name),
                  LOG_UINT("seconds", log_episode_seconds(&d->starts.exhausted)),
                  LOG_UINT("jobs_queued", d->starts.exhausted.count));
}

static uint64_t next_random(struct dispatcher *d)
{
    d->starts.random ^= d->starts.random << 13; /* xorshift64; it only spreads restarts */
    d->starts.random ^= d->starts.random >> 7;
    d->starts.random ^= d->starts.random << 17;
    return d->starts.random;
}

static uint64_t backoff_ms(struct dispatcher *d)
{
    uint64_t most = dispatch_doubled(BACKOFF_FIRST_MS, d->starts.failures, BACKOFF_MAX_MS);
    return most - next_random(d) % (most / BACKOFF_JITTER + 1);
}

void dispatch_start_failed(struct dispatcher *d, const char *why)
{
    snprintf(d->starts.error, sizeof d->starts.error, "%s", why);
    timer_clear(d->timers, &d->starts.ok);
    if (timer_is_set(&d->starts.pause))
        return;
    uint64_t delay = backoff_ms(d);
    d->starts.failures++;
    timer_set_ms(d->timers, &d->starts.pause, delay);
    log_event(LOG_ERROR, "start-failed", LOG_STR("pool", d->name), LOG_STR("why", why),
              LOG_UINT("retry_ms", delay), LOG_UINT("failures", d->starts.failures));
    dispatch_renew_failed(d, why);
}

void dispatch_start_forget_failures(struct dispatcher *d)
{
    d->starts.failures = 0;
    d->starts.error[0] = '\0';
    timer_clear(d->timers, &d->starts.ok);
    timer_clear(d->timers, &d->starts.pause);
}

void dispatch_start_ready(struct dispatcher *d)
{
    if (d->starts.failures && !timer_is_set(&d->starts.ok))
        timer_set(d->timers, &d->starts.ok, dispatch_now(d) + SOON_US);
}

void dispatch_start_ok(struct dispatcher *d)
{
    dispatch_start_forget_failures(d);
    dispatch_touch(d, DISPATCH_POOL);
}

bool dispatch_start_is_failed(const struct dispatcher *d, const struct worker *worker)
{
    bool soon = worker->state == WORKER_IDLE && !worker->jobs_done &&
                dispatch_now(d) - worker->since_us < SOON_US;
    return (soon || worker->state == WORKER_STARTING) && !dispatch_renew_is_old(d, worker);
}

bool dispatch_start_can(const struct dispatcher *d)
{
    return dispatch_places(d) < d->limits.pool_max && !dispatch_fails_waiting(d) &&
           !dispatch_start_is_paused(d) &&
           (d->starts.failures == 0 || !dispatch_renew_is_starting(d));
}

void dispatch_start_remove_worker(struct dispatcher *d, struct worker *worker)
{
    timer_clear(d->timers, &worker->timer);
    dispatch_forget_worker(d, worker);
    d->ops->forget(d->ctx, worker);
    pool_remove(&d->pool, worker);
}

static void start_worker(struct dispatcher *d)
{
    struct worker *worker = pool_add(&d->pool, dispatch_now(d));
    dispatch_renew_enlist(d, worker);
    timer_init(&worker->timer, d->on_worker_timer, worker);
    if (d->ops->start(d->ctx, worker) < 0) {
        char why[128];
        snprintf(why, sizeof why, "cannot start a worker process: %s", strerror(errno));
        dispatch_start_remove_worker(d, worker);
        dispatch_start_failed(d, why);
        return;
    }
    d->pool.forks++;
    worker_runs(worker);
    timer_set_ms(d->timers, &worker->timer, d->shared->limits.start_timeout_ms);
}

/* Prefetched jobs do not want another worker while one is idle. */
static bool line_wants_worker(const struct dispatcher *d)
{
    return !d->paused && dispatch_line_ready(d) > dispatch_starting(d) &&
           d->pool.counts[WORKER_IDLE] == 0;
}

static bool wants_worker(const struct dispatcher *d)
{
    bool at_rest = dispatch_places(d) < d->limits.pool_start || dispatch_renew_wants_first(d);
    return line_wants_worker(d) || dispatch_aside_wants_worker(d) ||
           ((at_rest || dispatch_recycle_wants_worker(d)) && !d->removal.removed &&
            !d->shared->draining);
}

/* Dead workers take no place. */
static bool place_is_about_to_be_free(const struct dispatcher *d)
{
    size_t dead = d->pool.dead - d->pool.counts[WORKER_DEAD];
    return pool_ending(&d->pool) > dead;
}

bool dispatch_start_must_make_room(const struct dispatcher *d)
{
    bool wants = dispatch_renew_wants_first(d) ||
                 (dispatch_aside_wants_worker(d) && !timer_is_set(&d->starts.pause));
    return wants && dispatch_places(d) >= d->limits.pool_max && !place_is_about_to_be_free(d);
}

enum worker_end dispatch_start_room_end(const struct dispatcher *d)
{
    return dispatch_renew_wants_first(d) ? END_RELOAD : END_REFUSED;
}

/* Of all workers without a job, the one started last gives way. */
static void make_room(struct dispatcher *d)
{
    struct worker *worker = TAILQ_FIRST(&d->pool.lists[WORKER_STARTING]);
    if (!worker)
        worker = pool_idle(&d->pool);
    if (worker && dispatch_start_must_make_room(d))
        dispatch_retire(d, worker, dispatch_start_room_end(d));
}

void dispatch_start_workers(struct dispatcher *d)
{
    make_room(d);
    while (dispatch_start_can(d) && wants_worker(d)) {
        if (!dispatch_pace_take(&d->shared->start_pace, dispatch_now(d))) {
            dispatch_touch_at(d, dispatch_pace_next(&d->shared->start_pace));
            break;
        }
        start_worker(d);
    }
    if (line_wants_worker(d) && dispatch_places(d) >= d->limits.pool_max)
        note_exhausted(d);
}
