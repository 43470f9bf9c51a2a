/* plan: see plan.h. */
#include "plan.h"

#include "die.h"

#include <stdlib.h>

enum { STREAM_SETTINGS = 1, STREAM_FAULTS = 2, STREAM_CLIENTS = 1000 };

static void draw_settings(struct plan *plan)
{
    static const uint32_t job_max[] = {20, 50, 100, 200, 400};
    struct rng rng = rng_of(plan->seed, STREAM_SETTINGS);
    plan->limits.pool_max = (uint32_t)rng_range(&rng, 2, 8);
    plan->limits.pool_start = (uint32_t)rng_range(&rng, 1, plan->limits.pool_max);
    plan->limits.job_max = job_max[rng_below(&rng, sizeof job_max / sizeof *job_max)];
    plan->client_job_max = rng_chance(&rng, 300) ? (uint32_t)rng_range(&rng, 10, 60) : 0;
    plan->total_max = rng_chance(&rng, 200) ? PLAN_TOTAL_TIGHT : PLAN_TOTAL_MAX;
    plan->clients = (size_t)rng_range(&rng, 4, 16);
}

/* Each kind once, in the table's order; shuffle() mixes them. */
static void draw_kinds(struct plan *plan, struct rng *rng, enum fault_kind only)
{
    for (size_t i = 0; i < plan->fault_count; i++) {
        struct fault *fault = &plan->faults[i];
        fault->kind = i < FAULT_KINDS ? (enum fault_kind)i : fault_draw(rng);
        if (only != FAULT_KINDS)
            fault->kind = only;
        fault->random = rng_next(rng);
    }
}

static void shuffle(struct plan *plan, struct rng *rng)
{
    for (size_t i = plan->fault_count; i > 1; i--) {
        size_t k = (size_t)rng_below(rng, i);
        struct fault swap = plan->faults[i - 1];
        plan->faults[i - 1] = plan->faults[k];
        plan->faults[k] = swap;
    }
}

/* Spreads the moments evenly, with a little chance in each. */
static void draw_moments(struct plan *plan, struct rng *rng)
{
    uint64_t step = plan->jobs / (plan->fault_count + 1);
    for (size_t i = 0; i < plan->fault_count; i++)
        plan->faults[i].at_job = step * i + rng_below(rng, step + 1);
}

void plan_make(struct plan *plan, uint64_t seed, uint64_t jobs, size_t faults, enum fault_kind only)
{
    *plan = (struct plan){.seed = seed, .jobs = jobs, .fault_count = faults};
    plan->faults = need(faults * sizeof *plan->faults);
    draw_settings(plan);
    struct rng rng = rng_of(seed, STREAM_FAULTS);
    draw_kinds(plan, &rng, only);
    shuffle(plan, &rng);
    draw_moments(plan, &rng);
}

void plan_free(struct plan *plan)
{
    free(plan->faults);
}

struct rng plan_client(const struct plan *plan, uint64_t number)
{
    return rng_of(plan->seed, STREAM_CLIENTS + number);
}

uint32_t plan_window(const struct plan *plan, struct rng *rng)
{
    uint64_t fair = plan->limits.job_max / plan->clients + 1;
    return (uint32_t)rng_range(rng, 1, 2 * fair);
}

struct limits plan_other_limits(const struct plan *plan, struct rng *rng)
{
    struct limits limits = {
        .pool_max = (uint32_t)rng_range(rng, 1, plan->limits.pool_max),
        .job_max = (uint32_t)rng_range(rng, 1, plan->limits.job_max),
    };
    limits.pool_start = (uint32_t)rng_range(rng, 0, limits.pool_max);
    return limits;
}
