/*
 * trim: gives memory back to the system after a burst.
 *
 * The allocator keeps the memory of a burst for the next one. An operator wants to see it go.
 */
#ifndef TASKMASTER_DAEMON_TRIM_H
#define TASKMASTER_DAEMON_TRIM_H

#include "base/payload.h"
#include "base/timers.h"

#include <stddef.h>
#include <stdint.h>

struct trim {
    /* The users of memory; the daemon fills these in. */
    struct timers *timers;
    const size_t *clients; /* connections */
    const struct payload_budget *payloads, *output;

    size_t jobs; /* in memory, at the last turn */

    /* The most since memory was given back last. */
    size_t peak_jobs;
    uint64_t peak_bytes;
    size_t peak_clients;
    struct timer timer; /* set: a burst is on, or may be over */
};

void trim_init(struct trim *trim);
void trim_end(struct trim *trim);

/* To be called in each turn of the loop, with the number of jobs in memory. */
void trim_turn(struct trim *trim, size_t jobs);

#endif
