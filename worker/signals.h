/*
 * signals: decides which signals end a worker.
 *
 * A service manager stopping the daemon, or a user at a shell, may send SIGTERM to all processes at
 * once. The master then drains and its running jobs are to finish: only the master decides about a
 * worker. So the signals of ordinary termination end a worker only in three cases: the master sends
 * them, the module raises them (raise(), abort()), or the kernel sends them for the module (a
 * timer).
 *
 * The signals have handlers instead of being ignored, because started programs would inherit
 * ignored signals. A process forked by a module belongs to the module; there any sender ends it.
 */
#ifndef TASKMASTER_WORKER_SIGNALS_H
#define TASKMASTER_WORKER_SIGNALS_H

#include <sys/types.h>

/* Installs the handlers. The process `master` may end this process. */
void signals_install(pid_t master);

#endif
