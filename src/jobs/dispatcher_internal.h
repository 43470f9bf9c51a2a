/*
 * dispatcher_internal: the dispatcher's own files share this.
 *
 * A function's name is dispatch_, the first word of its file, and a verb: dispatch_renew_is_old()
 * is in renew.c. A few helpers without a file are inline below.
 *
 * Each file calls only the files below it in this list:
 *
 *     dispatcher    the public calls and the timers
 *     shared        what all pools have in common
 *     sources       the public calls about all jobs of a source
 *     schedule      the pass at the end of each public call
 *     pause         a pool that begins no job
 *     drain         the end of the server: jobs and workers end
 *     removal       a pool that no setting names any more
 *     cancel        ending a job at a client's wish
 *     outcome       a worker is ready, has answered, or is lost
 *     admit         a submit: begin, wait or be refused
 *     deadlines     the timers of workers
 *     expiry        jobs that wait too long
 *     begin         jobs that their workers do not begin
 *     life          pings, dead workers, and those alive again
 *     fail_waiting  waiting jobs without hope of a worker
 *     refusal       workers unable to begin a job
 *     prefetch      a busy worker's next jobs, handed early
 *     assign        from the line to the workers
 *     start_workers growing the pool
 *     tiny          jobs too short to wake a worker for
 *     renew         replacing all workers after a reload
 *     idle          workers not needed for long
 *     recycle       replacing workers between their jobs
 *     resize        a smaller pool
 *     stop          stopping a running job
 *     retire        telling workers to end
 *     breaker       jobs of a module with an open breaker
 *     reclaim       unbegun jobs, taken away from their workers
 *     line          the places of waiting jobs
 *     aside         waiting jobs for fresh workers
 *     end           the end of each job
 *     hold          sources with unread output
 *     pace          the rate of starts and ends
 *
 * The files below schedule only change the state, and touch the parts for the next pass to look
 * at. Only dispatcher.c calls dispatch_schedule().
 */
#ifndef TASKMASTER_JOBS_DISPATCHER_INTERNAL_H
#define TASKMASTER_JOBS_DISPATCHER_INTERNAL_H

#include "common/log.h"
#include "jobs/dispatcher.h"

enum {
    DISPATCH_BATCH = 1000, /* jobs to handle in one turn when very many end at once */
};

/* The parts for a pass to look at. */
enum {
    DISPATCH_LINE = 1u << 0,    /* jobs or idle workers have come */
    DISPATCH_ASIDE = 1u << 1,   /* fresh workers, or jobs for them, have come */
    DISPATCH_POOL = 1u << 2,    /* a worker may be wanted, or a place has become free */
    DISPATCH_BREAKER = 1u << 3, /* the breaker of a module has opened */
    DISPATCH_WAITING = 1u << 4, /* jobs have left the line: nobody may wait in vain any more */
};

/* --- helpers --- */

/* The next pass looks at the pool. */
static inline void dispatch_list(struct dispatcher *d)
{
    if (d->pass.listed)
        return;
    d->pass.listed = true;
    SLIST_INSERT_HEAD(&d->shared->pending, d, pass.link);
}

static inline void dispatch_touch(struct dispatcher *d, unsigned parts)
{
    d->pass.touched |= parts;
    dispatch_list(d);
}

static inline uint64_t dispatch_now(const struct dispatcher *d)
{
    return d->timers->now_us;
}

/* `first`, doubled so many times, but at most `most`: the pause before another try. */
static inline uint64_t dispatch_doubled(uint64_t first, uint32_t times, uint64_t most)
{
    uint64_t value = times < 32 ? first << times : most;
    return value < most ? value : most;
}

/* The least of two limits; 0 is none. */
static inline uint32_t dispatch_least_limit(uint32_t a, uint32_t b)
{
    if (!a || !b)
        return a ? a : b;
    return a < b ? a : b;
}

static inline size_t dispatch_starting(const struct dispatcher *d)
{
    return d->pool.counts[WORKER_STARTING];
}

/* The server drains, and its waiting jobs fail. */
static inline bool dispatch_shared_fails_waiting(const struct dispatch_shared *shared)
{
    return shared->draining && !shared->runs_waiting;
}

