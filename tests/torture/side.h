/* side: the side file, read: what the module says of each job, whatever the daemon says. */
#ifndef TORTURE_SIDE_H
#define TORTURE_SIDE_H

#include "pattern.h"

#include <stddef.h>

struct side_job {
    uint64_t hash; /* as of the last finish */
    uint64_t start_us, finish_us;
    uint32_t starts, finishes;
    int32_t start_pid, finish_pid;
};

struct side {
    struct side_job *jobs; /* by uid */
    size_t count;
    size_t broken; /* records that make no sense */
};

void side_read(struct side *side, const char *path, size_t jobs);
void side_free(struct side *side);

#endif
