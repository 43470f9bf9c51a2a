/*
 * log_episode: a condition that comes and goes, told once at its beginning, and once some time
 * after its end.
 *
 * A pool exhausted a thousand times a second is one thing to say, not a thousand.
 */
#ifndef TASKMASTER_BASE_LOG_EPISODE_H
#define TASKMASTER_BASE_LOG_EPISODE_H

#include "base/timers.h"

#include <stdbool.h>
#include <stdint.h>

struct log_episode {
    bool on;
    uint64_t since_us, last_us;
    uint64_t count;    /* number of notices */
    struct timer over; /* its function is the owner's, and asks log_episode_over() */
};

/* Notices the condition; true at the beginning of an episode. */
bool log_episode_noticed(struct log_episode *episode, struct timers *timers);

/* True if the episode has ended; otherwise `over` fires again. `still`: the condition holds at this
 * moment. */
bool log_episode_over(struct log_episode *episode, struct timers *timers, bool still);

/* The time from the first to the last notice, in seconds. */
uint64_t log_episode_seconds(const struct log_episode *episode);

#endif
