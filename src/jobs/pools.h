/*
 * pools: all pools of workers, each with a line and a dispatcher of its own.
 *
 * A module belongs to one pool, so a slow module cannot take the workers of another pool. The pool
 * `default` is always there; the others have an entry in the settings. A job runs in the pool that
 * admitted it, also when a reload moves its module. A pool without an entry any more is removed as
 * soon as its last job has ended (removal.c).
 *
 * The dispatchers do not know each other. Jobs' numbers, totals and the hold of sources are shared
 * (struct dispatch_shared). A pool without work costs nothing in a turn of the loop.
 */
#ifndef TASKMASTER_JOBS_POOLS_H
#define TASKMASTER_JOBS_POOLS_H

#include "jobs/dispatcher.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

struct pools {
    struct dispatch_shared shared;
    LIST_HEAD(, dispatcher) list; /* `default` first, then in no order */
    struct dispatcher *first;     /* `default` */
    uint64_t random;              /* seed of the jitter of pauses */
    struct timer ping;            /* set: when idle workers are pinged */
};

/* `random`: any number. */
void pools_init(struct pools *pools, const struct dispatcher_ops *ops, void *ctx,
                struct timers *timers, const struct job_settings *settings, uint64_t random);

/* No worker and no job may be left. */
void pools_free(struct pools *pools);

/* Starts the workers of all pools. */
void pools_start(struct pools *pools);

/* New settings: pools come, change and are removed. The module table has the new settings already.
 * With `renew` all workers are replaced, each after its job, as soon as a new one is ready. */
void pools_configure(struct pools *pools, const struct job_settings *settings, bool renew);

/* Behind a reload: some pool is yet to decide about its new workers. */
bool pools_are_renewing(const struct pools *pools);

/* NULL if no pool has the name. Removed ones are found, too. */
struct dispatcher *pools_named(const struct pools *pools, const char *name);

/* NULL if no worker has the id. */
struct worker *pools_worker(const struct pools *pools, uint32_t id);

#define POOLS_EACH(d, pools) LIST_FOREACH (d, &(pools)->list, link)

/* Looks which modules the workers have loaded: module_entry.loaded_by and .about. */
void pools_look_at_modules(const struct pools *pools);

/* --- jobs: as in dispatcher.h --- */

/* The job goes to the pool of its module; a job without a module to `default`. */
void pools_submit(struct pools *pools, struct job *job);

static inline struct job *pools_find(const struct pools *pools, uint64_t seq)
{
    return dispatcher_find(&pools->shared, seq);
}

static inline bool pools_source_ended(struct pools *pools, struct job_source *source)
{
    return dispatcher_source_ended(&pools->shared, source);
}

static inline bool pools_source_gone(struct pools *pools, struct job_source *source)
{
    return dispatcher_source_gone(&pools->shared, source);
}

static inline void pools_source_unread(struct pools *pools, struct job_source *source,
                                       uint64_t bytes)
{
    dispatcher_source_unread(&pools->shared, source, bytes);
}

static inline void pools_source_stalled(struct pools *pools, struct job_source *source)
{
    dispatcher_source_stalled(&pools->shared, source);
}

/* --- the end of the server: each for all pools --- */

void pools_drain(struct pools *pools, bool run);
void pools_stop(struct pools *pools);
void pools_abort(struct pools *pools);
bool pools_are_drained(const struct pools *pools);

/* --- sums over all pools --- */

size_t pools_waiting(const struct pools *pools); /* jobs */
size_t pools_workers(const struct pools *pools);
size_t pools_workers_in(const struct pools *pools, enum worker_state state);

/* Each pool has its pool-start workers, ready for jobs. */
bool pools_are_started(const struct pools *pools);

#endif
