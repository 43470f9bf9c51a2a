/*
 * episode: a condition that comes and goes, told once when it begins and once when it has been over
 * for a while.
 *
 * A pool that is exhausted a thousand times a second is one thing to say, not a thousand.
 */
#ifndef TASKMASTER_BASE_LOG_EPISODE_H
#define TASKMASTER_BASE_LOG_EPISODE_H

#include "base/timers.h"

#include <stdbool.h>
#include <stdint.h>

struct episode {
    bool on;
    uint64_t since_us, last_us;
    uint64_t count;    /* times it was noticed */
    struct timer over; /* its function, the owner's, asks episode_over() */
};

/* Notices the condition; true if that begins an episode. */
bool episode_noticed(struct episode *episode, struct timers *timers);

/* True if the episode has ended; otherwise `over` fires again. `still`: the condition holds at this
 * moment. */
bool episode_over(struct episode *episode, struct timers *timers, bool still);

/* From its first to its last moment. */
uint64_t episode_seconds(const struct episode *episode);

#endif
