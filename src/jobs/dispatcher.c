/*
 * dispatcher: see dispatcher.h. The public calls and the timers are here: each changes the state by
 * the functions of the parts, and ends in a scheduling pass. dispatcher_internal.h lists the parts.
 */
#include "jobs/dispatcher.h"

#include "jobs/dispatcher_internal.h"

#include <signal.h>
#include <stddef.h>
#include <stdio.h>

/* --- submits --- */

void dispatcher_submit(struct dispatcher *d, struct job *job)
{
    job->seq = ++d->shared->last_seq;
    job->run.pool = d;
    job->run.submitted_us = dispatch_now(d);
    d->shared->counts.submitted++;
    d->bytes += dispatch_payload_size(job);
    hash_insert(&d->shared->jobs, &job->links.by_seq, dispatch_seq_hash(job->seq));
    dispatch_admit(d, job);
    dispatch_schedule(d->shared);
}

struct job *dispatcher_find(const struct dispatch_shared *shared, uint64_t seq)
{
    return dispatch_find(shared, seq);
}

void dispatcher_cancel(struct job *job, bool kill)
{
    struct dispatch_shared *shared = job->run.pool->shared;
    dispatch_cancel(job, kill);
    dispatch_schedule(shared);
}

/* --- reports about workers --- */

void dispatcher_worker_ready(struct worker *worker)
{
    struct dispatcher *d = dispatcher_of(worker);
    dispatch_outcome_ready(d, worker);
    dispatch_schedule(d->shared);
}

void dispatcher_worker_ready_without(struct worker *worker, const char *why)
{
    struct dispatcher *d = dispatcher_of(worker);
    dispatch_outcome_ready_without(d, worker, why);
    dispatch_schedule(d->shared);
}

void dispatcher_worker_answered(struct worker *worker, const struct worker_answer *answer)
{
    struct dispatcher *d = dispatcher_of(worker);
    dispatch_outcome_answered(d, worker, answer);
    dispatch_schedule(d->shared);
}

void dispatcher_worker_silent(struct worker *worker)
{
    struct dispatcher *d = dispatcher_of(worker);
    if (!worker->prefetched_count || worker->state != WORKER_BUSY)
        return;
    dispatch_reclaim_worker(d, worker);
    dispatch_schedule(d->shared);
}

void dispatcher_worker_leaves(struct worker *worker, enum worker_end end)
{
    struct dispatcher *d = dispatcher_of(worker);
    dispatch_recycle_mark(d, worker, end);
    dispatch_schedule(d->shared);
}

size_t dispatcher_recycle(struct dispatcher *d)
{
    size_t count = dispatch_recycle_mark_all(d, END_RECYCLE);
    dispatch_schedule(d->shared);
    return count;
}

bool dispatcher_recycle_worker(struct worker *worker)
{
    struct dispatcher *d = dispatcher_of(worker);
    bool marked = dispatch_recycle_mark(d, worker, END_RECYCLE);
    dispatch_schedule(d->shared);
    return marked;
}

void dispatcher_worker_exited(struct worker *worker, const struct worker_exit *exit)
{
    dispatch_outcome_exited(worker, exit);
}

void dispatcher_worker_alive(struct worker *worker)
{
    struct dispatcher *d = dispatcher_of(worker);
    dispatch_life_again(d, worker);
    dispatch_schedule(d->shared);
}

void dispatcher_worker_lost(struct worker *worker, const struct worker_exit *end)
{
    struct dispatcher *d = dispatcher_of(worker);
    dispatch_outcome_lost(d, worker, end);
    dispatch_schedule(d->shared);
}

void dispatcher_worker_reaped(struct worker *worker)
{
    struct dispatcher *d = dispatcher_of(worker);
    bug_on(worker->state != WORKER_STOPPING);
    d->pool.exits++;
    d->pool.ends[worker->end]++;
    dispatch_start_remove_worker(d, worker);
    dispatch_touch(d, DISPATCH_POOL);
    dispatch_schedule(d->shared);
}

void dispatcher_ping(struct dispatcher *d)
{
    dispatch_life_ping(d);
    dispatch_schedule(d->shared);
}

/* --- drain and reload --- */

void dispatcher_drain(struct dispatcher *d, bool run)
{
    d->shared->draining = true;
    d->shared->runs_waiting = run;
    dispatch_drain(d);
    dispatch_schedule(d->shared);
}

