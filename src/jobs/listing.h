/*
 * listing: looks at all jobs in an order, a bounded number in one call, and goes on later.
 *
 * The pools come by name. The running jobs of a pool come in their order of assignment, its waiting
 * ones in the order of seq, wherever they wait. A job that waits all the time is met exactly once,
 * however many others come and go between two calls. A job that begins or comes back meanwhile may
 * be met in both states or in none.
 */
#ifndef TASKMASTER_JOBS_LISTING_H
#define TASKMASTER_JOBS_LISTING_H

#include "common/limits.h"
#include "jobs/pools.h"
#include "jobs/queue_cursor.h"

enum {
    LISTING_LOOKS = 10000, /* jobs looked at in one call */
    LISTING_JOBS = 1000,   /* jobs returned by one call */
};

/* One bit for each state that a job may have. */
enum {
    LISTING_WAITING = 1u << JOB_WAITING,
    LISTING_RUNNING = 1u << JOB_RUNNING,
    LISTING_STOPPING = 1u << JOB_STOPPING,
    LISTING_ALL = LISTING_WAITING | LISTING_RUNNING | LISTING_STOPPING,
};

/* The wanted jobs. All texts are borrowed. */
struct listing_filter {
    unsigned states;                   /* bits */
    const char *module, *pool, *owner; /* NULL: any */
    uint64_t client;                   /* the number of a source; 0: any */
    uint64_t last_seq;                 /* no later jobs; 0: all */
};

/* A place among all jobs. */
struct listing {
    bool waiting_first;             /* before the running jobs of all pools, not behind them */
    uint8_t step;                   /* 0 or 1: the running or the waiting jobs; 2: the end */
    char pool[POOL_NAME_MAX + 1];   /* the pool at hand; empty: before the first one */
    uint64_t seen;                  /* of this pool, all up to this order or seq */
    struct job_queue_cursor cursor; /* among its waiting jobs */
};

struct listing_page {
    size_t limit; /* set by the caller: at most LISTING_JOBS */
    size_t count, looks;
    struct job *jobs[LISTING_JOBS];
};

void listing_begin(struct listing *listing, bool waiting_first);

/* Fills the page. False: no job is behind it. */
bool listing_read(struct listing *listing, const struct pools *pools,
                  const struct listing_filter *filter, struct listing_page *page);

/* Leaves the place. */
void listing_end(struct listing *listing);

#endif
