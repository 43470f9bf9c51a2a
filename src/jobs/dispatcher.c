/*
 * dispatcher: see dispatcher.h. The public calls and the timers are here: each changes the state by
 * the functions of the parts, and ends in a scheduling pass. dispatcher_internal.h lists the parts.
 */
#include "jobs/dispatcher.h"

#include "jobs/dispatcher_internal.h"

#include <signal.h>
#include <stddef.h>

static struct job *job_by_seq(struct hash_node *node)
{
    return (struct job *)((char *)node - offsetof(struct job, links.by_seq));
}

/* Consecutive numbers spread evenly over the buckets by themselves, and no client chooses them. */
static uint64_t seq_hash(uint64_t seq)
{
    return seq;
}

/* --- submits --- */

void dispatcher_submit(struct dispatcher *d, struct job *job)
{
    job->seq = ++d->last_seq;
    job->run.submitted_us = dispatch_now(d);
    d->counts.submitted++;
    hash_insert(&d->jobs, &job->links.by_seq, seq_hash(job->seq));
    dispatch_admit(d, job);
    dispatch_schedule(d);
}

struct job *dispatcher_find(const struct dispatcher *d, uint64_t seq)
{
    struct hash_node *node = hash_first(&d->jobs, seq_hash(seq));
    return node ? job_by_seq(node) : NULL;
}

static void cancel(struct dispatcher *d, struct job *job, bool kill)
{
    if (job->state != JOB_WAITING) {
        dispatch_stop_cancelled(d, job, kill);
    } else if (dispatch_line_take(d, job)) {
        dispatch_end_failed(d, job, FAIL_CANCELLED, "the job was cancelled while it waited");
        dispatch_touch(d, DISPATCH_WAITING);
    } else { /* begun just now: stopped as soon as the answer for the job before is here */
        job->run.cancelled = true;
        job->run.killed |= kill;
    }
}

/* The job's connection has ended. */
static void cancel_linked(struct dispatcher *d, struct job *job)
{
    job_set_by(job, BY_LINK, NULL);
    cancel(d, job, false);
}

void dispatcher_cancel(struct dispatcher *d, struct job *job, bool kill)
{
    cancel(d, job, kill);
    dispatch_schedule(d);
}

/* --- sources --- */

bool dispatcher_source_ended(struct dispatcher *d, struct job_source *source)
{
    struct job *job;
    if (!source->ended)
        source->untie = LIST_FIRST(&source->jobs);
    source->ended = true;
    for (size_t n = 0; n < DISPATCH_BATCH && (job = source->untie); n++) {
        source->untie = LIST_NEXT(job, links.of_source);
        bool fails = d->draining && job->state == JOB_WAITING && !job_is_prefetched(job);
        if (job->asked.link && !fails) /* in a drain, waiting jobs fail with the reason shutdown */
            cancel_linked(d, job);
    }
    dispatch_schedule(d);
    return !source->untie;
}

bool dispatcher_source_gone(struct dispatcher *d, struct job_source *source)
{
    struct job *job;
    source->gone = true;
    job_queue_release(&d->line.queue, source);
    for (size_t n = 0; n < DISPATCH_BATCH && (job = LIST_FIRST(&source->jobs)); n++) {
        if (job->state == JOB_WAITING && dispatch_line_take(d, job)) {
            dispatch_end_dropped(d, job);
            continue;
        }
        job_set_source(job, NULL);
        if (job->asked.link)
            cancel_linked(d, job);
    }
    dispatch_touch(d, DISPATCH_WAITING);
    dispatch_schedule(d);
    return LIST_EMPTY(&source->jobs);
}

/* --- reports about workers --- */

void dispatcher_worker_ready(struct dispatcher *d, struct worker *worker)
{
    dispatch_outcome_ready(d, worker);
    dispatch_schedule(d);
}

void dispatcher_worker_ready_without(struct dispatcher *d, struct worker *worker, const char *why)
{
    dispatch_outcome_ready_without(d, worker, why);
    dispatch_schedule(d);
}

void dispatcher_worker_answered(struct dispatcher *d, struct worker *worker,
                                const struct worker_answer *answer)
{
    dispatch_outcome_answered(d, worker, answer);
    dispatch_schedule(d);
}

void dispatcher_worker_silent(struct dispatcher *d, struct worker *worker)
{
    if (!worker->prefetched_count || worker->state != WORKER_BUSY)
        return;
    dispatch_reclaim_worker(d, worker);
    dispatch_schedule(d);
}

void dispatcher_worker_lost(struct dispatcher *d, struct worker *worker,
                            const struct worker_exit *end)
{
    dispatch_outcome_lost(d, worker, end);
    dispatch_schedule(d);
}

void dispatcher_worker_reaped(struct dispatcher *d, struct worker *worker)
{
    bug_on(worker->state != WORKER_STOPPING);
    d->pool.exits++;
    dispatch_start_remove_worker(d, worker);
    dispatch_touch(d, DISPATCH_POOL);
    dispatch_schedule(d);
}

/* --- drain and reload --- */

void dispatcher_drain(struct dispatcher *d)
{
    d->draining = true;
    dispatch_hold_look_again(d);
    dispatch_reclaim_all(d);
    dispatch_aside_release(d);
    dispatch_fail_waiting(d, FAIL_SHUTDOWN, "the server is shutting down");
    dispatch_retire_all(d, WORKER_IDLE);
    dispatch_retire_all(d, WORKER_STARTING);
    dispatch_schedule(d);
}

