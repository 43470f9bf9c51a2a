/*
 * fork_mark: tells the worker's process from a child forked by a module.
 *
 * The mark is a page, wiped by the kernel in each child. Looking at the page is one read of memory,
 * where getpid() is a system call. The kernel wipes the page for every kind of fork (fork, _Fork,
 * clone); pthread_atfork() sees fork() alone. A child sharing the worker's memory, by vfork(2) or
 * clone with CLONE_VM, is not recognised.
 */
#ifndef TASKMASTER_WORKER_FORK_MARK_H
#define TASKMASTER_WORKER_FORK_MARK_H

#include <stdbool.h>

/* Marks this process as the worker. Returns 0, or -1 with errno set. */
int fork_mark_init(void);

/* True in a child of the marked process, false if no process was marked. May be called in a signal
 * handler. */
bool fork_mark_in_child(void);

#endif
