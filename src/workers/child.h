/*
 * child: starts a program as a child process, with default signals, a process group of its own, the
 * given descriptors and no others, and a death signal: the child dies with us.
 *
 * fork() was rejected: it copies the page tables, and takes long with a million jobs. posix_spawn()
 * avoids the copy but knows no death signal: a child stopped before setting its own would outlive a
 * killed master. So this part does the work of posix_spawn(), with a death signal in addition.
 * clone() shares our memory and suspends us until the program runs. All signals are blocked until
 * the child has the default actions, so that no handler of ours runs in the child. The child
 * reports an errno through the shared memory.
 */
#ifndef TASKMASTER_WORKERS_CHILD_H
#define TASKMASTER_WORKERS_CHILD_H

#include <sys/types.h>

struct program {
    const char *path;
    char *const *argv;
    char *const *environ;
    /* They become the descriptors 0, 1, and so on; -1 stands for /dev/null, to read from. Each must
     * be equal to its new number, or above all new numbers. */
    const int *fds;
    int fd_count;
};

/* Returns 0 and sets `pid`; or returns an errno, and nothing was started. */
int child_start(const struct program *program, pid_t *pid);

#endif
