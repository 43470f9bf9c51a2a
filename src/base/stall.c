/* stall: see stall.h. */
#include "base/stall.h"

void stall_turn(struct stall *stall, uint64_t now_us, uint64_t (*cpu_us)(void))
{
    if (stall->sampled_us && now_us - stall->sampled_us < STALL_SAMPLE_US)
        return;
    stall->sampled_us = now_us;
    stall->cpu_us = cpu_us();
}

/* CPU time between the last sample and the turn's beginning is counted too: at most as much as
 * passed in between. */
uint64_t stall_length(const struct stall *stall, uint64_t due_us, uint64_t now_us,
                      uint64_t (*cpu_us)(void))
{
    if (due_us >= now_us)
        return 0;
    uint64_t late_us = now_us - due_us, used_us = cpu_us() - stall->cpu_us;
    return late_us > used_us ? late_us - used_us : 0;
}
