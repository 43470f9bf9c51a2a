/* nemesis_operator: the requests that steer the daemon. */
#include "nemesis.h"

#include <stdio.h>

enum {
    PAUSE_MIN_US = 300000,
    PAUSE_MAX_US = 900000,
    RESIZED_US = 400000,
    QUIET_US = 50000,
    MORE_MAX = 2, /* workers of a pool beyond the plan's */
};

/* A pool of the plan, or PLAN_POOLS for all. */
static uint8_t draw_pool(struct nemesis *nemesis)
{
    uint8_t pool = (uint8_t)rng_below(&nemesis->rng, PLAN_POOLS + 1);
    bool all = pool == PLAN_POOLS;
    return all || nemesis->plan->layout.pools[pool].pool_max ? pool : 0;
}

static void request_pool(struct nemesis *nemesis, enum ask ask, const char *op, uint8_t pool)
{
    char text[128];
    if (pool == PLAN_POOLS)
        snprintf(text, sizeof text, "\"%s\"", op);
    else
        snprintf(text, sizeof text, "\"%s\",\"pool\":\"%s\"", op, plan_pool_names[pool]);
    monitor_request(nemesis->monitor, ask, pool, text);
}

static void resume(struct nemesis *nemesis, const struct later *later)
{
    request_pool(nemesis, ASK_RESUME, "resume", (uint8_t)later->count);
}

void nemesis_pause(struct nemesis *nemesis, uint8_t pool, uint64_t for_us)
{
    request_pool(nemesis, ASK_PAUSE, "pause", pool);
    nemesis_later(nemesis, for_us, resume, 0, 0, pool);
}

static void pause_pool(struct nemesis *nemesis)
{
    uint8_t pool = draw_pool(nemesis);
    nemesis_pause(nemesis, pool, rng_range(&nemesis->rng, PAUSE_MIN_US, PAUSE_MAX_US));
}

static void draw_size(struct nemesis *nemesis, struct limits *limits)
{
    struct rng *rng = &nemesis->rng;
    limits->pool_max = (uint32_t)rng_range(rng, 1, limits->pool_max + MORE_MAX);
    limits->pool_start = (uint32_t)rng_range(rng, 0, limits->pool_max);
    limits->job_max = (uint32_t)rng_range(rng, 1, 2ull * limits->job_max);
}

/* Until the reload that restores the plan's settings. */
static void resize(struct nemesis *nemesis)
{
    char text[160];
    uint8_t pool = draw_pool(nemesis) % PLAN_POOLS;
    struct layout layout = nemesis->plan->layout;
    struct limits *limits = &layout.pools[pool];
    draw_size(nemesis, limits);
    history_add_layout(nemesis->history, &layout);
    snprintf(text, sizeof text,
             "\"resize\",\"pool\":\"%s\",\"pool_start\":%u,\"pool_max\":%u,\"job_max\":%u",
             plan_pool_names[pool], limits->pool_start, limits->pool_max, limits->job_max);
    monitor_request(nemesis->monitor, ASK_OTHER, pool, text);
    nemesis->exclusive = true;
    nemesis_later(nemesis, rng_below(&nemesis->rng, RESIZED_US), nemesis_restore, 0, 0, 0);
}

static void speak_again(struct nemesis *nemesis, const struct later *later)
{
    (void)later;
    monitor_request(nemesis->monitor, ASK_OTHER, 0, "\"log-level\",\"level\":\"debug\"");
    nemesis->exclusive = false;
}

static void be_quiet(struct nemesis *nemesis)
{
    nemesis->exclusive = true;
    monitor_request(nemesis->monitor, ASK_OTHER, 0, "\"log-level\",\"level\":\"error\"");
    nemesis_later(nemesis, QUIET_US, speak_again, 0, 0, 0);
}

static void reload(struct nemesis *nemesis)
{
    bool bad = rng_chance(&nemesis->rng, 300);
    if (bad)
        daemon_write_bad_config(nemesis->daemon, (unsigned)rng_below(&nemesis->rng, 100));
    monitor_request(nemesis->monitor, ASK_OTHER, 0, "\"reload\"");
    nemesis->exclusive = bad;
    if (bad)
        nemesis_later(nemesis, rng_below(&nemesis->rng, RESIZED_US), nemesis_restore, 0, 0, 0);
}

/* The round starts the next master, and this ends the fault. */
static void drain(struct nemesis *nemesis)
{
    bool run = rng_chance(&nemesis->rng, 500);
    nemesis->exclusive = true;
    nemesis->restart(nemesis->arg, EPOCH_DRAINED);
    monitor_request(nemesis->monitor, ASK_OTHER, 0,
                    run ? "\"drain\",\"waiting\":\"run\"" : "\"drain\",\"waiting\":\"fail\"");
}

void nemesis_operator_strike(struct nemesis *nemesis)
{
    switch (nemesis->kind) {
    case FAULT_PAUSE:
        pause_pool(nemesis);
        break;
    case FAULT_RESIZE:
        resize(nemesis);
        break;
    case FAULT_RECYCLE:
        request_pool(nemesis, ASK_OTHER, "recycle", draw_pool(nemesis));
        break;
    case FAULT_LOG_LEVEL:
        be_quiet(nemesis);
        break;
    case FAULT_RELOAD_REQUEST:
        reload(nemesis);
        break;
    default:
        drain(nemesis);
    }
}
