/*
 * trim: gives memory back to the system after a burst.
 *
 * The allocator keeps the memory of a burst for the next one. An operator wants to see it go.
 */
#ifndef TASKMASTER_TRIM_H
#define TASKMASTER_TRIM_H

#include "base/payload.h"
#include "clients/clients.h"
#include "jobs/pools.h"

struct trim {
    /* The users of memory; the master fills these in. */
    struct timers *timers;
    const struct pools *pools;
    const struct clients *clients;
    const struct payload_budget *payloads, *output;

    /* The most since memory was given back last. */
    size_t peak_jobs;
    uint64_t peak_bytes;
    size_t peak_clients;
    struct timer timer; /* set: a burst is on, or may be over */
};

void trim_init(struct trim *trim);
void trim_end(struct trim *trim);

/* To be called in each turn of the loop. */
void trim_turn(struct trim *trim);

#endif
