/*
 * activation: listening sockets that the service manager has opened (sd_listen_fds(3)).
 *
 * The manager holds the sockets while a daemon is restarted: clients wait in the kernel's queue,
 * and none is refused. The sockets take the place of `listen`. Those of our name (LISTEN_FDNAMES)
 * are taken; if none has it, all: a unit without FileDescriptorName= names them after itself.
 */
#ifndef TASKMASTER_DAEMON_ACTIVATION_H
#define TASKMASTER_DAEMON_ACTIVATION_H

#include <stdbool.h>
#include <stddef.h>

enum {
    ACTIVATION_MAX = 64,
    ACTIVATION_FAULT_MAX = 256,
};

struct activation {
    const char *name; /* "clients": of the sockets, and their role in the log; borrowed */
    int fds[ACTIVATION_MAX];
    size_t count; /* 0: `listen` is in force */
};

/* Takes the sockets out of the environment, before any other descriptor is opened or closed. 0, or
 * -1 with the fault in `fault`: too many, or one that does not listen for streams. Variables for
 * another process (LISTEN_PID) are left alone. */
int activation_take(struct activation *activation, const char *name,
                    char fault[ACTIVATION_FAULT_MAX]);

/* Whether machines beside this one reach a socket. */
bool activation_is_open(const struct activation *activation);

#endif
