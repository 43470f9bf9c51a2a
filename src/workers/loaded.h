/*
 * worker_loaded: the modules that a worker has loaded, as its memory shows them
 * (common/worker_page.h). Nothing is read until somebody asks, or the worker ends.
 */
#ifndef TASKMASTER_WORKERS_LOADED_H
#define TASKMASTER_WORKERS_LOADED_H

#include "common/worker_page.h"
#include "jobs/module_table.h"

#include <stdint.h>

struct worker_loaded {
    uint32_t seen;                 /* entries of the worker's list that were read */
    uint32_t count;                /* of the modules below */
    struct module_entry **modules; /* owned list of borrowed entries, which count this worker */
};

/* Reads the entries that are new. The modules are told of their loading. */
void worker_loaded_look(struct worker_loaded *loaded, const struct worker_shared *shared,
                        struct module_table *table, uint64_t now_us);

/* The worker has ended: no module counts it any more. */
void worker_loaded_end(struct worker_loaded *loaded);

#endif
