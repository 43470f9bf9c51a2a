/*
 * dispatcher: the policy. Run a job, grow the pool, queue the job or refuse it; stop it; answer for
 * it.
 *
 * It holds no descriptor and reads no clock but the timers it is given. It decides and calls a
 * table of operations: in production these are processes and connections (workers/link.c), in tests
 * a recorder. Every job that is submitted ends here, in dispatch_end(), exactly once.
 *
 * Handing over early. For a tiny job the way to a worker and back takes longer than the job, and
 * meanwhile the worker is idle. So while a line waits, a worker whose jobs are short is handed its
 * next ones before it has finished: they are lent. A lent job is still a waiting one: it counts as
 * such when the pool grows or a submit is refused, its cancel ends it at once, it goes back to its
 * place in the line when its worker is lost, stopped or told to end, and an idle worker gets it
 * when the line is empty. What makes that safe is `reclaim`, which settles with the worker
 * whether it has begun a job without waiting for it (common/worker_page.h). Before a worker is hurt
 * in any way, all that it was lent is taken back: with a worker only the job is lost that it is on.
 * So it is when a worker says nothing for some milliseconds: its job is a long one after all.
 *
 * Two designs were weighed: a queue for each worker, where jobs are moved between queues when one
 * runs dry, leaves jobs behind a long one whenever the guess was wrong; here a wrong guess costs
 * one message that is skipped.
 *
 * Operations may not call back into the dispatcher, except `poll` and `results`, which are there
 * for that.
 */
#ifndef TASKMASTER_JOBS_DISPATCHER_H
#define TASKMASTER_JOBS_DISPATCHER_H

#include "base/log_episode.h"
#include "base/timers.h"
#include "common/limits.h"
#include "jobs/job.h"
#include "jobs/pool.h"
#include "jobs/queue.h"
#include "jobs/settings.h"

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

struct dispatcher_ops {
    /* Starts a process for the record and sets its pid. 0, or -1 with errno when that is not
     * possible. */
    int (*start)(void *ctx, struct worker *worker);
    /* Hands the job to the worker, behind the jobs that the worker has. Returns a tag: the
     * dispatcher keeps the tag in the job's record for the operations, and never reads it. */
    uint8_t (*assign)(void *ctx, const struct assignment *assignment);
    /* Takes an assigned job away from the worker; false if the worker has begun the job. The answer
     * is final, whatever the worker does at that moment or was doing when it died. */
    bool (*reclaim)(void *ctx, struct worker *worker, const struct job *job);
    /* Tells of what a lost worker had finished, by dispatcher_worker_answered(); NULL: nothing can
     * be left behind. */
    void (*results)(void *ctx, struct worker *worker);
    /* Raises the stop flag for that job. */
    void (*stop_flag)(void *ctx, struct worker *worker, const struct job *job);
    /* Sends SIGTERM or SIGKILL to the worker's process group. */
    void (*signal)(void *ctx, struct worker *worker, int signo);
    /* Tells an idle or starting worker to end by itself. */
    void (*retire)(void *ctx, struct worker *worker);
    /* Reads what the worker has sent so far, which may lead to a call of dispatcher_worker_...().
     */
    void (*poll)(void *ctx, struct worker *worker);
    /* The record is about to be freed. */
    void (*forget)(void *ctx, struct worker *worker);
};

struct dispatcher_counts {
    uint64_t submitted, done, dropped, orphaned;
    uint64_t failed[FAIL_REASONS];
    uint64_t overload[OVERLOAD_REASONS];
    size_t running;
};

/* Of something that is done to many workers: a batch at a time (pace.c). */
struct dispatch_pace {
    uint64_t since_us; /* when the last batch began */
    uint32_t count;    /* workers in it */
};

/* Where waiting jobs stand (line.c). */
struct dispatch_line {
    struct job_queue queue;
    struct job_list prefetched; /* jobs that busy workers were handed early, by order */
    size_t prefetched_count;
    uint64_t last_order; /* of assignment */
};

