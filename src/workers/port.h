/*
 * worker_port: the unauthenticated connections on the worker port.
 *
 * A connection authenticates itself by the token of a started worker, or it is closed. Anybody on
 * the machine can connect here without end, and must not keep workers out. So a connection is read
 * at accept, when a worker's hello is there already: a worker stays unauthenticated only if it is
 * stopped between its connect and its hello. One connection too many ends a silent one, by a reset.
 * A worker tries again after a reset (worker/master_connect.c), and a reset leaves no port in use.
 *
 * TCP_DEFER_ACCEPT was rejected. Silent connections would fill the kernel's queue of half-open
 * connections, where nobody can end them, and the SYNs of workers would be lost.
 */
#ifndef TASKMASTER_WORKERS_PORT_H
#define TASKMASTER_WORKERS_PORT_H

#include "workers/workers.h"

#include <sys/socket.h>

/* Takes over `fd`, a new connection. */
void worker_port_accept(struct workers *workers, int fd, const struct sockaddr *addr,
                        socklen_t addr_len);

/* Closes all unauthenticated connections. */
void worker_port_close(struct workers *workers);

#endif
