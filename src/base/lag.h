/*
 * lag: how long the turns of the loop took within the last minute. A request that has arrived waits
 * so long at most until it is read.
 *
 * The minute is counted in parts of ten seconds: a turn counts for 60 to 70 seconds.
 */
#ifndef TASKMASTER_BASE_LAG_H
#define TASKMASTER_BASE_LAG_H

#include "base/histogram.h"

enum { LAG_PARTS = 7, LAG_PART_US = 10000000 };

struct lag {
    struct histogram parts[LAG_PARTS];
    uint64_t part; /* the time in parts: parts[part % LAG_PARTS] is being counted */
};

/* A turn that ended now took `us`. */
void lag_add(struct lag *lag, uint64_t us, uint64_t now_us);

/* The turns of the last minute. */
struct histogram lag_sum(struct lag *lag, uint64_t now_us);

#endif
