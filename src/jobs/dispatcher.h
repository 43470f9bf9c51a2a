/*
 * dispatcher: the policy of one pool. Runs a job, grows the pool, queues a job or refuses it, stops
 * a job, and answers for each.
 *
 * Each pool has a dispatcher (pools.h). Jobs' numbers, totals, rates and the hold of sources are
 * shared by all, in struct dispatch_shared.
 *
 * The dispatcher holds no descriptor, and reads no clock but its timers. It decides, and calls a
 * table of operations: processes and connections in production (workers/operations.c), a recorder
 * in tests. Every submitted job ends here exactly once, in dispatch_end().
 *
 * Prefetching. The way to a worker and back takes longer than a tiny job, and meanwhile the worker
 * is idle. So while a line waits, a worker with short jobs is handed its next ones before it has
 * finished: they are prefetched. A prefetched job still waits. It counts as waiting when the pool
 * grows or a submit is refused; a cancel ends it at once; it goes back to its place in the line
 * when its worker is lost, stopped or told to end; an idle worker gets it when the line is empty.
 * The operation `reclaim` makes this safe: it settles at once with the worker whether a job has
 * begun, without waiting for the worker (common/worker_page.h). Before a worker is hurt in any way,
 * all its prefetched jobs are reclaimed, so a worker takes only its current job along. The same
 * happens when a worker is silent for some milliseconds: its current job is a long one after all.
 *
 * Another design was weighed: a queue for each worker, and jobs moved between queues when one runs
 * dry. There a wrong guess leaves jobs behind a long one. Here it costs one skipped message.
 *
 * Scheduling. Each call below ends in one pass, which gives jobs to workers and starts workers
 * (schedule.c). Operations may not call back into the dispatcher, except `poll` and `results`: they
 * are there to do so, and the pass comes behind them.
 */
#ifndef TASKMASTER_JOBS_DISPATCHER_H
#define TASKMASTER_JOBS_DISPATCHER_H

#include "base/log_episode.h"
#include "base/timers.h"
#include "common/job_progress.h"
#include "common/stop_reason.h"
#include "jobs/dispatcher_parts.h"
#include "jobs/job.h"
#include "jobs/news.h"
#include "jobs/pool.h"
#include "jobs/settings.h"
#include "jobs/tally.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One job for one worker. */
struct assignment {
    struct worker *worker;
    struct job *job;
    uint64_t limit_us; /* how long the job may run, from its beginning; 0: without limit */
    bool prefetched;   /* the worker is still on another job */
};

/* What a worker shows without being asked. A broken worker shows anything. */
struct worker_signs {
    bool begun;         /* the worker has begun its current job */
    uint64_t begun_us;  /* when it began its last job with a time limit */
    uint64_t pinged_us; /* when it took its last ping; 0: never */
    uint64_t taken_us;  /* when the kernel took bytes for it last, if not at once; 0: never */
    uint64_t rss;       /* bytes of its memory, at its own last look; 0: unknown */
};

struct dispatcher_ops {
    /* Starts a process for the record and sets its pid. 0, or -1 with errno. */
    int (*start)(void *ctx, struct worker *worker);
    /* Hands the job to the worker, behind the worker's other jobs. Returns a tag. The dispatcher
     * keeps the tag in the job's record for the operations, and never reads it. */
    uint8_t (*assign)(void *ctx, const struct assignment *assignment);
    /* Takes an assigned job away from the worker; false if the worker has begun the job. The answer
     * is final, whatever the worker is doing or was doing when it died. */
    bool (*reclaim)(void *ctx, struct worker *worker, const struct job *job);
    void (*signs)(void *ctx, const struct worker *worker, struct worker_signs *signs);
    /* Copies the worker's latest report on its current job, also of a lost worker. False if there
     * is none. May be NULL. */
    bool (*progress)(void *ctx, const struct worker *worker, const struct job *job,
                     struct job_progress *latest);
    /* Copies what the worker's current job has used, once the job has ended or the worker's process
     * has. False if that is not known. May be NULL. */
    bool (*usage)(void *ctx, const struct worker *worker, const struct job *job,
                  struct job_usage *usage);
    /* Sends a ping, behind the worker's jobs. The answer shows in the signs. With `say` there is
     * also a call of dispatcher_worker_alive(). */
    void (*ping)(void *ctx, struct worker *worker, bool say);
    /* Reports the jobs finished by a lost worker, by dispatcher_worker_answered(). NULL: nothing
     * can be left behind. */
    void (*results)(void *ctx, struct worker *worker);
    /* The worker's held part has room now: it is to be announced again. Or, not `wanted`, all
     * further parts of its job are dropped, and the worker is told so. Only for jobs with parts. */
    void (*parts)(void *ctx, struct worker *worker, const struct job *job, bool wanted);
    /* Raises the stop flag for the job. May be called again with another reason. */
    void (*stop_flag)(void *ctx, struct worker *worker, const struct job *job,
                      enum stop_reason reason);
    /* Sends SIGTERM or SIGKILL to the worker's process group. */
    void (*signal)(void *ctx, struct worker *worker, int signo);
    /* Tells an idle or starting worker to end by itself. */
    void (*retire)(void *ctx, struct worker *worker);
    /* Reads all messages sent by the worker so far. May call dispatcher_worker_...(). */
    void (*poll)(void *ctx, struct worker *worker);
    /* Brings the modules' counts of workers that have loaded them up to date. NULL: no worker
     * tells. */
    void (*look_at_modules)(void *ctx, struct worker *worker);
    /* The record is about to be freed. */
    void (*forget)(void *ctx, struct worker *worker);
};

