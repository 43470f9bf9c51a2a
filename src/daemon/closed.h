/*
 * closed: closes the master to the other processes of its user, workers above all.
 *
 * A module has the master's user, and could otherwise read the clients' tokens and jobs out of the
 * master's memory (ptrace, /proc/PID/mem), or take its sockets. The price: the kernel writes no
 * core file of the master, and no debugger can attach without root's rights.
 */
#ifndef TASKMASTER_DAEMON_CLOSED_H
#define TASKMASTER_DAEMON_CLOSED_H

#include <stdbool.h>

/* Closes the process, or opens it with `allow_debug`. To be called again after a change of the
 * user: the kernel has its own rule then. */
void closed_set(bool allow_debug);

#endif
