/*
 * tally: the figures of the ended jobs of a module, or of a pool: their times and their bytes.
 *
 * Counted once, where a job ends (end.c); parts of a result as they come (stream.c). The times are
 * of jobs that a worker has begun.
 */
#ifndef TASKMASTER_JOBS_TALLY_H
#define TASKMASTER_JOBS_TALLY_H

#include "base/histogram.h"

struct tally {
    struct histogram wait_us, run_us;
    uint64_t bytes_in;  /* of payloads */
    uint64_t bytes_out; /* of results and their parts, and of details of failures */
};

#endif
