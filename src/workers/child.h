/*
 * child: starts a program of ours as a child: with clean signals, a process group of its own, the
 * descriptors that it is given and no others, and a death signal, so that it goes when we go.
 *
 * fork() would copy the page tables, which takes long with a million jobs. posix_spawn() does not,
 * but it knows no death signal: a child that is stopped before it has set one itself outlives a
 * master that is killed meanwhile. So this does what posix_spawn() does, and that besides: clone()
 * shares our memory and holds us up until the program runs; all signals are blocked until the
 * child has the default actions, so that no handler of ours ever runs in it; and what failed it
 * tells through the memory.
 */
#ifndef TASKMASTER_WORKERS_CHILD_H
#define TASKMASTER_WORKERS_CHILD_H

#include <sys/types.h>

struct program {
    const char *path;
    char *const *argv;
    char *const *environ;
    /* What becomes its descriptors 0, 1, and so on; -1: /dev/null to read from. One that does not
     * stay where it is must lie above them all. */
    const int *fds;
    int fd_count;
};

/* 0 and the pid; or an errno, and nothing was started. */
int child_start(const struct program *program, pid_t *pid);

#endif
