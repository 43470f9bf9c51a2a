/* readiness: see readiness.h. */
#include "gateway/api/readiness.h"

#include "base/figures.h"

#include <stdio.h>

enum { WANTED_MS = 1000 }; /* a job that waits so long should have had a worker */

static uint64_t at(const json_t *pool, const char *path)
{
    return figures_get(figures_find(pool, path));
}

/* A paused pool is without workers on purpose. */
static bool lacks_worker(const json_t *pool)
{
    bool is_wanted = at(pool, "queue.waiting") && at(pool, "queue.oldest_ms") >= WANTED_MS;
    return is_wanted && !at(pool, "paused") && !at(pool, "pool.idle") && !at(pool, "pool.busy");
}

static bool are_paused(const json_t *pools)
{
    const char *name;
    json_t *pool;
    json_object_foreach ((json_t *)pools, name, pool)
        if (!at(pool, "paused"))
            return false;
    return json_object_size(pools) > 0;
}

/* The name of a pool in want of a worker; NULL: none. */
static const char *find_lacking(const json_t *pools)
{
    const char *name;
    json_t *pool;
    json_object_foreach ((json_t *)pools, name, pool)
        if (lacks_worker(pool))
            return name;
    return NULL;
}

bool readiness_of(const json_t *stats, char fault[READINESS_FAULT_MAX])
{
    const json_t *pools = json_object_get(stats, "pools");
    const char *lacking = find_lacking(pools);
    if (!stats)
        snprintf(fault, READINESS_FAULT_MAX, "it tells no figures");
    else if (at(stats, "draining"))
        snprintf(fault, READINESS_FAULT_MAX, "draining");
    else if (are_paused(pools))
        snprintf(fault, READINESS_FAULT_MAX, "paused");
    else if (lacking)
        snprintf(fault, READINESS_FAULT_MAX, "no worker in pool %.64s", lacking);
    else
        return true;
    return false;
}
