/*
 * fp_control: the processor's control bits for floating point: rounding and exceptions, without the
 * flags of raised exceptions.
 *
 * Reading and writing them needs no system call; merely loading code linked with -ffast-math
 * changes them. Without an implementation for the processor, reading gives 0 and writing does
 * nothing.
 */
#ifndef TASKMASTER_WORKER_FP_CONTROL_H
#define TASKMASTER_WORKER_FP_CONTROL_H

#include <stdint.h>

uint64_t fp_control_read(void);

/* `value` comes from fp_control_read(). Clears the flags of raised exceptions. */
void fp_control_write(uint64_t value);

#endif
