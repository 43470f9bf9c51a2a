/* relay_frame: the beginning of every message to and from the relay. */
#ifndef TASKMASTER_BENCH_RELAY_FRAME_H
#define TASKMASTER_BENCH_RELAY_FRAME_H

#include <stdint.h>

struct relay_frame {
    uint64_t size; /* bytes behind this header */
    uint64_t spare[3];
};

_Static_assert(sizeof(struct relay_frame) == 32, "the relay's frames have 32 bytes");

#endif
