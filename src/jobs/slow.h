/*
 * slow: finds jobs that have waited or run for slow-ms, at this time and not at their end, so that
 * a hung one is seen. Each job is told once while it waits, and once while it runs.
 *
 * One timer for all pools stands at the first time when a job may be slow. It is set in a turn of
 * the loop, while there is a job at all: no job pays for it.
 */
#ifndef TASKMASTER_JOBS_SLOW_H
#define TASKMASTER_JOBS_SLOW_H

#include "base/timers.h"
#include "jobs/job_log.h"
#include "jobs/pools.h"

struct job_slow {
    struct pools *pools;
    struct timers *timers;
    struct job_log *log;
    uint64_t limit_us; /* 0: off */
    struct timer timer;
};

void job_slow_init(struct job_slow *slow, struct pools *pools, struct timers *timers,
                   struct job_log *log);
void job_slow_configure(struct job_slow *slow, uint32_t limit_ms); /* 0: off */
void job_slow_end(struct job_slow *slow);

static inline bool job_slow_is_asleep(const struct job_slow *slow)
{
    return slow->limit_us && slow->pools->first->shared->jobs.count && !timer_is_set(&slow->timer);
}

/* To be called in each turn of the loop. */
static inline void job_slow_turn(struct job_slow *slow)
{
    if (job_slow_is_asleep(slow))
        timer_set(slow->timers, &slow->timer, slow->timers->now_us + slow->limit_us);
}

#endif
