/* dispatcher_workers: the functions about workers, between the files of the dispatcher
 * (dispatcher_internal.h). */
#ifndef TASKMASTER_JOBS_DISPATCHER_WORKERS_H
#define TASKMASTER_JOBS_DISPATCHER_WORKERS_H

#include "jobs/dispatcher_helpers.h"

/* --- pace.c: the rate of starts and ends --- */

/* Takes one from the batch. False if none is left for now. */
bool dispatch_pace_take(struct dispatch_pace *pace, uint64_t now_us);

/* When the next batch begins. */
uint64_t dispatch_pace_next(const struct dispatch_pace *pace);

/* --- retire.c: telling workers to end --- */

/* A worker without a job is to end by itself, for this reason, unless another one was decided
 * before (worker_decide_end()). It gets no job from now on, and is told in its turn. */
void dispatch_retire(struct dispatcher *d, struct worker *worker, enum worker_end end);

/* Likewise all workers in the state. */
void dispatch_retire_all(struct dispatcher *d, enum worker_state state, enum worker_end end);

void dispatch_retire_some(struct dispatcher *d);

/* --- recycle.c: replacing workers between their jobs --- */

/* The worker is to be replaced, for a reason of recycling; a dead one ends at once. False if it is
 * about to go already. */
bool dispatch_recycle_mark(struct dispatcher *d, struct worker *worker, enum worker_end end);

/* Likewise all workers. Returns their number. */
size_t dispatch_recycle_mark_all(struct dispatcher *d, enum worker_end end);

/* Fewer than a quarter of the workers are in exchange. */
bool dispatch_recycle_may_begin(const struct dispatcher *d);

/* A marked worker may end now, if it has no job. */
bool dispatch_recycle_may_end(const struct dispatcher *d);

/* The worker is marked, and its turn is free. */
static inline bool dispatch_recycle_turn(const struct dispatcher *d, const struct worker *worker)
{
    return worker_end_is_recycling(worker->end) && dispatch_recycle_may_end(d);
}

/* A replacement is to be started. */
bool dispatch_recycle_wants_worker(const struct dispatcher *d);

/* Ends marked workers without a job, as many as may end now. */
void dispatch_recycle_look(struct dispatcher *d);

/* With worker-max-jobs: the worker begins a job. */
void dispatch_recycle_begun(struct dispatcher *d, struct worker *worker);

/* With worker-max-jobs: how many jobs the worker may be handed behind its current one. */
size_t dispatch_recycle_jobs_left(const struct dispatcher *d, const struct worker *worker);

/* --- idle.c: workers not needed for long --- */

/* Sets the timer for the next one, if there is one. */
void dispatch_idle_watch(struct dispatcher *d);

/* Ends those idle for long enough. */
void dispatch_idle_end(struct dispatcher *d);

/* Another time may be in force. */
void dispatch_idle_configure(struct dispatcher *d);

/* --- resize.c: a smaller pool --- */

/* Workers beyond pool_max end. */
void dispatch_resize_end_surplus(struct dispatcher *d);

/* --- renew.c: replacing all workers after a reload --- */

/* The worker is new: started under the settings in force. */
void dispatch_renew_enlist(const struct dispatcher *d, struct worker *worker);

/* The worker was started under settings no longer in force. */
bool dispatch_renew_is_old(const struct dispatcher *d, const struct worker *worker);

/* The first new worker is not ready yet: no other is replaced. */
static inline bool dispatch_renew_is_on_trial(const struct dispatcher *d)
{
    return d->renewal.renewed != d->renewal.reloads;
}

/* A new worker is starting. */
bool dispatch_renew_is_starting(const struct dispatcher *d);

/* Old workers wait for the first new one, and none is starting. */
bool dispatch_renew_wants_first(const struct dispatcher *d);

/* The worker is ready but lacks a module: it does not take over while others serve. */
bool dispatch_renew_is_unwanted(const struct dispatcher *d, const struct worker *worker);

/* Every worker is old from now on. The old ones are recycled as soon as a new one is ready. */
void dispatch_renew(struct dispatcher *d);

/* A new worker is ready. Only the first one matters. */
void dispatch_renew_take_over(struct dispatcher *d);

/* A new worker did not start, or is unfit to take over. */
void dispatch_renew_failed(struct dispatcher *d, const char *why);

/* A worker takes over though it lacks a module, for no other worker serves. */
void dispatch_renew_incomplete(struct dispatcher *d, const char *why);

