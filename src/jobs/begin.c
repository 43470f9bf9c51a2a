/*
 * dispatch_begin: jobs that their workers do not begin.
 *
 * A worker that waits for a job begins it in microseconds, unless the worker was stopped or hangs.
 * So a job is never stuck with its worker: whatever ends the job takes it away first, and at
 * begin-timeout-ms the job goes back to its place in the line, and the worker is dead.
 *
 * One timer for a pool is enough: it is set by the first job to be handed, and finds the next time
 * itself. A timer for each job would cost every job two steps in a heap.
 *
 * The time counts from the last byte of the job taken by the kernel. A worker slow to take a large
 * payload is not late.
 *
 * A worker whose job was taken away is asked by a ping, and owes a sign of life within the same
 * time. Otherwise jobs with impatient clients would be lost to a stopped worker for ever.
 */
#include "jobs/dispatcher_internal.h"

enum {
    SURELY_US = 100000, /* a job handed no longer ago is about to begin */
    PRECISE_US = 1000,  /* a time limit is not put off by less */
};

static struct worker_signs signs_of(const struct dispatcher *d, const struct worker *worker)
{
    struct worker_signs signs = {.begun = false};
    d->ops->signs(d->ctx, worker, &signs);
    return signs;
}

bool dispatcher_worker_has_begun(const struct worker *worker)
{
    return signs_of(dispatcher_of(worker), worker).begun;
}

static uint64_t later(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

/* --- a job taken away --- */

static void ask_for_sign(struct dispatcher *d, struct worker *worker, uint64_t since_us)
{
    if (!dispatch_begin_timeout_us(d))
        return;
    if (!worker->owes_us)
        worker->owes_us = since_us;
    d->ops->ping(d->ctx, worker, false);
}

bool dispatch_begin_undo(struct dispatcher *d, struct job *job)
{
    struct worker *worker = job->run.worker;
    uint64_t since_us = job->run.begun_us;
    if (signs_of(d, worker).begun || !dispatch_reclaim_running(d, job))
        return false;
    if (worker->state == WORKER_BUSY)
        ask_for_sign(d, worker, since_us);
    dispatch_assign_next(d, worker);
    dispatch_touch(d, DISPATCH_ASIDE | DISPATCH_POOL); /* the worker may be fresh, or in the way */
    return true;
}

/* A job handed just now may have been told as started. Almost certainly it begins. */
void dispatch_begin_undo_late(struct dispatcher *d)
{
    struct worker *worker, *next;
    for (worker = TAILQ_FIRST(&d->pool.lists[WORKER_BUSY]); worker; worker = next) {
        next = TAILQ_NEXT(worker, link);
        if (dispatch_now(d) - worker->job->run.begun_us > SURELY_US)
            dispatch_begin_undo(d, worker->job);
    }
}

/* --- begin-timeout-ms --- */

/* Since when the worker does not begin a job; 0: it does. */
static uint64_t late_since_us(struct worker *worker, const struct worker_signs *signs)
{
    const struct job *job = worker->job;
    if (signs->begun || signs->pinged_us >= worker->owes_us || worker->heard_us > worker->owes_us)
        worker->owes_us = 0;
    if (worker->owes_us)
        return worker->owes_us;
    return job && job->state == JOB_RUNNING && !signs->begun ? job->run.begun_us : 0;
}

/* When the worker is dead, unless it begins its job or gives another sign. The clock stands still
 * while the master does not run. */
static uint64_t due_us(const struct dispatcher *d, struct worker *worker)
{
    struct worker_signs signs = signs_of(d, worker);
    uint64_t since_us = late_since_us(worker, &signs);
    if (!since_us)
        return TIMERS_NEVER;
    since_us = later(since_us, signs.taken_us);
    return since_us + timers_put_off_since(d->timers, since_us) + dispatch_begin_timeout_us(d);
}

/* The worker may begin its job at this very moment. */
static void give_up(struct dispatcher *d, struct worker *worker)
{
    if (dispatch_reclaim_worker(d, worker) &&
        (!worker->job || dispatch_reclaim_running(d, worker->job)))
        dispatch_life_end(d, worker, "a job was not begun within begin-timeout-ms");
}

/* Looks at all workers in the state. Returns when the next one is due. */
static uint64_t look_at(struct dispatcher *d, enum worker_state state)
{
    uint64_t next_us = TIMERS_NEVER;
    struct worker *worker, *next;
    for (worker = TAILQ_FIRST(&d->pool.lists[state]); worker; worker = next) {
        next = TAILQ_NEXT(worker, link);
        uint64_t due = due_us(d, worker);
        if (due <= dispatch_now(d))
            give_up(d, worker);
        else if (due < next_us)
            next_us = due;
    }
    return next_us;
}

/* An idle worker may owe a sign. */
void dispatch_begin_look(struct dispatcher *d)
{
    if (!dispatch_begin_timeout_us(d))
        return;
    uint64_t busy_us = look_at(d, WORKER_BUSY), idle_us = look_at(d, WORKER_IDLE);
    uint64_t next_us = busy_us < idle_us ? busy_us : idle_us;
    if (next_us != TIMERS_NEVER)
        timer_set(d->timers, &d->begin.watch, next_us);
}

/* Jobs handed before have no timer if they were to have any time. */
void dispatch_begin_configure(struct dispatcher *d)
{
    if (d->pool.counts[WORKER_BUSY])
        dispatch_begin_watch(d);
}

/* --- time limits --- */

/* A late beginning is the worker's own word, so it counts once. */
bool dispatch_begin_has_time(struct dispatcher *d, struct worker *worker)
{
    struct job *job = worker->job;
    struct worker_signs signs = signs_of(d, worker);
    uint64_t limit_us = dispatch_stop_next_limit_ms(job) * 1000ull,
             end_us = dispatch_now(d) + limit_us;
    if (job->run.cancelled || d->shared->stop_by_us || job->run.began_late)
        return false;
    if (signs.begun) {
        end_us = later(signs.begun_us, job->run.begun_us) + limit_us;
        if (signs.begun_us > dispatch_now(d) || end_us < dispatch_now(d) + PRECISE_US)
            return false;
        job->run.began_late = true;
    }
    timer_set(d->timers, &worker->timer, end_us);
    return true;
}