/* Likewise the waiting jobs of the pool: a paused one does not run them. */
static inline bool dispatch_fails_waiting(const struct dispatcher *d)
{
    return d->shared->draining && (!d->shared->runs_waiting || d->paused);
}

/* Places of the pool that are taken. */
static inline size_t dispatch_places(const struct dispatcher *d)
{
    return pool_places(&d->pool, d->limits.pool_max);
}

/* The length of a text cut by snprintf(), which has returned `printed`. */
static inline size_t dispatch_text_len(int printed, size_t size)
{
    if (printed < 0)
        return 0;
    return (size_t)printed < size ? (size_t)printed : size - 1;
}

/* Bytes. */
static inline size_t dispatch_payload_size(const struct job *job)
{
    return job->asked.payload ? job->asked.payload->size : 0;
}

/* Tells the job's source, unless the source is gone. */
static inline void dispatch_tell(struct job *job, const struct job_event *event)
{
    if (job->source && !job->source->gone)
        job->source->event(job->source, job, event);
}

/* Takes the job away from its worker. False if the worker has begun the job. */
static inline bool dispatch_settle(struct dispatcher *d, struct job *job)
{
    return d->ops->reclaim(d->ctx, job->run.worker, job);
}

/* The worker gets no further job, and is to end as soon as it has none. */
static inline bool dispatch_is_leaving(const struct worker *worker)
{
    return worker->leaving;
}

/* Why a worker without a job ends. With no other reason it has lost its connection. */
static inline enum worker_end dispatch_end_of_free(const struct dispatcher *d,
                                                   const struct worker *worker)
{
    if (d->shared->draining)
        return END_DRAIN;
    return worker->end ? worker->end : END_EXIT;
}

/* The worker is no longer on the job. */
static inline void dispatch_unassign(struct dispatcher *d, struct job *job)
{
    struct worker *worker = job->run.worker;
    bug_on(worker->job != job);
    if (!module_breaker_is_closed(&job->asked.module->breaker))
        module_breaker_returned(&job->asked.module->breaker, job->seq);
    worker->job = NULL;
    worker->awaits_signal = false;
    job->run.worker = NULL;
    d->running--;
    d->shared->counts.running--;
}

/* The next pass may hand the worker its next jobs early. The worker may be removed before. */
static inline void dispatch_touch_worker(struct dispatcher *d, struct worker *worker)
{
    d->pass.answered = worker;
    dispatch_list(d);
}

static inline void dispatch_forget_worker(struct dispatcher *d, const struct worker *worker)
{
    if (d->pass.answered == worker)
        d->pass.answered = NULL;
}

/* Around each operation with calls back into the dispatcher: the pass comes afterwards. */
static inline void dispatch_enter(struct dispatcher *d)
{
    d->shared->amid++;
}

static inline void dispatch_leave(struct dispatcher *d)
{
    d->shared->amid--;
}

/* Another pass serves the line and starts workers: in the next turn, or at `at_us`. */
static inline void dispatch_touch_next_turn(struct dispatcher *d)
{
    timer_set_next(d->timers, &d->pass.more);
}

static inline void dispatch_touch_at(struct dispatcher *d, uint64_t at_us)
{
    if (!timer_is_set(&d->pass.more))
        timer_set(d->timers, &d->pass.more, at_us);
}

/* Microseconds; 0: workers may take any time to begin a job. */
static inline uint64_t dispatch_begin_timeout_us(const struct dispatcher *d)
{
    const struct job_settings *limits = &d->shared->limits;
    return limits->allow_debug ? 0 : limits->begin_timeout_ms * 1000ull;
}

/* A worker may not begin its job (begin.c). Mostly another job has set the timer. */
static inline void dispatch_begin_watch(struct dispatcher *d)
{
    if (!timer_is_set(&d->begin.watch) && dispatch_begin_timeout_us(d))
        timer_set(d->timers, &d->begin.watch, dispatch_now(d) + dispatch_begin_timeout_us(d));
}

/* --- pace.c: the rate of starts and ends --- */

/* Takes one from the batch. False if none is left for now. */
bool dispatch_pace_take(struct dispatch_pace *pace, uint64_t now_us);

/* When the next batch begins. */
uint64_t dispatch_pace_next(const struct dispatch_pace *pace);

/* --- hold.c: sources with unread output --- */

/* The job was handed to a worker: its result may come. */
void dispatch_hold_expect(struct dispatcher *d, struct job *job);

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

