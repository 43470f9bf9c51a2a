/* deadline: a timeout as a point on the monotonic clock. A call with several waits then keeps to
 * its one limit. Calls nobody. */
#ifndef TASKMASTER_CLIENT_LIB_DEADLINE_H
#define TASKMASTER_CLIENT_LIB_DEADLINE_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#define TMC_DEADLINE_NEVER INT64_MAX

/* In nanoseconds: rounding never ends a wait early. */
static inline int64_t tmc_deadline_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static inline int64_t tmc_deadline_in(int timeout_ms)
{
    return timeout_ms < 0 ? TMC_DEADLINE_NEVER : tmc_deadline_now() + (int64_t)timeout_ms * 1000000;
}

static inline bool tmc_deadline_passed(int64_t deadline)
{
    return deadline != TMC_DEADLINE_NEVER && tmc_deadline_now() >= deadline;
}

/* For poll(2): milliseconds, rounded up; -1: for ever. */
static inline int tmc_deadline_left_ms(int64_t deadline)
{
    if (deadline == TMC_DEADLINE_NEVER)
        return -1;
    int64_t left = deadline - tmc_deadline_now();
    if (left <= 0)
        return 0;
    left = (left + 999999) / 1000000;
    return left > INT_MAX ? INT_MAX : (int)left;
}

/* The shorter of two such times. */
static inline int tmc_deadline_earlier_ms(int a_ms, int b_ms)
{
    if (a_ms < 0 || b_ms < 0)
        return a_ms < 0 ? b_ms : a_ms;
    return a_ms < b_ms ? a_ms : b_ms;
}

#endif
