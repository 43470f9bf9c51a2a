/*
 * plan: all decisions of chance in a round, from one 64-bit seed: the daemon's settings, the
 * clients, the sequence of each client's jobs, the faults and their moments, counted in submitted
 * jobs. The operating system's part differs from run to run.
 */
#ifndef TORTURE_PLAN_H
#define TORTURE_PLAN_H

#include "fault.h"
#include "job_spec.h"

#include <stddef.h>
#include <stdint.h>

enum {
    PLAN_PAYLOAD_MAX = 1 << 20,
    PLAN_OUTPUT_MAX =
        64 << 20, /* a client that reads never has a quarter of it unread: see check_order.c */
    PLAN_TOTAL_MAX = 128 << 20, /* never reached */
    PLAN_TOTAL_TIGHT = 2 << 20,
    PLAN_CLIENT_MAX = 300,
    PLAN_PART_STALL_MS = 500, /* a client may leave parts unread for so long */
};

enum { PLAN_POOLS = 5 }; /* at most; `default` is the first */

struct limits {
    uint32_t pool_start, pool_max, job_max; /* pool_max 0: there is no such pool */
};

/* The pools, and each module's. */
struct layout {
    struct limits pools[PLAN_POOLS];
    uint8_t pool_of[MODULES];
};

/* Settings of a pool that stay in a round; 0: none. */
struct pool_rules {
    uint32_t worker_window, worker_max_jobs, idle_timeout_ms, max_wait_ms;
};

/* Settings about workers' lives and crashing modules. */
struct life_rules {
    uint32_t ping_interval_ms, ping_misses, begin_timeout_ms, dead_kill_ms;
    uint32_t breaker_window_ms, breaker_crashes, breaker_pause_ms;
};

struct fault {
    uint64_t at_job; /* the number of submitted jobs when it strikes */
    uint64_t random; /* seed of its details */
    enum fault_kind kind;
};

struct plan {
    uint64_t seed, jobs;
    struct layout layout;
    struct pool_rules rules[PLAN_POOLS];
    struct life_rules life;
    uint32_t client_job_max; /* 0: none */
    uint32_t total_max;      /* bytes of all payloads */
    size_t clients;
    struct fault *faults;
    size_t fault_count;
    uint64_t queue_jobs; /* of taskqueued's clients; 0: no taskqueued */
    size_t queue_faults;
};

/* Makes a plan. Every kind comes at least once if there are enough faults. `kind`: only this one,
 * or FAULT_KINDS for all. */
void plan_make(struct plan *plan, uint64_t seed, uint64_t jobs, size_t faults,
               enum fault_kind only);
void plan_free(struct plan *plan);

/* The stream of a client's jobs. The first draw is the client's window of unanswered submits. */
struct rng plan_client(const struct plan *plan, uint64_t number);

/* The client's limit of open jobs. All clients together have about as many as the daemon has room
 * for. */
uint32_t plan_window(const struct plan *plan, struct rng *rng);

/* Draws other limits for each pool of the plan, never above the plan's. */
struct layout plan_other_limits(const struct plan *plan, struct rng *rng);

/* Draws other pools: some of the plan's, perhaps one more, and the modules elsewhere. */
struct layout plan_other_pools(const struct plan *plan, struct rng *rng);

/* The plan's pools, each with room for the workers of the start, or for one. */
struct layout plan_rest(const struct plan *plan);

extern const char *const plan_pool_names[PLAN_POOLS];

/* Sums over the pools. */
struct limits plan_sum(const struct layout *layout);

#endif
