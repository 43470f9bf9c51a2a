/*
 * forked: tells a child that a module has forked from the worker itself.
 *
 * A child that returns from a module's hook would go on as the worker. It would read jobs, other
 * clients' among them, from the worker's connection and answer them. So it ends there.
 *
 * The mark is a page that the kernel wipes in a child. Looking at it is one read of memory;
 * getpid() is a system call. The page is wiped whatever made the child (fork, _Fork, clone);
 * pthread_atfork() sees fork() alone. A child that shares the worker's memory, by vfork(2) or clone
 * with CLONE_VM, is not recognised.
 */
#ifndef TASKMASTER_WORKER_FORKED_H
#define TASKMASTER_WORKER_FORKED_H

#include <stdbool.h>

/* Makes the mark. Ends the process if the system refuses it. */
void forked_init(void);

/* Whether this process is a child of the one that made the mark. May be called in a signal handler;
 * false if there is no mark. */
bool forked(void);

/* Called when a module's `hook` has returned: ends the process, with a report, if it is a child. */
void forked_end_child(const char *module, const char *hook);

#endif
