/* master_connect: connects to the master and says hello, until the master has heard the hello. */
#ifndef TASKMASTER_WORKER_MASTER_CONNECT_H
#define TASKMASTER_WORKER_MASTER_CONNECT_H

#include "common/wire.h"

#include <stdint.h>
#include <sys/socket.h>

/* Returns a connected socket, owned by the caller, as soon as the first byte of the master's answer
 * or the end of the connection has arrived. -1 after a report. */
int master_connect(const struct sockaddr *addr, socklen_t addr_len, uint32_t worker,
                   const uint8_t token[TOKEN_BYTES]);

#endif
