/*
 * usage: what jobs have used up of this process, and whether it should be replaced for that.
 *
 * The worker looks at its descriptors once in a second of work, when a job fails for want of one,
 * and when it has been idle for a moment; at its memory ten times a second at most, if the pool has
 * a worker-max-rss, and when idle. Between two looks a job costs one comparison. A worker is to be
 * replaced if more than 64 descriptors are open beside those of its start and of its modules'
 * init(), if fewer than 16 are free, or if its memory is over worker-max-rss.
 */
#ifndef TASKMASTER_WORKER_USAGE_H
#define TASKMASTER_WORKER_USAGE_H

#include "common/wire.h"
#include "common/worker_page.h"
#include "loader.h"

#include <stdbool.h>
#include <stdint.h>

struct usage {
    const struct loader *loader; /* borrowed */
    struct worker_shared *shared;
    uint64_t files_look_us; /* the next look, CLOCK_MONOTONIC */
    uint64_t rss_look_us;
    bool worked;               /* a job has run since the last look of an idle worker */
    enum wire_leaving leaving; /* told to the master; never taken back */
};

/* `loader` and `shared` are borrowed. */
void usage_init(struct usage *usage, const struct loader *loader, struct worker_shared *shared,
                uint64_t now_us);

/* To be called after each job, before its answer. `failed`: perhaps for want of a descriptor. */
void usage_after_job(struct usage *usage, uint64_t now_us, bool failed);

/* To be called once the worker has been idle for a moment. */
void usage_when_idle(struct usage *usage);

#endif
