/* dispatcher_jobs: the functions about jobs, between the files of the dispatcher
 * (dispatcher_internal.h). */
#ifndef TASKMASTER_JOBS_DISPATCHER_JOBS_H
#define TASKMASTER_JOBS_DISPATCHER_JOBS_H

#include "jobs/dispatcher_helpers.h"

/* --- hold.c: sources with unread output --- */

/* The job was handed to a worker: its result may come. */
void dispatch_hold_expect(struct dispatcher *d, struct job *job);

/* The job's result is here: the source is about to count it as unread. */
void dispatch_hold_arrived(struct job *job);

/* The job's result was told, or will not come. */
void dispatch_hold_expect_none(struct dispatcher *d, struct job *job);

/* The limits have changed. */
void dispatch_hold_configure(struct dispatch_shared *shared);

/* A job of the module has yielded a result of `bytes`. */
void dispatch_hold_learn(struct module_entry *module, size_t bytes);

/* Looks at each held source again: the limits have changed, or the server drains and holds nobody.
 */
void dispatch_hold_look_again(struct dispatch_shared *shared);

/* The source is gone. */
void dispatch_hold_forget(struct job_source *source);

/* --- progress.c: the progress of running jobs --- */

/* Before the terminal event of a job with a worker, if the source asks for reports: the latest one,
 * unless it was told. */
void dispatch_progress_end(struct job *job);

/* --- stream.c: parts of running jobs --- */

/* Nobody wants the parts of the assigned job any more. Without parts nothing happens. */
void dispatch_stream_cut(struct job *job);

/* Calls the function once for each job with a part that waits for the source's reader. */
void dispatch_stream_each_waiting(struct job_source *source, void (*call)(struct job *job));

/* The source is gone, and has no job. */
void dispatch_stream_forget(struct job_source *source);

/* --- end.c: the end of each job --- */

/* The one place where jobs end: called exactly once for each submitted job. Fills in the times of
 * the event. */
void dispatch_end(struct dispatcher *d, struct job *job, struct job_event *event);