/* --- end.c: the end of each job --- */

/* The one place where jobs end: called exactly once for each submitted job. */
void dispatch_end(struct dispatcher *d, struct job *job, const struct job_event *event);

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

/* --- retire.c: telling workers to end --- */

/* A worker without a job is to end by itself, for this reason, unless another one was decided
 * before (worker_decide_end()). It gets no job from now on, and is told in its turn. */
void dispatch_retire(struct dispatcher *d, struct worker *worker, enum worker_end end);

/* Likewise all workers in the state. */
void dispatch_retire_all(struct dispatcher *d, enum worker_state state, enum worker_end end);

void dispatch_retire_some(struct dispatcher *d);

/* --- stop.c: stopping a running job --- */

/* Sends SIGTERM or SIGKILL. After SIGKILL the worker is STOPPING. */
void dispatch_stop_signal(struct dispatcher *d, struct worker *worker, int signo);

/* Begins to stop a running job. A job already being stopped keeps its first reason. */
void dispatch_stop_begin(struct dispatcher *d, struct job *job, enum fail_reason reason);

/* Likewise, for the reason at hand; at once if the job is to be killed. */
void dispatch_stop_now(struct dispatcher *d, struct job *job);

/* Likewise, but a turn later, if at all, when the job's answer is on the way. */
void dispatch_stop(struct dispatcher *d, struct job *job);

/* Cancels a running job. */
void dispatch_stop_cancelled(struct dispatcher *d, struct job *job, bool kill);

/* Takes the next step against a job still running after the step before. */
void dispatch_stop_step(struct dispatcher *d, struct job *job);

/* Ends a stopped job. */
void dispatch_stop_end(struct dispatcher *d, struct job *job);

/* Kills the worker, whatever it does, at the operator's wish. */
void dispatch_stop_worker(struct dispatcher *d, struct worker *worker);

/* --- recycle.c: replacing workers between their jobs --- */

/* The worker is to be replaced, for a reason of recycling. False if it is about to go already. */
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

/* --- life.c: pings, dead workers, and those alive again --- */

/* Pings the idle workers. */
void dispatch_life_ping(struct dispatcher *d);

/* The worker, without a job, is dead from now on. */
void dispatch_life_end(struct dispatcher *d, struct worker *worker, const char *why);

/* Kills the oldest of more than pool_max dead workers: more would take places. */
void dispatch_life_end_surplus(struct dispatcher *d);

/* The worker has said that it is alive. */
void dispatch_life_again(struct dispatcher *d, struct worker *worker);

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

/* --- deadlines.c: the timers of workers --- */

/* The worker's timer has fired. */
void dispatch_deadlines_passed(struct dispatcher *d, struct worker *worker);

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

/* --- cancel.c: ending a job at a client's wish --- */

void dispatch_cancel(struct job *job, bool kill);

/* --- outcome.c: a worker is ready, has answered, or is lost --- */

void dispatch_outcome_ready(struct dispatcher *d, struct worker *worker);
void dispatch_outcome_ready_without(struct dispatcher *d, struct worker *worker, const char *why);
void dispatch_outcome_answered(struct dispatcher *d, struct worker *worker,
                               const struct worker_answer *answer);
void dispatch_outcome_exited(struct worker *worker, const struct worker_exit *exit);
void dispatch_outcome_lost(struct dispatcher *d, struct worker *worker,
                           const struct worker_exit *end);

/* --- pause.c: a pool that begins no job --- */

/* Takes back all jobs not begun, and tells of all begun ones. */
void dispatch_pause(struct dispatcher *d);
void dispatch_resume(struct dispatcher *d);

/* --- drain.c: the end of the server --- */

void dispatch_drain(struct dispatcher *d);

/* Behind each look at the pool: in a drain, workers end once no job waits. */
void dispatch_drain_look(struct dispatcher *d);

/* --- removal.c: a pool that no setting names any more --- */

/* Behind each look at the pool: the workers of a removed pool end when no job is left. */
void dispatch_removal_look(struct dispatcher *d);

/* --- schedule.c: the pass at the end of each public call and each timer --- */

/* Looks at the touched parts. Between dispatch_enter() and dispatch_leave() this does nothing. */
void dispatch_schedule(struct dispatch_shared *shared);

#endif
