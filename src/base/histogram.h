/*
 * histogram: how often a time of each order of magnitude was seen.
 *
 * A counter for each power of two of a microsecond. Counter n has the values from 2^n to 2^(n+1) -
 * 1; counter 0 has 0 as well, and the last counter has everything above. A value costs a few
 * instructions and no memory, whatever the number of values.
 */
#ifndef TASKMASTER_BASE_HISTOGRAM_H
#define TASKMASTER_BASE_HISTOGRAM_H

#include <stdint.h>

enum { HISTOGRAM_BUCKETS = 41 }; /* 2^0 to 2^40 us: the last begins at 12.7 days */

struct histogram {
    uint64_t counts[HISTOGRAM_BUCKETS];
    uint64_t sum; /* of all values */
    uint64_t max; /* the largest value */
};

/* The number of the counter for the value. */
static inline unsigned histogram_bucket(uint64_t value)
{
    unsigned bucket = 63u - (unsigned)__builtin_clzll(value | 1);
    return bucket < HISTOGRAM_BUCKETS ? bucket : HISTOGRAM_BUCKETS - 1;
}

/* Counts the value, whose counter is known. */
static inline void histogram_add_to(struct histogram *histogram, unsigned bucket, uint64_t value)
{
    histogram->counts[bucket]++;
    histogram->sum += value;
    if (value > histogram->max)
        histogram->max = value;
}

static inline void histogram_add(struct histogram *histogram, uint64_t value)
{
    histogram_add_to(histogram, histogram_bucket(value), value);
}

/* Adds the values of another histogram. */
void histogram_merge(struct histogram *sum, const struct histogram *other);

/* The number of values. */
uint64_t histogram_count(const struct histogram *histogram);

/* The value with so many thousandths of all values at or below it: 500 is the median. Values count
 * as spread evenly over their counter's range. Never above `max`; 0 without values. */
uint64_t histogram_quantile(const struct histogram *histogram, unsigned thousandths);

#endif
