/* redis_clock: see redis_clock.h. */
#include "queue/redis/redis_clock.h"

#include <stdbool.h>

enum { NODE_SHIFT = 10, MS_SHIFT = 20, COUNTER_MAX = 1023 };

void redis_clock_set(struct redis_clock *clock, uint64_t store_ms, uint64_t now_us)
{
    clock->store_ms = store_ms;
    clock->at_us = now_us;
}

uint64_t redis_clock_ms(const struct redis_clock *clock, uint64_t now_us)
{
    return clock->store_ms + (now_us - clock->at_us) / 1000;
}

static uint64_t number_of(uint64_t ms, uint32_t node, uint64_t counter)
{
    return ms << MS_SHIFT | (uint64_t)node << NODE_SHIFT | counter;
}

/* The clock may have gone back, and another node's number may be ours now: the milliseconds of the
 * last number go on. */
static uint64_t behind(uint64_t last, uint32_t node)
{
    uint64_t next = number_of(last >> MS_SHIFT, node, (last & COUNTER_MAX) + 1);
    bool is_greater = (last & COUNTER_MAX) < COUNTER_MAX && next > last;
    return is_greater ? next : number_of((last >> MS_SHIFT) + 1, node, 0);
}

uint64_t redis_clock_number(struct redis_clock *clock, uint32_t node, uint64_t now_us,
                            uint64_t until_ms)
{
    uint64_t now_ms = redis_clock_ms(clock, now_us), next = number_of(now_ms, node, 0);
    if (now_ms >= until_ms)
        return 0;
    if (next <= clock->last)
        next = behind(clock->last, node);
    clock->last = next;
    return next;
}
