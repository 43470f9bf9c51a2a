/*
 * plan: everything that chance decides in a round, from one 64-bit seed: the settings of the
 * daemon, the clients, the jobs that each submits in order, the faults and the moment of each,
 * counted in jobs submitted. What the operating system makes of it differs from run to run.
 */
#ifndef TORTURE_PLAN_H
#define TORTURE_PLAN_H

#include "fault.h"

#include <stddef.h>
#include <stdint.h>

enum {
    PLAN_PAYLOAD_MAX = 1 << 20,
    PLAN_OUTPUT_MAX = 64 << 20, /* who reads never has a quarter of it unread: see check_order.c */
    PLAN_TOTAL_MAX = 128 << 20, /* never reached */
    PLAN_TOTAL_TIGHT = 2 << 20,
    PLAN_CLIENT_MAX = 300,
};

struct limits {
    uint32_t pool_start, pool_max, job_max;
};

struct fault {
    uint64_t at_job; /* it strikes once so many jobs have been submitted */
    uint64_t random; /* where its details are drawn from */
    enum fault_kind kind;
};

struct plan {
    uint64_t seed, jobs;
    struct limits limits;
    uint32_t client_job_max; /* 0: none */
    uint32_t total_max;      /* bytes of all payloads */
    size_t clients;
    struct fault *faults;
    size_t fault_count;
};

/* Every kind comes at least once if there are enough faults for that. `kind`: only this one, or
 * FAULT_KINDS for all. */
void plan_make(struct plan *plan, uint64_t seed, uint64_t jobs, size_t faults,
               enum fault_kind only);
void plan_free(struct plan *plan);

/* The stream of a client's jobs; its window of unanswered submits is drawn first. */
struct rng plan_client(const struct plan *plan, uint64_t number);

/* The most jobs that such a client has open: all together about as many as there is room for. */
uint32_t plan_window(const struct plan *plan, struct rng *rng);

/* Other limits than those of the plan, never above them. */
struct limits plan_other_limits(const struct plan *plan, struct rng *rng);

#endif
