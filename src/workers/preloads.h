/*
 * worker_preloads: the modules loaded by workers at their start, for each pool, as WELCOME tells
 * them.
 *
 * Pools without such modules have no entry. A removed pool starts workers as long as jobs wait for
 * it, so its entry stays as it was.
 */
#ifndef TASKMASTER_WORKERS_PRELOADS_H
#define TASKMASTER_WORKERS_PRELOADS_H

#include "jobs/pools.h"
#include "workers/welcome.h"

#include <sys/queue.h>

struct worker_preload {
    SLIST_ENTRY(worker_preload) link;
    char pool[POOL_NAME_MAX + 1];
    struct worker_welcome *text;
};
SLIST_HEAD(worker_preloads, worker_preload);

/* Other settings. `pools` are those from before: they have not seen the settings. */
void worker_preloads_configure(struct worker_preloads *preloads,
                               const struct job_settings *settings, const struct pools *pools);
void worker_preloads_free(struct worker_preloads *preloads);

/* Returns the text for workers of a pool; a new reference. NULL if there is nothing to load. */
struct worker_welcome *worker_preloads_ref(const struct worker_preloads *preloads,
                                           const char *pool);

#endif