/* Sources that do not take their results (hold.c). */
struct dispatch_hold {
    const struct payload_budget *output; /* is charged with all that waits for sources; or NULL */
    uint64_t free;   /* bytes that may wait for a source, whatever all others hold */
    uint64_t coming; /* bytes that all jobs with workers will yield, as far as is known */
};

enum { DISPATCH_WHY_MAX = 256 }; /* why a worker did not start, as text */

/* Waiting jobs that want a fresh worker (aside.c). */
struct dispatch_aside {
    struct job_list jobs;
    size_t count;
    size_t leaving;       /* the first of these jobs go back to the line */
    struct timer trial;   /* set: a fresh worker has just been given one of these jobs */
    struct timer release; /* set: the next batch goes back in the next turn */
};

/* Starting workers, and the pauses while starts fail (start_workers.c). */
struct dispatch_starts {
    uint32_t failures;            /* in a row, since a worker has proved that starts work */
    char error[DISPATCH_WHY_MAX]; /* why the last one failed */
    uint64_t random;              /* state of the jitter */
    struct timer pause;           /* set: no worker is started until the timer fires */
    struct timer ok; /* set: starts failed, then a worker got ready; fires if that lasts */
    struct dispatch_pace pace;
    struct episode exhausted; /* all workers are busy, and jobs wait */
};

/* Replacing all workers after a reload (renew.c). */
struct dispatch_renewal {
    uint32_t reloads; /* workers that were started before the last one are old */
    uint32_t renewed; /* the last reload behind which a new worker got ready */
    bool told_held;   /* no worker got ready since the last reload, and the log was told */
};

/* Telling workers to end (retire.c). */
struct dispatch_retiring {
    struct dispatch_pace pace;
    struct timer timer; /* set: the next batch is told when the timer fires */
};

/* Stopping running jobs (stop.c). */
struct dispatch_stops {
    uint64_t by_us;   /* when all that runs has to have ended; 0: no job is hurried */
    uint64_t next_us; /* when the next worker may be sent a signal for its job */
};

/* Leaving tiny jobs to busy workers (tiny.c). */
struct dispatch_tiny {
    struct timer recall;        /* set: jobs wait though workers are idle */
    uint64_t distrust_until_us; /* no line is left to busy workers until then */
};

/* Failing jobs that nobody will serve (fail_waiting.c). */
struct dispatch_failing {
    struct timer unavailable; /* set: jobs wait and no worker lives */
    struct timer next;        /* set: the next batch fails in the next turn */
    size_t left;              /* jobs of the line that are yet to fail */
    bool aside;               /* jobs that are set aside are yet to fail */
    enum fail_reason reason;
    char message[MESSAGE_MAX];
};

/* What the next scheduling pass looks at (schedule.c). */
struct dispatch_pass {
    unsigned touched;        /* parts, by their bits */
    unsigned amid;           /* in operations that call back: the pass comes behind them */
    struct worker *answered; /* may be handed its next jobs early; NULL: none */
    struct timer more;       /* set: the line is served and the pool grows on in a later turn */
};

struct dispatcher {
    const struct dispatcher_ops *ops;
    void *ctx;
    struct timers *timers;
    void (*on_worker_timer)(void *worker); /* the function of each worker's timer */
    struct dispatcher_limits limits;
    struct dispatcher_counts counts;
    struct pool pool;
    struct hash jobs; /* all unfinished jobs, by seq */
    uint64_t last_seq;
    uint64_t mean_run_us; /* moving average */
    bool draining;
    struct episode queue_full;

    struct dispatch_pass pass;
    struct dispatch_line line;
    struct dispatch_aside aside;
    struct dispatch_hold hold;
    struct dispatch_starts starts;
    struct dispatch_renewal renewal;
    struct dispatch_retiring retiring;
    struct dispatch_stops stops;
    struct dispatch_tiny tiny;
    struct dispatch_failing failing;
};

/* How a worker's process ended. */
struct worker_exit {
    int signal; /* 0 if it exited or is not known to have ended */
    int exit_status;
    bool exited;
    const char *why;         /* what happened, for the message */
    struct payload *details; /* what is known of the crash; borrowed, may be NULL */
};