/* Behind a reload: tells the log if the new worker has to wait for the end of a job. */
void dispatch_renew_say_waits(const struct dispatcher *d);

/* --- tiny.c: jobs too short to wake a worker for --- */

/* A submitted job is to join the line, though a worker is idle. */
bool dispatch_tiny_should_wait(const struct dispatcher *d, const struct job *job);

/* The line is left to the busy workers, though others are idle. */
bool dispatch_tiny_is_left(struct dispatcher *d);

/* Jobs wait though a worker is idle: limits their wait. */
void dispatch_tiny_watch(struct dispatcher *d);

void dispatch_tiny_recall(struct dispatcher *d);

/* --- start_workers.c: growing the pool --- */

/* Starts workers for the line (section 6 of the protocol, rule 3), up to the pool's size at rest,
 * for a renewal, and for jobs set aside. Many starts are spread over turns of the loop. */
void dispatch_start_workers(struct dispatcher *d);

/* A start has failed. Failures during a pause have the cause of the first, and do not add up. */
void dispatch_start_failed(struct dispatcher *d, const char *why);

static inline bool dispatch_start_is_paused(const struct dispatcher *d)
{
    return timer_is_set(&d->starts.pause);
}

/* Starts have failed of late, and no new worker has proved itself since. */
static inline bool dispatch_start_is_unsure(const struct dispatcher *d)
{
    return timer_is_set(&d->starts.pause) || timer_is_set(&d->starts.ok);
}

/* Why the last start failed; NULL if starts do not fail. */
static inline const char *dispatch_start_error(const struct dispatcher *d)
{
    return d->starts.failures ? d->starts.error : NULL;
}

/* Forgets all failures: the next start is not held back. */
void dispatch_start_forget_failures(struct dispatcher *d);

/*
 * A worker is ready. This alone does not end a row of failures: otherwise a worker dying right
 * after its start would be started every 100 ms for ever. A row ends with a worker's first answer,
 * or a second after a worker got ready, if no start failed meanwhile.
 */
void dispatch_start_ready(struct dispatcher *d);

/* The row of failures has ended. */
void dispatch_start_ok(struct dispatcher *d);

/* The first answer of this worker ends a row of failures. */
static inline bool dispatch_start_is_proof(const struct dispatcher *d, const struct worker *worker)
{
    return d->starts.failures && !worker->jobs_done && !dispatch_renew_is_old(d, worker);
}

/* Losing the worker now counts as a failed start: it never got ready, or never had a job. Losing a
 * worker on a job does not count: the job is to blame, and other jobs want the place. Nor does
 * losing an old worker. */
bool dispatch_start_is_failed(const struct dispatcher *d, const struct worker *worker);

/* A worker may be started now. While starts fail, they are tried one at a time. */
bool dispatch_start_can(const struct dispatcher *d);

/* The pool has no place for a first new worker, or for a fresh one for jobs set aside: the next
 * worker without a job has to give way. */
bool dispatch_start_must_make_room(const struct dispatcher *d);

/* Why that worker ends. */
enum worker_end dispatch_start_room_end(const struct dispatcher *d);

/* The worker's record goes. */
void dispatch_start_remove_worker(struct dispatcher *d, struct worker *worker);

void dispatch_start_exhausted_over(void *arg);

/* --- life.c: pings, dead workers, and those alive again --- */

/* Pings the idle workers. */
void dispatch_life_ping(struct dispatcher *d);

/* The worker, without a job, is dead from now on. */
void dispatch_life_end(struct dispatcher *d, struct worker *worker, const char *why);

/* Kills the oldest of more than pool_max dead workers: more would take places. */
void dispatch_life_end_surplus(struct dispatcher *d);

/* The worker has said that it is alive. */
void dispatch_life_again(struct dispatcher *d, struct worker *worker);

/* --- deadlines.c: the timers of workers --- */

/* The worker's timer has fired. */
void dispatch_deadlines_passed(struct dispatcher *d, struct worker *worker);

/* --- outcome.c: a worker is ready, has answered, or is lost --- */

void dispatch_outcome_ready(struct dispatcher *d, struct worker *worker);
void dispatch_outcome_ready_without(struct dispatcher *d, struct worker *worker, const char *why);
void dispatch_outcome_answered(struct dispatcher *d, struct worker *worker,
                               const struct worker_answer *answer);
void dispatch_outcome_exited(struct worker *worker, const struct worker_exit *exit);
void dispatch_outcome_lost(struct dispatcher *d, struct worker *worker,
                           const struct worker_exit *end);

#endif