void dispatcher_stop(struct dispatcher *d)
{
    struct worker *worker, *next;
    d->shared->stop_by_us = dispatch_now(d) + d->shared->limits.kill_grace_ms * 1000ull;
    for (worker = TAILQ_FIRST(&d->pool.lists[WORKER_BUSY]); worker; worker = next) {
        next = TAILQ_NEXT(worker, link);
        if (!dispatch_begin_undo(d, worker->job))
            dispatch_stop(d, worker->job);
    }
    dispatch_schedule(d->shared);
}

void dispatcher_abort(struct dispatcher *d)
{
    struct worker *worker, *next;
    for (int state = 0; state < WORKER_STATES; state++) {
        for (worker = TAILQ_FIRST(&d->pool.lists[state]); worker; worker = next) {
            next = TAILQ_NEXT(worker, link);
            if (worker->job) {
                dispatch_stop_begin(d, worker->job, FAIL_SHUTDOWN);
                worker->job->run.stop_step = STOP_SIGKILL; /* the signal is sent below, to all */
            }
            if (worker->job)
                dispatch_stop_end(d, worker->job);
            while (worker->prefetched_count) { /* begun just now */
                dispatch_assign_prefetched(d, worker);
                dispatch_end_failed(d, worker->job, FAIL_SHUTDOWN, "the server was shut down");
            }
            timer_clear(d->timers, &worker->timer);
            dispatch_stop_signal(d, worker, SIGKILL);
        }
    }
    dispatch_schedule(d->shared);
}

bool dispatcher_is_drained(const struct dispatcher *d)
{
    return d->shared->draining && d->running == 0 && dispatcher_waiting(d) == 0 &&
           pool_count(&d->pool) == 0;
}

static void set_limits(struct dispatcher *d, const struct pool_settings *limits)
{
    d->limits = *limits;
    d->job_timeout_ms =
        dispatch_least_limit(limits->job_timeout_ms, d->shared->limits.pool.job_timeout_ms);
    dispatch_expiry_configure(d);
}

void dispatcher_configure(struct dispatcher *d, const struct pool_settings *limits, bool renew)
{
    set_limits(d, limits);
    dispatch_idle_configure(d);
    dispatch_begin_configure(d);
    dispatch_resize_end_surplus(d);
    dispatch_life_end_surplus(d);
    if (renew) {
        dispatch_renew(d);
        dispatch_start_forget_failures(d); /* of other settings */
        dispatch_aside_release(d);
    }
    dispatch_touch(d, DISPATCH_LINE | DISPATCH_POOL);
    dispatch_schedule(d->shared);
    if (renew)
        dispatch_renew_say_waits(d);
}

bool dispatcher_pause(struct dispatcher *d)
{
    bool was = d->paused;
    dispatch_pause(d);
    if (!was)
        news_tell_pool(&d->shared->news, d->name, POOL_IS_PAUSED);
    dispatch_schedule(d->shared);
    return was;
}

bool dispatcher_resume(struct dispatcher *d)
{
    bool was = d->paused;
    dispatch_resume(d);
    if (was)
        news_tell_pool(&d->shared->news, d->name, POOL_IS_RESUMED);
    dispatch_schedule(d->shared);
    return was;
}

void dispatcher_resize(struct dispatcher *d, const struct pool_size *size)
{
    d->limits.pool_start = size->pool_start;
    d->limits.pool_max = size->pool_max;
    d->limits.job_max = size->job_max;
    news_tell_pool(&d->shared->news, d->name, POOL_IS_RESIZED);
    dispatch_resize_end_surplus(d);
    dispatch_life_end_surplus(d);
    dispatch_touch(d, DISPATCH_LINE | DISPATCH_POOL);
    dispatch_schedule(d->shared);
}

void dispatcher_kill_worker(struct worker *worker)
{
    struct dispatcher *d = dispatcher_of(worker);
    dispatch_stop_worker(d, worker);
    dispatch_schedule(d->shared);
}

void dispatcher_remove(struct dispatcher *d, void (*empty)(void *d))
{
    if (d->removal.removed)
        return;
    d->removal.removed = true;
    dispatch_resume(d);
    timer_init(&d->removal.empty, empty, d);
    dispatch_schedule(d->shared);
}

void dispatcher_restore(struct dispatcher *d)
{
    d->removal.removed = false;
    timer_clear(d->timers, &d->removal.empty);
}

/* --- timers --- */

static void on_worker_timer(void *arg)
{
    struct dispatcher *d = dispatcher_of(arg);
    dispatch_deadlines_passed(d, arg);
    dispatch_schedule(d->shared);
}

static void on_begin(void *arg)
{
    struct dispatcher *d = arg;
    dispatch_begin_look(d);
    dispatch_schedule(d->shared);
}

