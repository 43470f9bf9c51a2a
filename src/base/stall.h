/*
 * stall: for how long the process was stopped, or got no CPU.
 *
 * A timer that is due late may be so for two reasons. Either we did not run, and then everybody
 * else was kept waiting and is not to blame; or we had too much to do, and then a deadline that has
 * passed has passed. The CPU time that we used tells which.
 */
#ifndef TASKMASTER_BASE_STALL_H
#define TASKMASTER_BASE_STALL_H

#include <stdint.h>

enum { STALL_SAMPLE_US = 100000 };

/* CPU time used, and when that was looked at. */
struct stall {
    uint64_t sampled_us;
    uint64_t cpu_us;
};

/* Before a turn that begins at `now_us`. The CPU time costs a system call, and is asked for ten
 * times a second. */
void stall_turn(struct stall *stall, uint64_t now_us, uint64_t (*cpu_us)(void));

/* After it: how much of the time since `due_us`, when a timer should have fired, we did not run; at
 * most 0.1 s too little. */
uint64_t stall_length(const struct stall *stall, uint64_t due_us, uint64_t now_us,
                      uint64_t (*cpu_us)(void));

#endif