struct dispatcher_counts {
    uint64_t submitted, done, dropped, orphaned;
    uint64_t failed[FAIL_REASONS];
    uint64_t overload[OVERLOAD_REASONS];
    size_t running;
};

SLIST_HEAD(dispatcher_list, dispatcher);

/* Shared by the dispatchers of all pools. */
struct dispatch_shared {
    const struct dispatcher_ops *ops;
    void *ctx;
    struct timers *timers;
    struct job_settings limits;
    struct dispatcher_counts counts;
    struct news news;
    struct hash jobs; /* all unfinished jobs, by seq */
    uint64_t last_seq;
    uint64_t last_order; /* of assignment */
    uint32_t last_worker;
    bool draining;
    bool runs_waiting;   /* in a drain: waiting jobs are run, not failed */
    uint64_t stop_by_us; /* the deadline of all running jobs; 0: none */

    /* Hears of each pool's renewal behind a reload: `why` is NULL if a new worker has taken over,
     * or says why none could. May be NULL. */
    void (*on_renewal)(void *arg, const char *why);
    void *renewal_arg;

    struct dispatcher_list pending; /* pools to look at in the next pass (schedule.c) */
    unsigned amid; /* operations under way that call back: no pass before their end */
    struct dispatch_hold hold;
    struct dispatch_pace start_pace, retire_pace;
    uint64_t next_signal_us; /* when the next worker may be sent a signal for its job (stop.c) */
};

/* One pool. */
struct dispatcher {
    LIST_ENTRY(dispatcher) link; /* in the list of all pools (pools.h) */
    struct dispatch_shared *shared;
    const struct dispatcher_ops *ops; /* the shared ones, as are the next two */
    void *ctx;
    struct timers *timers;
    void (*on_worker_timer)(void *worker); /* the function of each worker's timer */
    char name[POOL_NAME_MAX + 1];
    struct pool_settings limits; /* its lists belong to the configuration in force */
    struct pool pool;
    uint32_t job_timeout_ms; /* the least of the pool's and the top level's; 0: none */
    size_t running;          /* jobs */
    uint64_t bytes;          /* of the payloads of its jobs */
    uint64_t mean_run_us;    /* moving average */
    struct tally tally;
    uint64_t overload[OVERLOAD_REASONS]; /* refused jobs, since the start */
    uint64_t slow_told,
        slow_told_passed; /* the last jobs told as slow: of the line, passed (slow.c) */
    bool paused;          /* no job begins (pause.c) */
    struct log_episode queue_full;

    /* The parts. Only the file of a part writes its struct. */
    struct dispatch_pass pass;
    struct dispatch_line line;
    struct dispatch_aside aside;
    struct dispatch_starts starts;
    struct dispatch_renewal renewal;
    struct dispatch_retiring retiring;
    struct dispatch_idle idle;
    struct dispatch_tiny tiny;
    struct dispatch_failing failing;
    struct dispatch_removal removal;
    struct dispatch_expiry expiry;
    struct dispatch_wait wait;
    struct dispatch_begin begin;
};

/* How a worker's process ended. */
struct worker_exit {
    int signal; /* 0: none, or the end is not known */
    int exit_status;
    bool exited;
    const char *why;         /* for the message */
    struct payload *details; /* all that is known of the crash; borrowed; may be NULL */
};

