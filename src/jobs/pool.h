/* clang-format off */
/*
 * pool: the records of all workers, and their states.
 *
 * Each state is a list, and a worker is in exactly one of them: counting workers is counting lists.
 * States change in worker_set_state() alone:
 *
 *     STARTING --> IDLE <--> BUSY          a worker's life
 *         |         |         |
 *         +---------+---------+--> RETIRING    no more jobs; to be told to end, in its turn
 *         |         |         |       |
 *         +---------+---------+-------+--> STOPPING    told to end, killed or lost, not reaped yet
 *
 *     IDLE or BUSY --> DEAD    gives no sign of life, and has no job. Alive again, it is IDLE; in
 *                              the end it is RETIRING or STOPPING as the others
 *
 * A dead worker does not count towards pool-max, also while it ends: another one takes its place.
 * A record lives from the decision to start a worker until its process has been reaped.
 */
/* clang-format on */
#ifndef TASKMASTER_JOBS_POOL_H
#define TASKMASTER_JOBS_POOL_H

#include "base/timers.h"
#include "jobs/job.h"
#include "jobs/stream.h"
#include "jobs/worker_end.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>
#include <sys/types.h>

struct news;
struct pool;

enum worker_state {
    WORKER_STARTING,
    WORKER_IDLE,
    WORKER_BUSY,
    WORKER_DEAD,
    WORKER_STOPPING,
    WORKER_RETIRING, /* reports call this stopping, too */
    WORKER_STATES
};

struct worker {
    TAILQ_ENTRY(worker) link; /* in the list of its state, which begins with the last to come */
    struct pool *pool;
    void *ops_data;             /* of the dispatcher's operations */
    struct job *job;            /* while BUSY; while STOPPING until the job's end is told */
    struct job_list prefetched; /* the next jobs, in their order */
    size_t prefetched_count;
    struct timer timer; /* STARTING: the deadline to be ready; BUSY: the next step of stopping the
                           job; DEAD: when it is killed; STOPPING: the deadline to be gone */
    uint64_t since_us;  /* the last change of state */
    uint64_t started_us;
    uint64_t heard_us;  /* when it said anything last, its start included */
    uint64_t pinged_us; /* when the last ping was sent; 0: never */
    /* Set: a job was handed to it then, and taken away unbegun, and it has said nothing since. */
    uint64_t owes_us;
    uint64_t jobs_done;   /* failed ones included */
    uint64_t jobs_failed; /* by their module, or because the worker could not do them */
    uint64_t printed_us;  /* when it printed last; 0: never */
    uint64_t last_run_us; /* how long the last job took */
    size_t last_result;   /* bytes of the last job's result */
    /* The number of its last report of progress told to a source (progress.c). */
    uint64_t told_progress;
    uint32_t id;              /* from 1, never used again */
    uint32_t reloads;         /* before the start */
    pid_t pid;                /* 0 until the process runs */
    struct job_stream stream; /* parts of `job` */
    uint16_t misses;          /* pings unanswered, in a row */
    uint8_t state;            /* enum worker_state */
    uint8_t end;              /* enum worker_end: set by worker_decide_end() alone */
    /* Facts that may hold in several states, together or alone: */
    bool leaving;   /* gets no other job: it gives way to a new worker, or lost its connection */
    bool refused;   /* could not begin a job */
    bool dead;      /* is or was DEAD, and not alive again: takes no place in the pool */
    bool signalled; /* was sent SIGTERM or SIGKILL, of which another job might die */
    bool awaits_signal; /* the next signal for its job is due when the timer fires */
};

TAILQ_HEAD(worker_list, worker);

struct pool {
    struct worker_list lists[WORKER_STATES];
    size_t counts[WORKER_STATES];
    size_t count;      /* all */
    size_t dead;       /* workers that are dead, ending ones too */
    uint32_t *last_id; /* of the workers of all pools */
    struct news *news; /* of all pools */
    uint64_t forks, exits;
    uint64_t ends[WORKER_ENDS]; /* the exits by reason */
    size_t due;                 /* serving workers (STARTING, IDLE, BUSY) to be recycled */
    size_t recycling;           /* RETIRING and STOPPING ones that are being recycled */
};

void pool_init(struct pool *pool, uint32_t *last_id, struct news *news);

/* A new record, STARTING; the pool owns it. */
struct worker *pool_add(struct pool *pool, uint64_t now_us);

/* The record leaves the pool and is freed. It has no job, and its timer is not set. */
void pool_remove(struct pool *pool, struct worker *worker);

/* All workers, dead and STOPPING ones too. */
static inline size_t pool_count(const struct pool *pool)
{
    return pool->count;
}

/* The places taken in a pool of `max` places: all workers but the dead ones. Beyond `max` dead ones
 * take places, too: even if no process can be killed, there are not more than twice `max`. */
static inline size_t pool_places(const struct pool *pool, size_t max)
{
    return pool->count - (pool->dead < max ? pool->dead : max);
}

/* NULL if no worker has the id. */
struct worker *pool_find(struct pool *pool, uint32_t id);

/* The worker idle for the shortest time: its caches are warm. NULL if none is idle. */
static inline struct worker *pool_idle(const struct pool *pool)
{
    return TAILQ_FIRST(&pool->lists[WORKER_IDLE]);
}

/* Workers about to go: RETIRING or STOPPING. */
size_t pool_ending(const struct pool *pool);

static inline bool worker_is_ending(const struct worker *worker)
{
    return worker->state == WORKER_STOPPING || worker->state == WORKER_RETIRING;
}

/* The one way to another state. A transition outside the matrix aborts. */
void worker_set_state(struct worker *worker, enum worker_state state, uint64_t now_us);

/* Decides why the worker ends. The first reason counts, unless a more urgent one comes before the
 * worker is about to go: recycling gives way to any other wish, and a wish to any other reason. */
void worker_decide_end(struct worker *worker, enum worker_end end);

/* The worker's connection or process has ended: it gets no other job, and no wish has a part in its
 * end. */
void worker_cut_off(struct worker *worker);

/* The process of a new worker runs: pid is set. */
void worker_runs(struct worker *worker);

/* The worker or its job has printed something. */
void worker_printed(struct worker *worker, const struct job *job, uint64_t now_us);

const char *worker_state_name(enum worker_state state);

#endif
