/*
 * payload: what each job carries, and how it is known again: the job's number, then bytes that
 * differ from job to job and can be checked without being kept.
 */
#ifndef TASKMASTER_BENCH_PAYLOAD_H
#define TASKMASTER_BENCH_PAYLOAD_H

#include "stream.h"

enum { PAYLOAD_MIN = 8, PAYLOAD_MAX = 16 * 1024 * 1024 };

/* Once, before all others. */
void payload_setup(size_t size);
size_t payload_size(void);

void payload_put(struct stream *stream, uint64_t number);

/* The number of the job that this came back from. Ends the process if any byte is another. */
uint64_t payload_check(const char *data, size_t size);

#endif