/* Ends a job in `failed`. */
void dispatch_end_failed(struct dispatcher *d, struct job *job, enum fail_reason reason,
                         const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* Ends a job without a source, already out of the line. */
void dispatch_end_dropped(struct dispatcher *d, struct job *job);

/* --- aside.c: waiting jobs for fresh workers, without any job so far --- */

static inline size_t dispatch_aside_count(const struct dispatcher *d)
{
    return d->aside.count;
}

/* NULL if there is none. */
static inline struct job *dispatch_aside_first(const struct dispatcher *d)
{
    return TAILQ_FIRST(&d->aside.jobs);
}

/* A running job, given back by its worker and now without one. */
void dispatch_aside_put(struct dispatcher *d, struct job *job);
void dispatch_aside_remove(struct dispatcher *d, struct job *job);

/* The worker has had no job yet. */
bool dispatch_aside_is_fresh(const struct worker *worker);

/* A worker is to be started for these jobs. */
bool dispatch_aside_wants_worker(const struct dispatcher *d);

/* A fresh worker gets one of these jobs: for a while no other worker is looked for. */
void dispatch_aside_begin_trial(struct dispatcher *d);
static inline bool dispatch_aside_is_on_trial(const struct dispatcher *d)
{
    return timer_is_set(&d->aside.trial);
}

/* The trial has its result: the jobs go back to the line. */
void dispatch_aside_end_trial(struct dispatcher *d);

/* All these jobs go back to the line, from the next turn on. */
void dispatch_aside_release(struct dispatcher *d);

/* Takes the next job on its way back from the list; NULL if there is none. Behind a batch the rest
 * is left to the next turn. */
struct job *dispatch_aside_take_leaving(struct dispatcher *d);
void dispatch_aside_release_rest(struct dispatcher *d);

/* --- line.c: the places of waiting jobs --- */

/* The pool of a line. */
static inline struct dispatcher *dispatch_line_owner(struct job_queue *queue)
{
    return (struct dispatcher *)((char *)queue - offsetof(struct dispatcher, line.queue));
}

/* Jobs waiting for nothing but a worker: prefetched ones, and those in the line of sources not
 * held.
 */
static inline size_t dispatch_line_ready(const struct dispatcher *d)
{
    return job_queue_ready(&d->line.queue) + d->line.prefetched_count;
}

/* Numbers a job on its first way to a worker. A reclaimed job keeps its number. */
static inline void dispatch_line_number(struct dispatcher *d, struct job *job)
{
    if (!job->run.order)
        job->run.order = ++d->shared->last_order;
}

/* A waiting job leaves its place. False if it is prefetched, and its worker has begun it. */
bool dispatch_line_take(struct dispatcher *d, struct job *job);

/*
 * An unbegun job without a worker goes back to its place in the line. The job ends here instead if
 * the server is shutting down, if the job was cancelled meanwhile, or if its source is gone. (The
 * last two happen only after the worker has claimed to have begun the job.)
 */
void dispatch_line_return(struct dispatcher *d, struct job *job);

/* A waiting job without a place becomes a prefetched one; or loses its place among these. */
void dispatch_line_prefetched(struct dispatcher *d, struct worker *worker, struct job *job);
void dispatch_line_unprefetch(struct dispatcher *d, struct job *job);

/* A batch of released jobs goes back to the line. */
void dispatch_line_release_aside(struct dispatcher *d);

/* --- reclaim.c: unbegun jobs, taken away from their workers --- */

/* A prefetched job goes back to its place in the line, unless its worker has begun it. */
void dispatch_reclaim_job(struct dispatcher *d, struct job *job);

/* Likewise a running job, which leaves its worker without one. False also if the job is being
 * stopped. */
bool dispatch_reclaim_running(struct dispatcher *d, struct job *job);

/*
 * Likewise all prefetched jobs of the worker. False if the worker has begun one of them: then it
 * has finished its current job, and the answer is on the way.
 */
bool dispatch_reclaim_worker(struct dispatcher *d, struct worker *worker);

/* Likewise the prefetched jobs of all workers. */
void dispatch_reclaim_all(struct dispatcher *d);

/* The current job of a lost worker goes back, if it was prefetched and not begun. A job assigned to
 * it while idle goes back, too, but only once. */
bool dispatch_reclaim_of_lost(struct dispatcher *d, struct worker *worker);

/* --- stop.c: stopping a running job --- */

/* Sends SIGTERM or SIGKILL. After SIGKILL the worker is STOPPING. */
void dispatch_stop_signal(struct dispatcher *d, struct worker *worker, int signo);

/* Begins to stop a running job. A job already being stopped keeps its first reason. */
void dispatch_stop_begin(struct dispatcher *d, struct job *job, enum fail_reason reason);

/* The limit of a running job that its worker's timer is set for: the soft one until its stop flag
 * is raised. 0: none. */
static inline uint32_t dispatch_stop_next_limit_ms(const struct job *job)
{
    return job->run.soft_ms ? job->run.soft_ms : job->run.limit_ms;
}

/* This limit has passed, or a stop was put off by the worker's timer. */
void dispatch_stop_due(struct dispatcher *d, struct job *job);

/* Likewise, for the reason at hand; at once if the job is to be killed. */
void dispatch_stop_now(struct dispatcher *d, struct job *job);

/* Likewise, but a turn later, if at all, when the job's answer is on the way. */
void dispatch_stop(struct dispatcher *d, struct job *job);

/* Cancels a running job. */
void dispatch_stop_cancelled(struct dispatcher *d, struct job *job, bool kill);

/* Takes the next step against a job still running after the step before. */
void dispatch_stop_step(struct dispatcher *d, struct job *job);

/* Ends a stopped job, also one that fails behind its soft limit. */
void dispatch_stop_end(struct dispatcher *d, struct job *job);

/* Kills the worker, whatever it does, at the operator's wish. */
void dispatch_stop_worker(struct dispatcher *d, struct worker *worker);

/* --- assign.c: from the line to the workers --- */

/* The operation `assign`, for a job out of the line. */
void dispatch_assign_hand(struct dispatcher *d, struct worker *worker, struct job *job,
                          bool prefetched);

/* Gives a job out of the line to an idle worker. */
void dispatch_assign(struct dispatcher *d, struct worker *worker, struct job *job);

/* The worker has begun a prefetched job, before its answer for the job before was read: tells the
 * source so at once. */
void dispatch_assign_tell_begun(struct dispatcher *d, struct job *job);

/* The first prefetched job of the worker becomes its current one. */
void dispatch_assign_prefetched(struct dispatcher *d, struct worker *worker);

/* Gives waiting jobs to idle workers, first in, first out, unless they are left to busy ones. */
void dispatch_assign_waiting(struct dispatcher *d);

/* Gives jobs set aside to fresh workers. */
void dispatch_assign_aside(struct dispatcher *d);

/* The worker has no current job: its first prefetched one becomes current. Without prefetched jobs
 * the worker is idle, or is told to end. */
void dispatch_assign_next(struct dispatcher *d, struct worker *worker);

/* Likewise for a worker without prefetched jobs. */
void dispatch_assign_worker_idle(struct dispatcher *d, struct worker *worker);

/* --- prefetch.c: a busy worker's next jobs, handed early --- */

void dispatch_prefetch(struct dispatcher *d, struct worker *worker);

/* --- refusal.c: workers unable to begin a job --- */

/* The worker cannot begin its job. True if the job waits again; false if the answer is the job's
 * end. */
bool dispatch_refusal_give_back(struct dispatcher *d, struct worker *worker,
                                const struct worker_answer *answer);

/* A job of the module has been begun. */
void dispatch_refusal_over(struct dispatcher *d, struct module_entry *module);

/* Fails a batch of the jobs set aside: they have waited long enough for a fresh worker. True if
 * some are left. */
bool dispatch_refusal_fail_aside(struct dispatcher *d, const char *why);

/* --- fail_waiting.c: waiting jobs without hope of a worker --- */

/* Fails waiting jobs from the head of the line on, a batch in each turn: there may be a million. */
void dispatch_fail_waiting(struct dispatcher *d, enum fail_reason reason, const char *why);
void dispatch_fail_some(struct dispatcher *d);

/* A worker lives: stops failing jobs for the lack of one. */
void dispatch_fail_stop(struct dispatcher *d);

/* Jobs are not to wait for ever while no worker lives, or for a fresh worker while starts fail. */
void dispatch_fail_watch(struct dispatcher *d);
void dispatch_fail_unavailable(struct dispatcher *d);

/* --- begin.c: jobs that their workers do not begin --- */

/* Takes an unbegun job away from its worker. The job goes back to its place in the line or ends, as
 * in dispatch_line_return(), and the worker goes on with its next job. False if the worker has
 * begun the job, or if the job is being stopped. */
bool dispatch_begin_undo(struct dispatcher *d, struct job *job);

/* Likewise all jobs that should have begun by now. */
void dispatch_begin_undo_late(struct dispatcher *d);

/* Looks at the workers: those that should have begun a job are dead from now on. */
void dispatch_begin_look(struct dispatcher *d);

/* Another time may be in force, or one after none. */
void dispatch_begin_configure(struct dispatcher *d);

/* The time limit of the worker's job has passed since its assignment. True if the job began later,
 * or has not begun: then the timer is set again. */
bool dispatch_begin_has_time(struct dispatcher *d, struct worker *worker);

/* --- admit.c: a submit: begin, wait or be refused --- */

/* The job is in the dispatcher's table. It may be gone afterwards. */
void dispatch_admit(struct dispatcher *d, struct job *job);

void dispatch_admit_queue_full_over(void *arg);

/* --- breaker.c: jobs of a module with an open breaker --- */

/* Whether the job has to fail now. */
static inline bool dispatch_breaker_fails(struct dispatcher *d, const struct job *job)
{
    struct module_entry *module = job->asked.module;
    return !module_breaker_is_closed(&module->breaker) &&
           module_breaker_fails(&module->breaker, module->name, dispatch_now(d));
}

/* Ends a job out of the line. */
void dispatch_breaker_fail(struct dispatcher *d, struct job *job);

/* A breaker has opened: unbegun jobs handed early are taken back, and fail. */
void dispatch_breaker_take_back(struct dispatcher *d);

/* --- expiry.c: jobs that wait too long --- */

/* The limits have changed. */
void dispatch_expiry_configure(struct dispatcher *d);

/* With a limit: the line may have another first job. */
void dispatch_expiry_watch(struct dispatcher *d);

/* With a limit: the job went to a worker without a wait in the line. */
void dispatch_expiry_handed(struct dispatcher *d, const struct job *job);

/* The timer has fired. */
void dispatch_expiry_due(struct dispatcher *d);

/* --- wait.c: when jobs have waited too long --- */

/* dispatch_expiry_due() is called at this time, or earlier. */
void dispatch_wait_until(struct dispatcher *d, uint64_t due_us);

/* The job waits, and has a limit of its own. It may be known already. */
void dispatch_wait_add(struct dispatcher *d, struct job *job);

/* A job with a limit of its own ends, or is due. It may be unknown already. */
void dispatch_wait_remove(struct dispatcher *d, struct job *job);

/* Of the job that is due first; NULL if none has a limit of its own. */
struct job_wait *dispatch_wait_first(const struct dispatcher *d);

/* --- cancel.c: ending a job at a client's wish --- */

void dispatch_cancel(struct job *job, bool kill);

#endif
