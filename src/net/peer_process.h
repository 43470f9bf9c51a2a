/* peer_process: the process at the other end of a unix socket, as the kernel knows it. */
#ifndef TASKMASTER_NET_PEER_PROCESS_H
#define TASKMASTER_NET_PEER_PROCESS_H

#include <stdbool.h>
#include <stdint.h>

struct peer_process {
    uint32_t uid, gid;
    uint32_t pid; /* 0: of another namespace */
};

/* The process that has connected. False: `fd` is no unix socket. */
bool peer_process_get(int fd, struct peer_process *process);

#endif
