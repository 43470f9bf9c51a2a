/*
 * crash_handler: the post-mortem of a crash, written by the crashing worker itself.
 *
 * At SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT and SIGSYS the handler leaves signal, thread and
 * backtrace in the memory shared with the master (common/crash_record.h). Then the process dies by
 * the same signal with the registers of the crash, so that a core file is as without a handler. The
 * handler ends within a second, whatever the module has damaged.
 *
 * A child of the worker dies without a record. The handler of a module stands in the place of ours
 * until another module's job comes (process_state.h).
 */
#ifndef TASKMASTER_WORKER_CRASH_HANDLER_H
#define TASKMASTER_WORKER_CRASH_HANDLER_H

#include "common/crash_record.h"

/* Installs the handler for each of these signals with the default action, and gives the calling
 * thread a stack for it. `record` is used until the process ends. */
void crash_handler_install(struct crash_record *record);

#endif
