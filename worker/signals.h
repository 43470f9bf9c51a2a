/*
 * signals: which signals end a worker.
 *
 * A service manager that stops the daemon, or somebody at a shell, may send SIGTERM to all
 * processes at once. The master then drains, and the jobs that run are to finish: what a worker
 * does is for its master to say. So the signals that end a process without telling of a fault end a
 * worker only where the master sends them, or the worker itself and the kernel on its behalf: a
 * module that calls raise() or abort(), a timer that it has set.
 *
 * They have handlers and are not ignored: what a process ignores the programs that it starts
 * ignore, too. A process that a module has forked is the module's; there any sender ends it.
 */
#ifndef TASKMASTER_WORKER_SIGNALS_H
#define TASKMASTER_WORKER_SIGNALS_H

#include <sys/types.h>

/* Installs the handlers. `master` may end this process. */
void signals_heed(pid_t master);

#endif
