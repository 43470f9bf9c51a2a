/*
 * fork_guard: ends a child that a module has forked and that returns from the module's hook.
 *
 * Such a child would continue as the worker. It would read jobs, other clients' among them, from
 * the worker's connection and answer them.
 */
#ifndef TASKMASTER_WORKER_FORK_GUARD_H
#define TASKMASTER_WORKER_FORK_GUARD_H

/* Marks this process as the worker (fork_mark.h). Ends the process after a report if the system
 * refuses. */
void fork_guard_init(void);

/* To be called after a module's `hook` has returned: ends the process, after a report, if the
 * process is a child. */
void fork_guard_end_child(const char *module, const char *hook);

#endif
