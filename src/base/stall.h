/*
 * stall: the time for which the process was stopped, or got no CPU.
 *
 * A timer may fire late for two reasons. If the process did not run, all peers were kept waiting
 * and are not to blame. If the process was busy, a passed deadline has passed. The CPU time used
 * tells the two apart.
 */
#ifndef TASKMASTER_BASE_STALL_H
#define TASKMASTER_BASE_STALL_H

#include <stdint.h>

enum { STALL_SAMPLE_US = 100000 };

/* The CPU time used, and the time of the sample. */
struct stall {
    uint64_t sampled_us;
    uint64_t cpu_us;
};

/* Before a turn beginning at `now_us`. Reading the CPU time costs a system call, and is done ten
 * times a second. */
void stall_turn(struct stall *stall, uint64_t now_us, uint64_t (*cpu_us)(void));

/* After the turn: for how long the process did not run since `due_us`, when a timer was due. At
 * most 0.1 s too little. */
uint64_t stall_length(const struct stall *stall, uint64_t due_us, uint64_t now_us,
                      uint64_t (*cpu_us)(void));

#endif
