/*
 * guard: the process between worker and command.
 *
 * The processes started by a command end with it, wherever they have moved: at the command's end,
 * when the job is stopped, and when the worker or the master dies. No signal reaches all of them: a
 * process in a new session is in no known group, and a death signal is for one process. So a guard
 * process stands between worker and command. The guard inherits orphans from below (as a
 * subreaper), notices the worker's death by its own death signal, and at its end kills its children
 * until none is left. The guard has a process group of its own, to survive a SIGKILL for the
 * worker's group and do its work. The command stays in the worker's group, in reach of the master's
 * signals. The guard is no separate program but a fork() of the worker: there is nothing to
 * install, find and execute before each command.
 */
#ifndef TASKMASTER_MODULES_EXEC_GUARD_H
#define TASKMASTER_MODULES_EXEC_GUARD_H

#include <sys/types.h>
#include <unistd.h>

enum { GUARD_STATUS_FD = STDERR_FILENO + 1 }; /* the write end of the status pipe, in the guard */

struct guard_start {
    char **argv;
    pid_t worker;
    pid_t group;                 /* the worker's */
    int fd[GUARD_STATUS_FD + 1]; /* index: the descriptor's number in the command */
};

/* What the guard writes to the status pipe: the first message counts. */
struct guard_message {
    int error;  /* why the program could not be run, or 0 */
    int status; /* its wait status, if it was run */
};

/* Forks the guard, and the guard runs the command. Returns the guard's process id, or -1 with errno
 * set. */
pid_t guard_fork(struct guard_start *s);

#endif
