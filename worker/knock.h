/* knock: the way to the master: a connection over which this worker's hello has been heard. */
#ifndef TASKMASTER_WORKER_KNOCK_H
#define TASKMASTER_WORKER_KNOCK_H

#include "common/wire.h"

#include <stdint.h>
#include <sys/socket.h>

/* A connected socket on which the master's answer to the hello has begun to arrive, or the end of
 * the connection. -1 after a report. */
int knock(const struct sockaddr *addr, socklen_t addr_len, uint32_t worker,
          const uint8_t token[TOKEN_BYTES]);

#endif