/* What a worker answered. */
struct worker_answer {
    enum job_event_type type; /* JOB_DONE or JOB_FAILED */
    enum fail_reason fail;    /* FAIL_MODULE, FAIL_UNAVAILABLE or FAIL_TOO_LARGE */
    bool unfit;               /* FAIL_UNAVAILABLE: it cannot begin the job, but another may */
    const char *code;
    const char *message;
    size_t message_len;
    uint64_t run_us;         /* how long the worker says it took; 0: it does not */
    struct payload *payload; /* borrowed */
};

void dispatcher_init(struct dispatcher *d, const struct dispatcher_ops *ops, void *ctx,
                     struct timers *timers, const struct dispatcher_limits *limits,
                     uint64_t random);

/* Frees the tables. No worker and no job may be left. */
void dispatcher_free(struct dispatcher *d);

/* Starts the pool. */
void dispatcher_start(struct dispatcher *d);

/* Other limits; with `renew` all workers are replaced, once a new one is ready, each after its job.
 */
void dispatcher_configure(struct dispatcher *d, const struct dispatcher_limits *limits, bool renew);

/* Takes over a NEW job that has its source and its payload. Its events, perhaps the terminal one,
 * are told before this returns; then the job may be gone. */
void dispatcher_submit(struct dispatcher *d, struct job *job);

/* The live job of that number; NULL if there is none. */
struct job *dispatcher_find(const struct dispatcher *d, uint64_t seq);

/* Stops a job: a waiting one ends at once; a running one is stopped gently, or at once with `kill`.
 */
void dispatcher_cancel(struct dispatcher *d, struct job *job, bool kill);

/* The jobs of a source that are tied to it are cancelled. There may be very many, so this does a
 * batch; true when none is left. The source submits no more. */
bool dispatcher_source_ended(struct dispatcher *d, struct job_source *source);

/* Nobody is there to be told any more: waiting jobs are dropped, tied ones cancelled, running ones
 * orphaned. There may be very many, so this does a batch; true when none is left, and only then may
 * the source go. */
bool dispatcher_source_gone(struct dispatcher *d, struct job_source *source);

/* `bytes` of what the source was told have not been taken. While that is much, no job of the source
 * is handed to a worker (hold.c). May be called from the source's own functions. */
void dispatcher_source_unread(struct dispatcher *d, struct job_source *source, uint64_t bytes);

/* What workers do. A loss may be told before the process is reaped: the job's end does not wait for
 * that. */
void dispatcher_worker_ready(struct dispatcher *d, struct worker *worker);
/* The worker is ready, but a module that it was to preload cannot be used. */
void dispatcher_worker_ready_without(struct dispatcher *d, struct worker *worker, const char *why);
void dispatcher_worker_answered(struct dispatcher *d, struct worker *worker,
                                const struct worker_answer *answer);
/* The worker has announced `bytes` for the job that it is on. */
void dispatcher_worker_sends(struct dispatcher *d, struct worker *worker, size_t bytes);
/* It has not answered for milliseconds: what waits behind its job is for others. */
void dispatcher_worker_silent(struct dispatcher *d, struct worker *worker);
void dispatcher_worker_lost(struct dispatcher *d, struct worker *worker,
                            const struct worker_exit *end);
void dispatcher_worker_reaped(struct dispatcher *d,
                              struct worker *worker); /* the record is freed */

/* No new jobs; waiting ones fail, running ones go on, idle workers end. */
void dispatcher_drain(struct dispatcher *d);

/* Jobs that still run are stopped, step by step, with reason shutdown. They and their workers end
 * within kill-grace-ms, as far as the system can end them. */
void dispatcher_stop(struct dispatcher *d);

/* Jobs that still run have failed, with reason shutdown, and all workers are killed. */
void dispatcher_abort(struct dispatcher *d);

/* Jobs that wait, prefetched ones included. */
size_t dispatcher_waiting(const struct dispatcher *d);

/* The job that waits longest; NULL if none waits. */
const struct job *dispatcher_oldest_waiting(const struct dispatcher *d);

/* True when draining is done: no job and no worker is left. */
bool dispatcher_is_drained(const struct dispatcher *d);

#endif
