/*
 * dispatch_pace: the rate of starting workers, and of telling workers to end.
 *
 * A reload may replace thousands of workers, and a thousand may be wanted in one turn. Starting a
 * process takes a millisecond when many others are ready to run, and thousands of processes at
 * their start or end leave the master little of the processors. So starts and ends have a rate
 * each: the first few at once, the others a batch at a time. (A bound on the number of workers at
 * their start or end was rejected: a few hanging ones would hold up all others.)
 */
#include "jobs/dispatcher_internal.h"

enum {
    PACE_BATCH = 8,
    PACE_US = 5000, /* from the beginning of one batch to the next */
};

bool dispatch_pace_take(struct dispatch_pace *pace, uint64_t now_us)
{
    if (now_us - pace->since_us >= PACE_US) {
        pace->since_us = now_us;
        pace->count = 0;
    }
    if (pace->count == PACE_BATCH)
        return false;
    pace->count++;
    return true;
}

uint64_t dispatch_pace_next(const struct dispatch_pace *pace)
{
    return pace->since_us + PACE_US;
}
