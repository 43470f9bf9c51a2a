/* tally: the jobs in flight. Checks that each comes back exactly once, and measures its time. */
#ifndef TASKMASTER_BENCH_TALLY_H
#define TASKMASTER_BENCH_TALLY_H

#include <stdint.h>

struct tally {
    uint64_t *sent_ns; /* by number; 0: not in flight */
    uint32_t *away_ns; /* in the order of return; UINT32_MAX: this or more */
    uint64_t sent, done, capacity;
};

/* Begins a job now, and returns its number. */
uint64_t tally_sent(struct tally *tally);
/* Ends a job. Ends the process if the job was not in flight. */
void tally_done(struct tally *tally, uint64_t number);

static inline uint64_t tally_out(const struct tally *tally)
{
    return tally->sent - tally->done;
}

/* The time within which `percent` of all jobs came back, in microseconds; 0 without a job. Sorts
 * the times. */
double tally_percentile(struct tally *tally, double percent);

void tally_free(struct tally *tally);

#endif
