/* plan: see plan.h. */
#include "plan.h"

#include "die.h"

#include <stdlib.h>

/* The queue's jobs and faults are one in so many of the plan's. A fault costs the
 * queue a second. */
enum { QUEUE_JOBS = 10, QUEUE_FAULTS = 20 };

enum { STREAM_SETTINGS = 1, STREAM_FAULTS = 2, STREAM_CLIENTS = 1000 };

const char *const plan_pool_names[PLAN_POOLS] = {"default", "one", "two", "three", "four"};

static struct limits draw_limits(struct rng *rng, uint32_t least, uint32_t most)
{
    static const uint32_t job_max[] = {20, 50, 100, 200, 400};
    struct limits limits = {.pool_max = (uint32_t)rng_range(rng, 1, most)};
    limits.pool_start = (uint32_t)rng_range(rng, least, limits.pool_max);
    limits.job_max = job_max[rng_below(rng, sizeof job_max / sizeof *job_max)];
    return limits;
}

static uint8_t draw_pool(const struct layout *layout, struct rng *rng)
{
    uint64_t pool;
    do
        pool = rng_below(rng, PLAN_POOLS);
    while (!layout->pools[pool].pool_max);
    return (uint8_t)pool;
}

static void draw_pools_of_modules(struct layout *layout, struct rng *rng)
{
    for (int module = 0; module < MODULES_SET; module++)
        layout->pool_of[module] = draw_pool(layout, rng);
}

/* `default` and up to four others. */
static void draw_layout(struct layout *layout, struct rng *rng)
{
    uint64_t count = rng_range(rng, 2, PLAN_POOLS);
    layout->pools[0] = draw_limits(rng, 1, 4);
    for (uint64_t i = 1; i < count; i++)
        layout->pools[i] = draw_limits(rng, 0, 3);
    draw_pools_of_modules(layout, rng);
}

/* Ways of handing out jobs, and of workers' ends. */
static struct pool_rules draw_rules(struct rng *rng)
{
    static const uint32_t windows[] = {1, 2, 4, 8, 16};
    return (struct pool_rules){
        .worker_window = windows[rng_below(rng, sizeof windows / sizeof *windows)],
        .worker_max_jobs = rng_chance(rng, 300) ? (uint32_t)rng_range(rng, 20, 400) : 0,
        .idle_timeout_ms = (uint32_t)rng_range(rng, 100, 3000),
        .max_wait_ms = rng_chance(rng, 300) ? (uint32_t)rng_range(rng, 200, 3000) : 0,
    };
}

/* Short times: a stopped worker is dead after a second or two. */
static struct life_rules draw_life(struct rng *rng)
{
    return (struct life_rules){
        .ping_interval_ms = rng_chance(rng, 800) ? (uint32_t)rng_range(rng, 200, 600) : 0,
        .ping_misses = (uint32_t)rng_range(rng, 1, 2),
        .begin_timeout_ms = rng_chance(rng, 800) ? (uint32_t)rng_range(rng, 300, 1000) : 0,
        .dead_kill_ms = (uint32_t)rng_range(rng, 300, 3000),
        .breaker_window_ms = (uint32_t)rng_range(rng, 1000, 10000),
        .breaker_crashes = rng_chance(rng, 800) ? (uint32_t)rng_range(rng, 2, 5) : 0,
        .breaker_pause_ms = (uint32_t)rng_range(rng, 50, 200),
    };
}

static void draw_settings(struct plan *plan)
{
    struct rng rng = rng_of(plan->seed, STREAM_SETTINGS);
    draw_layout(&plan->layout, &rng);
    for (int i = 0; i < PLAN_POOLS; i++)
        plan->rules[i] = draw_rules(&rng);
    plan->rules[0].max_wait_ms = 0; /* the limit of `default` would be all pools' */
    plan->life = draw_life(&rng);
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
    if (only == FAULT_KINDS) {
        plan->queue_jobs = jobs / QUEUE_JOBS;
        plan->queue_faults = faults / QUEUE_FAULTS;
    }
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
    uint64_t fair = plan_sum(&plan->layout).job_max / plan->clients + 1;
    return (uint32_t)rng_range(rng, 1, fair + fair / 2);
}

struct limits plan_sum(const struct layout *layout)
{
    struct limits sum = {.job_max = 0};
    for (int i = 0; i < PLAN_POOLS; i++) {
        const struct limits *pool = &layout->pools[i];
        sum.pool_start += pool->pool_max ? pool->pool_start : 0;
        sum.pool_max += pool->pool_max;
        sum.job_max += pool->pool_max ? pool->job_max : 0;
    }
    return sum;
}

struct layout plan_other_limits(const struct plan *plan, struct rng *rng)
{
    struct layout layout = plan->layout;
    for (int i = 0; i < PLAN_POOLS; i++) {
        struct limits *pool = &layout.pools[i];
        if (!pool->pool_max)
            continue;
        pool->pool_max = (uint32_t)rng_range(rng, 1, pool->pool_max);
        pool->job_max = (uint32_t)rng_range(rng, 1, pool->job_max);
        pool->pool_start = (uint32_t)rng_range(rng, 0, pool->pool_max);
    }
    return layout;
}

struct layout plan_other_pools(const struct plan *plan, struct rng *rng)
{
    struct layout layout = plan->layout;
    for (int i = 1; i < PLAN_POOLS; i++)
        if (!rng_chance(rng, 500))
            layout.pools[i] = rng_chance(rng, 500) ? draw_limits(rng, 0, 3) : (struct limits){0};
    draw_pools_of_modules(&layout, rng);
    return layout;
}

struct layout plan_rest(const struct plan *plan)
{
    struct layout layout = plan->layout;
    for (int i = 0; i < PLAN_POOLS; i++) {
        struct limits *pool = &layout.pools[i];
        if (pool->pool_max)
            pool->pool_max = pool->pool_start ? pool->pool_start : 1;
    }
    return layout;
}