/* A worker's answer for its current job. */
struct worker_answer {
    enum job_event_type type; /* JOB_DONE or JOB_FAILED */
    enum fail_reason fail;    /* FAIL_MODULE, FAIL_UNAVAILABLE or FAIL_TOO_LARGE */
    bool waited;              /* in its slot: the end of the run was earlier */
    bool unfit;               /* FAIL_UNAVAILABLE: another worker may be able to begin the job */
    bool partly;              /* JOB_DONE: but a part was refused to the module */
    const char *code;
    const char *message;
    size_t message_len;
    uint32_t retry_after_ms; /* FAIL_MODULE: as the module says; 0: nothing */
    uint64_t run_us;         /* how long the job took, as the worker measured it; 0: not known */
    struct payload *payload; /* borrowed */
};

void dispatch_shared_init(struct dispatch_shared *shared, const struct dispatcher_ops *ops,
                          void *ctx, struct timers *timers, const struct job_settings *limits);

/* No job may be left. */
void dispatch_shared_free(struct dispatch_shared *shared);

/* New limits for all pools. */
void dispatch_shared_configure(struct dispatch_shared *shared, const struct job_settings *limits);

/* `number`: of the pool, for its line (queue.h). `random`: seed of the jitter of pauses. */
void dispatcher_init(struct dispatcher *d, struct dispatch_shared *shared, const char *name,
                     const struct pool_settings *limits, uint32_t number, uint64_t random);

/* Frees the tables. No worker and no job may be left. */
void dispatcher_free(struct dispatcher *d);

static inline struct dispatcher *dispatcher_of(const struct worker *worker)
{
    return (struct dispatcher *)((char *)worker->pool - offsetof(struct dispatcher, pool));
}

/* Starts the pool. */
void dispatcher_start(struct dispatcher *d);

/* New limits. With `renew` all workers are replaced, each after its job, as soon as a new one is
 * ready. */
void dispatcher_configure(struct dispatcher *d, const struct pool_settings *limits, bool renew);

/* The pool is named by no setting any more: no new jobs come. `empty` is called, from a timer, once
 * no job and no worker is left; dispatcher_restore() may come before. */
void dispatcher_remove(struct dispatcher *d, void (*empty)(void *d));
void dispatcher_restore(struct dispatcher *d);

/* Pings all idle workers. Those that have left too many pings unanswered are dead from now on. */
void dispatcher_ping(struct dispatcher *d);

/* Takes over a NEW job with its source and its payload. The job's events, perhaps the terminal one,
 * are told before the return; after a terminal event the job is gone. */
void dispatcher_submit(struct dispatcher *d, struct job *job);

/* The unfinished job of that number; NULL if there is none. */
struct job *dispatcher_find(const struct dispatch_shared *shared, uint64_t seq);

/* Cancels a submitted job; the caller has noted by whom (job_set_by()). A waiting job ends at once.
 * A running one is stopped gently, or at once with `kill`. */
void dispatcher_cancel(struct job *job, bool kill);

/* The source submits no more: its tied jobs are cancelled. There may be very many, so each call
 * does a batch; true when none is left. */
bool dispatcher_source_ended(struct dispatch_shared *shared, struct job_source *source);

/* The source hears no more events: its waiting jobs are dropped, tied ones cancelled, running ones
 * orphaned. Each call does a batch; true when none is left. Only then may the source be freed. */
bool dispatcher_source_gone(struct dispatch_shared *shared, struct job_source *source);

/* The source has `bytes` of unread output. While that is much, no job of the source is handed to a
 * worker (hold.c). May be called from the source's own functions. */
void dispatcher_source_unread(struct dispatch_shared *shared, struct job_source *source,
                              uint64_t bytes);

/* The reader of the source has taken its output up to the place `taken`: held parts may go on. May
 * be called from the source's own functions. */
void dispatcher_source_taken(struct job_source *source, uint64_t taken);

/* The reader has taken nothing for too long: cancels the jobs whose parts wait for the reader. */
void dispatcher_source_stalled(struct dispatch_shared *shared, struct job_source *source);

/* --- reports about workers --- */

void dispatcher_worker_ready(struct worker *worker);

/* The worker is ready, but lacks a module of its preload list. */
void dispatcher_worker_ready_without(struct worker *worker, const char *why);

/* The worker has answered for its current job. */
void dispatcher_worker_answered(struct worker *worker, const struct worker_answer *answer);

/* The worker has sent a report on its current job. Borrowed. */
void dispatcher_worker_progress(struct worker *worker, const struct job_progress *progress);

/* The worker has announced a result of `bytes` for its current job. */
void dispatcher_worker_sends(struct worker *worker, size_t bytes);

