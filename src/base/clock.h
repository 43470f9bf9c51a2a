/* clock: the monotonic clock, and the CPU time of this process. The dispatcher does not
 * include this file. */
#ifndef TASKMASTER_BASE_CLOCK_H
#define TASKMASTER_BASE_CLOCK_H

#include <stdint.h>
#include <time.h>

static inline uint64_t clock_read_us(clockid_t id)
{
    struct timespec ts;
    clock_gettime(id, &ts);
    return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

/* CLOCK_MONOTONIC in microseconds. */
static inline uint64_t clock_us(void)
{
    return clock_read_us(CLOCK_MONOTONIC);
}

/* CPU time of this process, in microseconds. Costs a system call, unlike clock_us(). */
static inline uint64_t clock_cpu_us(void)
{
    return clock_read_us(CLOCK_PROCESS_CPUTIME_ID);
}

#endif
