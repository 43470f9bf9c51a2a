/* measure: what this process uses. */
#ifndef TASKMASTER_WORKER_MEASURE_H
#define TASKMASTER_WORKER_MEASURE_H

#include <stdint.h>

/* Returns the processor time of all threads so far, user and system, and of all children that were
 * waited for, in microseconds. */
uint64_t measure_cpu_us(void);

/* Returns the resident memory in bytes, 0 if it is not known. */
uint64_t measure_rss(void);

#endif
