/*
 * payload: the contents of each job: its number, then bytes different from job to job. A result can
 * be checked without a copy of the payload.
 */
#ifndef TASKMASTER_BENCH_PAYLOAD_H
#define TASKMASTER_BENCH_PAYLOAD_H

#include "stream.h"

enum { PAYLOAD_MIN = 8, PAYLOAD_MAX = 16 * 1024 * 1024 };

/* Call once, before the other functions. */
void payload_setup(size_t size);
size_t payload_size(void);

void payload_put(struct stream *stream, uint64_t number);

/* The number of the result's job. Ends the process if any byte differs. */
uint64_t payload_check(const char *data, size_t size);

#endif
