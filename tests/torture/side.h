/* side: the contents of the side file: the module's own record of each job. */
#ifndef TORTURE_SIDE_H
#define TORTURE_SIDE_H

#include "pattern.h"

#include <stdbool.h>
#include <stddef.h>

struct side_job {
    uint64_t hash; /* as of the last finish */
    uint64_t start_us, finish_us;
    uint32_t starts, finishes;
    uint32_t attempt; /* the highest one of a start */
    bool fell;        /* an attempt was lower than an earlier one */
    int32_t start_pid, finish_pid;
};

/* A module's init() has refused. */
struct side_refusal {
    uint64_t t_us;
    int32_t pid;
};

struct side {
    struct side_job *jobs; /* by uid */
    size_t count;
    struct side_refusal *refusals; /* in their order */
    size_t refusal_count, refusal_room;
    size_t broken; /* broken records */
};

void side_read(struct side *side, const char *path, size_t jobs);
void side_free(struct side *side);

#endif
