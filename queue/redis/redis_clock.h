/*
 * redis_clock: the store's clock as far as this node knows it, and the numbers of new jobs.
 *
 * A number is ((milliseconds since 1970 by the store's clock) << 20) | number of the node (10 bits)
 * << 10 | counter (10 bits). So numbers of all nodes follow one clock, and no two nodes give the
 * same. The number of a dead node goes to another one: so none is made behind the end of the lease.
 */
#ifndef TASKMASTER_QUEUE_REDIS_CLOCK_H
#define TASKMASTER_QUEUE_REDIS_CLOCK_H

#include <stdint.h>

enum { REDIS_CLOCK_NODES = 1024 };

struct redis_clock {
    uint64_t store_ms, at_us; /* the store's clock was so at this time of the monotonic one */
    uint64_t last;            /* the number given last */
};

/* The store told its time in an answer that came at `now_us`. */
void redis_clock_set(struct redis_clock *clock, uint64_t store_ms, uint64_t now_us);

/* Milliseconds since 1970; late by the answer's way. */
uint64_t redis_clock_ms(const struct redis_clock *clock, uint64_t now_us);

/* The next number of this node, greater than the one before; 0: the lease is over at `until_ms`. */
uint64_t redis_clock_number(struct redis_clock *clock, uint32_t node, uint64_t now_us,
                            uint64_t until_ms);

#endif
