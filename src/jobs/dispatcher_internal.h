/*
 * dispatch: what the dispatcher's own files share. Nobody else includes this.
 */
#ifndef TASKMASTER_JOBS_DISPATCHER_INTERNAL_H
#define TASKMASTER_JOBS_DISPATCHER_INTERNAL_H

#include "jobs/dispatcher.h"

enum {
    DISPATCH_BATCH = 1000, /* jobs handled in one turn when very many end at once */
};

static inline uint64_t dispatch_now(const struct dispatcher *d)
{
    return d->timers->now_us;
}

/* `first`, doubled that many times, but at most `most`: how long to wait before another try. */
static inline uint64_t dispatch_doubled(uint64_t first, uint32_t times, uint64_t most)
{
    uint64_t value = times < 32 ? first << times : most;
    return value < most ? value : most;
}

static inline size_t dispatch_starting(const struct dispatcher *d)
{
    return d->pool.counts[WORKER_STARTING];
}

/* end.c: how jobs end */

/* Tells the source, if somebody is there. */
void dispatch_tell(struct job *job, const struct job_event *event);

/* The one place where jobs end: whatever happened, this is called once for each that was submitted.
 */
void dispatch_end(struct dispatcher *d, struct job *job, const struct job_event *event);

/* Ends a job in `failed`. */
void dispatch_end_failed(struct dispatcher *d, struct job *job, enum fail_reason reason,
                         const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* Nobody wants to know of a job any more that has left the line. */
void dispatch_end_dropped(struct dispatcher *d, struct job *job);

/* assign.c: from the line to the workers */

/* The operation, for a job that is with a worker. */
bool dispatch_settle(struct dispatcher *d, struct job *job);

/* The job is no longer among those that its worker was lent. */
void dispatch_line_unprefetch(struct dispatcher *d, struct job *job);

/* A waiting job leaves the line, or the worker that it is lent to; false if that has begun it. */
bool dispatch_line_take(struct dispatcher *d, struct job *job);

/* The worker is no longer on the job. */
void dispatch_unassign(struct dispatcher *d, struct job *job);

/*
 * A job that is with no worker any more and has not begun goes back to its place in the line. It
 * ends here instead if the server is being shut down, if it was cancelled meanwhile, or if nobody
 * waits for it any more. (The last two happen only after the worker had said that it had begun it.)
 */
void dispatch_line_return(struct dispatcher *d, struct job *job);

/* A lent job goes back to its place in the line, if its worker has not begun it. */
void dispatch_reclaim_job(struct dispatcher *d, struct job *job);

/*
 * All that the worker was lent goes back to its place in the line. False if it has begun one of
 * them: then it has finished the job before, and its answer is on the way.
 */
bool dispatch_reclaim_worker(struct dispatcher *d, struct worker *worker);

/* Likewise all that any worker was lent. */
void dispatch_reclaim_all(struct dispatcher *d);

/* The job that the worker should be on, for it has answered for the one before, goes back to its
 * place in the line. False if it was not lent, or the worker has begun it or is told to stop it. */
bool dispatch_reclaim_current(struct dispatcher *d, struct worker *worker);

/* Likewise of a worker that is lost, also if the job was not lent: then once. */
bool dispatch_reclaim_of_lost(struct dispatcher *d, struct worker *worker);

/* The next of its lent jobs becomes the one that the worker is on. */
void dispatch_assign_prefetched(struct dispatcher *d, struct worker *worker);

/* Gives the job, which is in no line, to an idle worker. */
void dispatch_assign(struct dispatcher *d, struct worker *worker, struct job *job);

/* Waiting jobs to idle workers, first in, first out, unless they are left to busy ones. */
void dispatch_assign_waiting(struct dispatcher *d);

/* The worker has parted with its job. It goes on to the next of its lent jobs, or has none. */
void dispatch_assign_next(struct dispatcher *d, struct worker *worker);

/* The worker has answered for its job. */
void dispatch_next(struct dispatcher *d, struct worker *worker);

/* It has no job, and none that it was lent. True if it has one now; one that is told to end may be
 * gone. */
bool dispatch_worker_idle(struct dispatcher *d, struct worker *worker);

/* hold.c: sources that do not take their results */

/* Jobs that wait for a worker, and for nothing else: lent ones, and those in the line whose source
 * is not held. */
static inline size_t dispatch_line_ready(const struct dispatcher *d)
{
    return job_queue_ready(&d->queue) + d->lent;
}

/* The job was handed to a worker, its result may come; or it will not come any more, or was told.
 */
void dispatch_hold_expect(struct dispatcher *d, struct job *job);
void dispatch_hold_expect_none(struct dispatcher *d, struct job *job);

/* The limits have changed: works out what depends on them. */
void dispatch_hold_configure(struct dispatcher *d);

/* A job of the module has yielded a result of `bytes`. */
void dispatch_hold_learn(struct module_entry *module, size_t bytes);

/* The limits have changed, or the server drains and holds nobody: looks at each held source again.
 */
void dispatch_hold_look_again(struct dispatcher *d);

/* refusal.c: jobs that a worker cannot begin */

/* The worker cannot begin its job. True if the job waits again and the worker has been seen to;
 * false if that is the job's end. */
bool dispatch_refusal_give_back(struct dispatcher *d, struct worker *worker,
                                const struct worker_answer *answer);

/* A job of the module has been begun. */
void dispatch_refusal_over(struct dispatcher *d, struct module_entry *module);

/* A job that was set aside, to a worker that has had no job yet, if there is one. */
void dispatch_assign_aside(struct dispatcher *d);

/* The job leaves the list of those that were set aside. */
void dispatch_aside_remove(struct dispatcher *d, struct job *job);

/* A worker is to be started for jobs that were set aside. */
bool dispatch_aside_wants_worker(const struct dispatcher *d);

/* Jobs that were set aside go back to the line, or end if the server is being shut down. */
void dispatch_aside_release(struct dispatcher *d);

void dispatch_line_release_aside(void *arg);

/* Waiting for a fresh worker has been long enough. */
void dispatch_refusal_fail_aside(struct dispatcher *d, const char *why);

/* tiny.c: jobs that are not worth waking a worker for */

/* A job that has just come is to join the line, though a worker is idle. */
bool dispatch_tiny_should_wait(const struct dispatcher *d, const struct job *job);

/* What waits is left to the busy workers, though others are idle. */
bool dispatch_tiny_is_left(struct dispatcher *d);

/* To be called when workers may have become idle, or the last idle one busy. */
void dispatch_watch_line(struct dispatcher *d);

void dispatch_tiny_recall(void *arg);

/* stop.c: stopping */

/* SIGTERM or SIGKILL; after the latter the worker is STOPPING. */
void dispatch_stop_signal(struct dispatcher *d, struct worker *worker, int signo);

/* A job that is already being stopped keeps its first reason. */
void dispatch_stop_begin(struct dispatcher *d, struct job *job, enum fail_reason reason);

/* Stops a running job, which was cancelled or is not waited for any more; a turn later, if at all,
 * when its answer turns out to be on the way. */
void dispatch_stop(struct dispatcher *d, struct job *job);

/* Cancels a running job. */
void dispatch_stop_cancelled(struct dispatcher *d, struct job *job, bool kill);

/* Ends a job that was being stopped. */
void dispatch_stop_end(struct dispatcher *d, struct job *job);

/* The timer's function in each worker's record. */
void dispatch_deadlines_passed(void *arg);

/* pace.c: the rate of starts and ends */

/* Whether one more may be done now; if so, it counts as done. */
bool dispatch_pace_take(struct dispatch_pace *pace, uint64_t now_us);

/* If no more may be done now: when the next may. */
uint64_t dispatch_pace_next(const struct dispatch_pace *pace);

/* A worker that has no job is to end by itself: it gets none any more, and is told in its turn. */
void dispatch_retire(struct dispatcher *d, struct worker *worker);

/* All workers of that state. */
void dispatch_retire_all(struct dispatcher *d, enum worker_state state);

/* The worker has ended, or is ended by a signal, before it was told to end. */
void dispatch_retire_forget(struct dispatcher *d, struct worker *worker);

void dispatch_retire_some(void *arg);

/* renew.c: replacing all workers after a reload */

/* The worker was started under settings that are no longer in force. */
bool dispatch_renew_is_old(const struct dispatcher *d, const struct worker *worker);

/* The worker is to end as soon as it has no job: it is given no other. */
bool dispatch_renew_is_leaving(const struct dispatcher *d, const struct worker *worker);

/* A worker that is not old is starting. */
bool dispatch_renew_is_starting(const struct dispatcher *d);

/* Every worker is old from now on; as soon as a new one is ready they end. */
void dispatch_renew(struct dispatcher *d);

/* A worker that is not old is ready; only the first matters. */
void dispatch_renew_take_over(struct dispatcher *d);

/* A worker that is not old could not be started, or is not fit to take over. */
void dispatch_renew_failed(struct dispatcher *d);

/* The same of a worker that takes over all the same, for nobody else serves. */
void dispatch_renew_incomplete(struct dispatcher *d, const char *why);

/* Behind a reload: tells the log if the new worker has to wait for the end of a job. */
void dispatch_renew_say_waits(const struct dispatcher *d);

/* The worker is ready but for a module: it does not take over while others serve. */
bool dispatch_renew_is_unwanted(const struct dispatcher *d, const struct worker *worker);

/* Old workers wait for a first new one, and none is on its way. */
bool dispatch_renew_wants_first(const struct dispatcher *d);

/* A first new worker, or a fresh one for jobs that were set aside, has no place in the pool: the
 * next that has no job is to give way. */
bool dispatch_start_must_make_room(const struct dispatcher *d);

/* One that has none now does. */
void dispatch_start_make_room(struct dispatcher *d);

/* start_workers.c: growing */

/* The timers' functions in the dispatcher. */
void dispatch_start_exhausted_over(void *arg);
void dispatch_on_more(void *arg);
void dispatch_on_backoff(void *arg);
void dispatch_start_ok(void *arg);
void dispatch_fail_some(void *arg);
void dispatch_fail_unavailable(void *arg);

/* Failures that come while starts are held back already are of the same cause and do not add up. */
void dispatch_start_failed(struct dispatcher *d, const char *why);

/* Whatever went wrong until now, the next start is not held back for it. */
void dispatch_start_forget_failures(struct dispatcher *d);

/*
 * A worker is ready. That alone does not end a row of failures: one that is ready and dies at once,
 * again and again, would be started every 100 ms for ever. A row ends with the first answer that a
 * worker gives, or when no start has failed for a second behind one that became ready.
 */
void dispatch_start_ready(struct dispatcher *d);

/* Whether a worker that ends now counts as a failed start: it never became ready, or never had a
 * job. A worker that is lost on a job does not count: that is the job's fault, and other jobs want
 * its place. Nor does one that was started under other settings. */
bool dispatch_start_is_failed(const struct dispatcher *d, const struct worker *worker);

/* While starts fail, they are tried one at a time. */
bool dispatch_start_can(const struct dispatcher *d);

/* The record goes. */
void dispatch_start_remove_worker(struct dispatcher *d, struct worker *worker);

/* Sees to it that jobs do not wait for ever while no worker lives, or for a fresh one while starts
 * fail. */
void dispatch_fail_watch(struct dispatcher *d);

/* A worker lives: whoever waits still does so no more in vain. */
void dispatch_fail_stop(struct dispatcher *d);

/* Section 6 of the protocol, rule 3, and the pool's size at rest. Many starts are spread over turns
 * of the loop. */
void dispatch_start_workers(struct dispatcher *d);

/* Waiting jobs fail from the head of the line on, a batch per turn of the loop: there may be a
 * million. */
void dispatch_fail_waiting(struct dispatcher *d, enum fail_reason reason, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

#endif
