/* crash_unwind: the return addresses on the stack of a crash. Async-signal-safe. */
#ifndef TASKMASTER_WORKER_CRASH_UNWIND_H
#define TASKMASTER_WORKER_CRASH_UNWIND_H

#include "common/crash_record.h"

#include <ucontext.h>

/* To be called in a signal handler with its context. Sets the offsets of record->frames to
 * addresses, innermost first, and record->frame_count. An address is that of the faulting
 * instruction; in a caller, of the last byte of the call. */
void crash_unwind(struct crash_record *record, ucontext_t *context);

#endif