static void on_backoff(void *arg)
{
    struct dispatcher *d = arg;
    dispatch_touch(d, DISPATCH_POOL);
    dispatch_schedule(d->shared);
}

static void on_starts_ok(void *arg)
{
    struct dispatcher *d = arg;
    dispatch_start_ok(d);
    dispatch_schedule(d->shared);
}

static void on_more(void *arg)
{
    struct dispatcher *d = arg;
    dispatch_touch(d, DISPATCH_LINE | DISPATCH_POOL);
    dispatch_schedule(d->shared);
}

static void on_retire(void *arg)
{
    struct dispatcher *d = arg;
    dispatch_retire_some(d);
    dispatch_schedule(d->shared);
}

static void on_unavailable(void *arg)
{
    struct dispatcher *d = arg;
    dispatch_fail_unavailable(d);
    dispatch_schedule(d->shared);
}

static void on_fail_waiting(void *arg)
{
    struct dispatcher *d = arg;
    dispatch_fail_some(d);
    dispatch_schedule(d->shared);
}

static void on_release(void *arg)
{
    struct dispatcher *d = arg;
    dispatch_line_release_aside(d);
    dispatch_schedule(d->shared);
}

static void on_expiry(void *arg)
{
    struct dispatcher *d = arg;
    dispatch_expiry_due(d);
    dispatch_schedule(d->shared);
}

static void on_idle(void *arg)
{
    struct dispatcher *d = arg;
    dispatch_idle_end(d);
    dispatch_schedule(d->shared);
}

static void on_recall(void *arg)
{
    struct dispatcher *d = arg;
    dispatch_tiny_recall(d);
    dispatch_schedule(d->shared);
}

/* --- beginning and end --- */

void dispatcher_init(struct dispatcher *d, struct dispatch_shared *shared, const char *name,
                     const struct pool_settings *limits, uint32_t number, uint64_t random)
{
    *d = (struct dispatcher){.shared = shared,
                             .ops = shared->ops,
                             .ctx = shared->ctx,
                             .timers = shared->timers,
                             .starts.random = random | 1};
    set_limits(d, limits);
    snprintf(d->name, sizeof d->name, "%s", name);
    d->on_worker_timer = on_worker_timer;
    pool_init(&d->pool, &shared->last_worker, &shared->news);
    job_queue_init(&d->line.queue, number);
    TAILQ_INIT(&d->line.prefetched);
    timer_init(&d->begin.watch, on_begin, d);
    timer_init(&d->starts.pause, on_backoff, d);
    timer_init(&d->starts.ok, on_starts_ok, d);
    timer_init(&d->pass.more, on_more, d);
    timer_init(&d->retiring.timer, on_retire, d);
    timer_init(&d->failing.unavailable, on_unavailable, d);
    timer_init(&d->failing.next, on_fail_waiting, d);
    TAILQ_INIT(&d->aside.jobs);
    timer_init(&d->aside.trial, on_more, d);
    timer_init(&d->aside.release, on_release, d);
    timer_init(&d->idle.timer, on_idle, d);
    timer_init(&d->tiny.recall, on_recall, d);
    timer_init(&d->wait.timer, on_expiry, d);
    timer_init(&d->starts.exhausted.over, dispatch_start_exhausted_over, d);
    timer_init(&d->queue_full.over, dispatch_admit_queue_full_over, d);
}

void dispatcher_start(struct dispatcher *d)
{
    dispatch_touch(d, DISPATCH_POOL);
    dispatch_schedule(d->shared);
}

void dispatcher_free(struct dispatcher *d)
{
    bug_on(pool_count(&d->pool) || d->running || dispatcher_waiting(d) || d->pass.listed);
    timer_clear(d->timers, &d->begin.watch);
    timer_clear(d->timers, &d->starts.pause);
    timer_clear(d->timers, &d->starts.ok);
    timer_clear(d->timers, &d->pass.more);
    timer_clear(d->timers, &d->retiring.timer);
    timer_clear(d->timers, &d->failing.unavailable);
    timer_clear(d->timers, &d->failing.next);
    timer_clear(d->timers, &d->aside.trial);
    timer_clear(d->timers, &d->aside.release);
    timer_clear(d->timers, &d->idle.timer);
    timer_clear(d->timers, &d->tiny.recall);
    timer_clear(d->timers, &d->wait.timer);
    timer_clear(d->timers, &d->starts.exhausted.over);
    timer_clear(d->timers, &d->queue_full.over);
    timer_clear(d->timers, &d->removal.empty);
    job_queue_free(&d->line.queue);
    heap_free(&d->wait.own);
}
