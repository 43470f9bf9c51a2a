/* slice: a wait for the outcome of a kept job, as several short ones. The queue hears nothing of an
 * HTTP client that goes: an abandoned wait ends with its slice. */
#ifndef TASKMASTER_GATEWAY_API_SLICE_H
#define TASKMASTER_GATEWAY_API_SLICE_H

#include <stdint.h>

enum { SLICE_MAX_MS = 10000 };

/* Takes the next slice from what is left of the wait. */
static inline uint64_t slice_take(uint64_t *left_ms)
{
    uint64_t slice_ms = *left_ms < SLICE_MAX_MS ? *left_ms : SLICE_MAX_MS;
    *left_ms -= slice_ms;
    return slice_ms;
}

#endif