/* The worker is about to send a part of `size` bytes for its current job, or was held before. */
enum part_verdict dispatcher_part_announced(struct worker *worker, size_t size);

/* A part is here whole: borrowed; NULL if it is empty. The source hears of it, unless parts are
 * dropped meanwhile. */
void dispatcher_part_arrived(struct worker *worker, struct payload *payload);

/* The worker is dead, and its held part is thrown away. So are all later ones, and its answer does
 * not count: no part may be missing before another, nor before a result. */
void dispatcher_part_lost(struct worker *worker);

/* The worker has not answered for some milliseconds: other workers get its prefetched jobs. */
void dispatcher_worker_silent(struct worker *worker);

/* The worker has said that it is alive. */
void dispatcher_worker_alive(struct worker *worker);

/* The worker asks to be replaced, for a reason of recycling: it ends after its job, and others get
 * its prefetched ones. May be called again. */
void dispatcher_worker_leaves(struct worker *worker, enum worker_end end);

/* Decides why the worker ends, unless that is decided or not known before the reaping. Tells
 * nobody: the log comes before the loss. */
void dispatcher_worker_exited(struct worker *worker, const struct worker_exit *exit);

/* The worker's process has ended, or is out of reach. The process need not be reaped yet. */
void dispatcher_worker_lost(struct worker *worker, const struct worker_exit *end);

/* The worker's process is reaped; the record is freed. */
void dispatcher_worker_reaped(struct worker *worker);

/* --- at the operator's wish --- */

/* No further job of the pool begins, until it is resumed. Jobs begun by a worker go on. Each
 * returns whether the pool was paused before. */
bool dispatcher_pause(struct dispatcher *d);
bool dispatcher_resume(struct dispatcher *d);

/* All workers of the pool are replaced, each after its job. Returns their number. */
size_t dispatcher_recycle(struct dispatcher *d);

/* Likewise one worker. False if it is about to go already. */
bool dispatcher_recycle_worker(struct worker *worker);

/* Kills the worker at the operator's wish. Its begun job fails with the reason error, by the
 * operator; all others go back to the line. */
void dispatcher_kill_worker(struct worker *worker);

/* Other numbers of workers and jobs until the next dispatcher_configure(). Surplus workers end,
 * busy ones after their job; waiting jobs stay, however many. */
void dispatcher_resize(struct dispatcher *d, const struct pool_size *size);

/* --- the end of the server --- */

/* No new jobs, in any pool: waiting ones fail, or with `run` are run first unless the pool is
 * paused; running ones go on, idle workers end. May come again without `run`. */
void dispatcher_drain(struct dispatcher *d, bool run);

/* Stops all running jobs, step by step, with reason shutdown. They and their workers end within
 * kill-grace-ms, as far as the system can end them. */
void dispatcher_stop(struct dispatcher *d);

/* Fails all running jobs, with reason shutdown, and kills all workers. */
void dispatcher_abort(struct dispatcher *d);

/* True when draining is done: no job and no worker is left. */
bool dispatcher_is_drained(const struct dispatcher *d);

/* --- for reports --- */

/* The worker has begun its current job. */
bool dispatcher_worker_has_begun(const struct worker *worker);

/* Copies the latest report on the job's progress, whether the submitter asks for reports or not.
 * False if there is none, as for a job that does not run. */
bool dispatcher_job_progress(const struct job *job, struct job_progress *latest);

/* When the worker said or printed anything last, or its start. */
uint64_t dispatcher_worker_heard_us(const struct worker *worker);

/* Bytes of its memory, by its own word: at its start, while idle, or before its last job. 0 if
 * unknown. */
uint64_t dispatcher_worker_rss(const struct worker *worker);

/* Behind a reload: whether the workers will be replaced is not decided yet. */
bool dispatcher_is_renewing(const struct dispatcher *d);

/* Waiting jobs, prefetched ones included. */
static inline size_t dispatcher_waiting(const struct dispatcher *d)
{
    return job_queue_count(&d->line.queue) + d->line.prefetched_count + d->aside.count;
}

/* The job with the longest wait; NULL if no job waits. */
const struct job *dispatcher_oldest_waiting(const struct dispatcher *d);

/* The most jobs that may be before a waiting one: some of those counted may have left. O(1). */
size_t dispatcher_position(const struct job *job);

/* The limits in force, the least of the job's own, its module's and its pool's; 0: none. */
struct job_limits {
    uint32_t timeout_ms, soft_timeout_ms; /* of its run */
    uint32_t max_wait_ms;
};

struct job_limits dispatcher_limits(const struct job *job);

#endif