void dispatcher_stop(struct dispatcher *d)
{
    struct worker *worker, *next;
    d->stop_by_us = dispatch_now(d) + d->limits.kill_grace_ms * 1000ull;
    for (worker = TAILQ_FIRST(&d->pool.lists[WORKER_BUSY]); worker; worker = next) {
        next = TAILQ_NEXT(worker, link);
        dispatch_stop(d, worker->job);
    }
    dispatch_schedule(d);
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
    dispatch_schedule(d);
}

bool dispatcher_is_drained(const struct dispatcher *d)
{
    return d->draining && d->counts.running == 0 && dispatcher_waiting(d) == 0 &&
           pool_count(&d->pool) == 0;
}

void dispatcher_configure(struct dispatcher *d, const struct job_settings *limits, bool renew)
{
    d->limits = *limits;
    dispatch_hold_configure(d);
    if (renew) {
        dispatch_renew(d);
        dispatch_start_forget_failures(d); /* of other settings */
        dispatch_aside_release(d);
    }
    dispatch_hold_look_again(d);
    dispatch_touch(d, DISPATCH_LINE | DISPATCH_POOL);
    dispatch_schedule(d);
    if (renew)
        dispatch_renew_say_waits(d);
}

/* --- timers --- */

static struct dispatcher *dispatcher_of(struct worker *worker)
{
    return (struct dispatcher *)((char *)worker->pool - offsetof(struct dispatcher, pool));
}

static void on_worker_timer(void *arg)
{
    struct dispatcher *d = dispatcher_of(arg);
    dispatch_deadlines_passed(d, arg);
    dispatch_schedule(d);
}

static void on_backoff(void *arg)
{
    struct dispatcher *d = arg;
    dispatch_touch(d, DISPATCH_POOL);
    dispatch_schedule(d);
}

static void on_starts_ok(void *arg)
{
    struct dispatcher *d = arg;
    dispatch_start_ok(d);
    dispatch_schedule(d);
}

static void on_more(void *arg)
{
    struct dispatcher *d = arg;
    dispatch_touch(d, DISPATCH_LINE | DISPATCH_POOL);
    dispatch_schedule(d);
}

static void on_retire(void *arg)
{
    struct dispatcher *d = arg;
    dispatch_retire_some(d);
    dispatch_schedule(d);
}

static void on_unavailable(void *arg)
{
    struct dispatcher *d = arg;
    dispatch_fail_unavailable(d);
    dispatch_schedule(d);
}

static void on_fail_waiting(void *arg)
{
    struct dispatcher *d = arg;
    dispatch_fail_some(d);
    dispatch_schedule(d);
}

static void on_release(void *arg)
{
    struct dispatcher *d = arg;
    dispatch_line_release_aside(d);
    dispatch_schedule(d);
}

static void on_recall(void *arg)
{
    struct dispatcher *d = arg;
    dispatch_tiny_recall(d);
    dispatch_schedule(d);
}

/* --- beginning and end --- */

void dispatcher_init(struct dispatcher *d, const struct dispatcher_ops *ops, void *ctx,
                     struct timers *timers, const struct job_settings *limits, uint64_t random)
{
    *d = (struct dispatcher){
        .ops = ops, .ctx = ctx, .timers = timers, .limits = *limits, .starts.random = random | 1};
    d->on_worker_timer = on_worker_timer;
    dispatch_hold_configure(d);
    pool_init(&d->pool);
    job_queue_init(&d->line.queue);
    TAILQ_INIT(&d->line.prefetched);
    hash_init(&d->jobs);
    timer_init(&d->starts.pause, on_backoff, d);
    timer_init(&d->starts.ok, on_starts_ok, d);
    timer_init(&d->pass.more, on_more, d);
    timer_init(&d->retiring.timer, on_retire, d);
    timer_init(&d->failing.unavailable, on_unavailable, d);
    timer_init(&d->failing.next, on_fail_waiting, d);
    TAILQ_INIT(&d->aside.jobs);
    timer_init(&d->aside.trial, on_more, d);
    timer_init(&d->aside.release, on_release, d);
    timer_init(&d->tiny.recall, on_recall, d);
    timer_init(&d->starts.exhausted.over, dispatch_start_exhausted_over, d);
    timer_init(&d->queue_full.over, dispatch_admit_queue_full_over, d);
}

void dispatcher_start(struct dispatcher *d)
{
    dispatch_touch(d, DISPATCH_POOL);
    dispatch_schedule(d);
}

void dispatcher_free(struct dispatcher *d)
{
    bug_on(pool_count(&d->pool) || d->jobs.count);
    timer_clear(d->timers, &d->starts.pause);
    timer_clear(d->timers, &d->starts.ok);
    timer_clear(d->timers, &d->pass.more);
    timer_clear(d->timers, &d->retiring.timer);
    timer_clear(d->timers, &d->failing.unavailable);
    timer_clear(d->timers, &d->failing.next);
    timer_clear(d->timers, &d->aside.trial);
    timer_clear(d->timers, &d->aside.release);
    timer_clear(d->timers, &d->tiny.recall);
    timer_clear(d->timers, &d->starts.exhausted.over);
    timer_clear(d->timers, &d->queue_full.over);
    job_queue_free(&d->line.queue);
    hash_free(&d->jobs);
}
