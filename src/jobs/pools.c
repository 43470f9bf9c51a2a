/* pools: see pools.h. */
#include "jobs/pools.h"

#include "common/log.h"
#include "common/xmalloc.h"

#include <stdlib.h>
#include <string.h>

/* --- making and freeing --- */

struct dispatcher *pools_named(const struct pools *pools, const char *name)
{
    struct dispatcher *d;
    POOLS_EACH (d, pools)
        if (strcmp(d->name, name) == 0)
            return d;
    return NULL;
}

/* The first number that no pool has. A removed pool keeps its number until it is freed. */
static uint32_t free_number(const struct pools *pools)
{
    const struct dispatcher *d;
    uint32_t number = 0;
    bool taken = true;
    while (taken) {
        taken = false;
        POOLS_EACH (d, pools)
            taken |= d->line.queue.number == number;
        number += taken;
    }
    return number;
}

static struct dispatcher *add(struct pools *pools, const char *name,
                              const struct pool_settings *settings)
{
    struct dispatcher *d = xcalloc(1, sizeof *d);
    uint32_t number = free_number(pools);
    dispatcher_init(d, &pools->shared, name, settings, number, pools->random + 2ull * number);
    if (pools->first)
        LIST_INSERT_AFTER(pools->first, d, link);
    else
        LIST_INSERT_HEAD(&pools->list, d, link);
    news_tell_pool(&d->shared->news, d->name, POOL_IS_ADDED);
    return d;
}

static void destroy(struct dispatcher *d)
{
    LIST_REMOVE(d, link);
    dispatcher_free(d);
    free(d);
}

static void on_empty(void *arg)
{
    struct dispatcher *d = arg;
    log_event(LOG_INFO, "pool-removed", LOG_STR("pool", d->name));
    news_tell_pool(&d->shared->news, d->name, POOL_IS_REMOVED);
    destroy(d);
}

static void add_named(struct pools *pools, const struct job_settings *settings)
{
    const struct pool_settings *entries = settings->pools.items;
    for (size_t i = 0; i < settings->pools.count; i++)
        add(pools, entries[i].name, &entries[i]);
}

/* --- pings --- */

static void set_ping(struct pools *pools)
{
    const struct job_settings *limits = &pools->shared.limits;
    if (limits->ping_interval_ms && !limits->allow_debug)
        timer_set_ms(pools->shared.timers, &pools->ping, limits->ping_interval_ms);
    else
        timer_clear(pools->shared.timers, &pools->ping);
}

static void on_ping(void *arg)
{
    struct pools *pools = arg;
    struct dispatcher *d;
    POOLS_EACH (d, pools)
        dispatcher_ping(d);
    set_ping(pools);
}

/* --- beginning and end --- */

void pools_init(struct pools *pools, const struct dispatcher_ops *ops, void *ctx,
                struct timers *timers, const struct job_settings *settings, uint64_t random)
{
    *pools = (struct pools){.random = random};
    LIST_INIT(&pools->list);
    dispatch_shared_init(&pools->shared, ops, ctx, timers, settings);
    pools->first = add(pools, POOL_DEFAULT, &settings->pool);
    add_named(pools, settings);
    timer_init(&pools->ping, on_ping, pools);
}

void pools_free(struct pools *pools)
{
    struct dispatcher *d, *next;
    timer_clear(pools->shared.timers, &pools->ping);
    for (d = LIST_FIRST(&pools->list); d; d = next) {
        next = LIST_NEXT(d, link);
        destroy(d);
    }
    dispatch_shared_free(&pools->shared);
}

void pools_start(struct pools *pools)
{
    struct dispatcher *d;
    POOLS_EACH (d, pools)
        dispatcher_start(d);
    set_ping(pools);
}

/* --- other settings --- */

static void configure_named(struct pools *pools, const struct pool_settings *settings, bool renew)
{
    struct dispatcher *d = pools_named(pools, settings->name);
    if (!d) {
        dispatcher_start(add(pools, settings->name, settings));
        return;
    }
    dispatcher_restore(d);
    dispatcher_configure(d, settings, renew);
}

