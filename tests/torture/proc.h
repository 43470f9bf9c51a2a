/* proc: facts from /proc about the harness's own processes. */
#ifndef TORTURE_PROC_H
#define TORTURE_PROC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct proc_cpu {
    uint64_t used_us;   /* on a processor */
    uint64_t waited_us; /* ready to run, but without one */
};

/* Zeros if the process is gone. */
struct proc_cpu proc_cpu(pid_t pid);
int proc_files(pid_t pid);   /* descriptors it has open; -1 if it is gone */
long proc_rss_kb(pid_t pid); /* -1 if it is gone */
char proc_state(pid_t pid);  /* 'R', 'Z', ...; 0 if it is gone */
pid_t proc_parent(pid_t pid);

/* Fills in the children, as many as fit, and returns the number of all. */
size_t proc_children(pid_t pid, pid_t *children, size_t room);

/* The first facts of interest about an unexpected process, as text. */
void proc_describe(pid_t pid, char *text, size_t size);

/* Counts the processes with their binary at or below `path`, without zombies. Fills in the first
 * ones. */
size_t proc_running(const char *path, pid_t *pids, size_t room);

/* A process has a TCP socket at this local port. Leftovers in the kernel do not count. */
bool proc_port_taken(unsigned port);

#endif
