/* proc: what /proc tells about processes that we started. */
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

/* The children, as many as fit; how many there are. */
size_t proc_children(pid_t pid, pid_t *children, size_t room);

/* What a person would ask first of a process that should not be there. */
void proc_describe(pid_t pid, char *text, size_t size);

/* Processes whose binary is `path` or lies below it, zombies left out; the first ones are put into
 * `pids`. */
size_t proc_running(const char *path, pid_t *pids, size_t room);

/* A process has a TCP socket at this local port; what is only left over in the kernel does not
 * count.
 */
bool proc_port_taken(unsigned port);

#endif
