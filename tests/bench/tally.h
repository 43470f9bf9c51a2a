/* tally: which jobs are out, that each comes back exactly once, and how long it was away. */
#ifndef TASKMASTER_BENCH_TALLY_H
#define TASKMASTER_BENCH_TALLY_H

#include <stdint.h>

struct tally {
    uint64_t *sent_ns; /* by number; 0: not out */
    uint32_t *away_ns; /* in the order of return; UINT32_MAX is that or more */
    uint64_t sent, done, capacity;
};

/* The number of a job that goes out now. */
uint64_t tally_sent(struct tally *tally);
/* It is back. Ends the process if it was not out. */
void tally_done(struct tally *tally, uint64_t number);

static inline uint64_t tally_out(const struct tally *tally)
{
    return tally->sent - tally->done;
}

/* Microseconds within which that part of all jobs was back; sorts. 0 without a job. */
double tally_percentile(struct tally *tally, double percent);

void tally_free(struct tally *tally);

#endif
