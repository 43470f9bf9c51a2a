/*
 * crash_attempt: runs a step of the crash handler that may fault, or never end.
 *
 * The handler reads what the module may have damaged: the stack, the loader's lists, headers of
 * files. Each such step is an attempt. A fault in it, or the end of the handler's time, is a signal
 * to the same handler, which abandons the step: the handler goes on behind it. Rejected: reading by
 * process_vm_readv(2), because libgcc's unwinder reads by itself, and the call may be forbidden.
 */
#ifndef TASKMASTER_WORKER_CRASH_ATTEMPT_H
#define TASKMASTER_WORKER_CRASH_ATTEMPT_H

#include <stdbool.h>

/* Calls step(arg). Returns false if the step was abandoned, or the time was over before. Attempts
 * do not nest, and one thread makes them. */
bool crash_attempt(void (*step)(void *arg), void *arg);

/* Returns only if no attempt is under way in this thread. For a signal handler in that thread. */
void crash_attempt_abandon(void);

/* All further attempts fail. */
void crash_attempt_forbid(void);

#endif