static void remove_others(struct pools *pools, const struct job_settings *settings)
{
    struct dispatcher *d;
    POOLS_EACH (d, pools)
        if (!job_settings_pool(settings, d->name))
            dispatcher_remove(d, on_empty);
}

void pools_configure(struct pools *pools, const struct job_settings *settings, bool renew)
{
    const struct pool_settings *entries = settings->pools.items;
    dispatch_shared_configure(&pools->shared, settings);
    dispatcher_configure(pools->first, &settings->pool, renew);
    for (size_t i = 0; i < settings->pools.count; i++)
        configure_named(pools, &entries[i], renew);
    remove_others(pools, settings);
    set_ping(pools);
}

bool pools_are_renewing(const struct pools *pools)
{
    const struct dispatcher *d;
    POOLS_EACH (d, pools)
        if (dispatcher_is_renewing(d))
            return true;
    return false;
}

/* --- jobs --- */

static struct dispatcher *pool_of(const struct pools *pools, const struct module_entry *module)
{
    struct dispatcher *d = NULL;
    if (module->settings.pool)
        d = pools_named(pools, module->settings.pool);
    return d ? d : pools->first;
}

/* A module remembers its pool until the next settings come (module_table.c). */
void pools_submit(struct pools *pools, struct job *job)
{
    struct module_entry *module = job->asked.module;
    if (module && !module->pool)
        module->pool = pool_of(pools, module);
    dispatcher_submit(module ? module->pool : pools->first, job);
}

/* --- the end of the server --- */

void pools_drain(struct pools *pools, bool run)
{
    struct dispatcher *d;
    POOLS_EACH (d, pools)
        dispatcher_drain(d, run);
}

void pools_stop(struct pools *pools)
{
    struct dispatcher *d;
    POOLS_EACH (d, pools)
        dispatcher_stop(d);
}

void pools_abort(struct pools *pools)
{
    struct dispatcher *d;
    POOLS_EACH (d, pools)
        dispatcher_abort(d);
}

bool pools_are_drained(const struct pools *pools)
{
    const struct dispatcher *d;
    POOLS_EACH (d, pools)
        if (!dispatcher_is_drained(d))
            return false;
    return true;
}

/* --- reports --- */

struct worker *pools_worker(const struct pools *pools, uint32_t id)
{
    struct dispatcher *d;
    POOLS_EACH (d, pools) {
        struct worker *worker = pool_find(&d->pool, id);
        if (worker)
            return worker;
    }
    return NULL;
}

size_t pools_waiting(const struct pools *pools)
{
    const struct dispatcher *d;
    size_t waiting = 0;
    POOLS_EACH (d, pools)
        waiting += dispatcher_waiting(d);
    return waiting;
}

size_t pools_workers(const struct pools *pools)
{
    const struct dispatcher *d;
    size_t workers = 0;
    POOLS_EACH (d, pools)
        workers += pool_count(&d->pool);
    return workers;
}

size_t pools_workers_in(const struct pools *pools, enum worker_state state)
{
    const struct dispatcher *d;
    size_t workers = 0;
    POOLS_EACH (d, pools)
        workers += d->pool.counts[state];
    return workers;
}

bool pools_are_started(const struct pools *pools)
{
    const struct dispatcher *d;
    POOLS_EACH (d, pools)
        if (d->pool.counts[WORKER_IDLE] + d->pool.counts[WORKER_BUSY] < d->limits.pool_start)
            return false;
    return true;
}

static void look_at_modules(const struct dispatcher *d)
{
    struct worker *worker;
    for (int state = 0; state < WORKER_STATES; state++)
        TAILQ_FOREACH (worker, &d->pool.lists[state], link)
            d->ops->look_at_modules(d->ctx, worker);
}

void pools_look_at_modules(const struct pools *pools)
{
    const struct dispatcher *d;
    if (!pools->shared.ops->look_at_modules)
        return;
    POOLS_EACH (d, pools)
        look_at_modules(d);
}
