/*
 * fork_guard: tells the worker from a child forked by a module.
 *
 * A child returning from a module's hook would continue as the worker. The child would read jobs,
 * other clients' among them, from the worker's connection and answer them. So the child is ended
 * there.
 *
 * The mark is a page, wiped by the kernel in each child. Looking at the page is one read of memory,
 * where getpid() is a system call. The kernel wipes the page for every kind of fork (fork, _Fork,
 * clone); pthread_atfork() sees fork() alone. A child sharing the worker's memory, by vfork(2) or
 * clone with CLONE_VM, is not recognised.
 */
#ifndef TASKMASTER_WORKER_FORK_GUARD_H
#define TASKMASTER_WORKER_FORK_GUARD_H

#include <stdbool.h>

/* Makes the mark. Ends the process if the system refuses the page. */
void fork_guard_init(void);

/* True in a child of the process that called fork_guard_init(), false before fork_guard_init(). May
 * be called in a signal handler. */
bool fork_guard_in_child(void);

/* To be called after a module's `hook` has returned: ends the process, after a report, if the
 * process is a child. */
void fork_guard_end_child(const char *module, const char *hook);

#endif
