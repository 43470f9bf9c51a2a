/*
 * worker_memory: how much memory each worker process holds, at most a tenth of a second old.
 *
 * Each look opens and reads a file of the kernel's, and clients may ask a thousand times in one
 * turn of the loop. So figures are kept for a while, and then all are forgotten together.
 */
#ifndef TASKMASTER_STATS_WORKER_MEMORY_H
#define TASKMASTER_STATS_WORKER_MEMORY_H

#include "base/hash.h"

#include <stdint.h>
#include <sys/types.h>

struct worker_memory {
    struct hash by_worker; /* the figures kept */
    uint64_t since_us;     /* the first of them */
};

void worker_memory_init(struct worker_memory *memory);
void worker_memory_free(struct worker_memory *memory);

/* Resident memory in KiB; 0 if unknown. */
uint64_t worker_memory_kb(struct worker_memory *memory, uint32_t worker, pid_t pid,
                          uint64_t now_us);

#endif
