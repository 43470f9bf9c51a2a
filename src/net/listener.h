/*
 * listener: a listening socket with a role.
 *
 * It accepts in batches. Without descriptors it pauses and tries again, instead of spinning on a
 * waiting connection. One log line tells the beginning, one the end.
 */
#ifndef TASKMASTER_NET_LISTENER_H
#define TASKMASTER_NET_LISTENER_H

#include "base/timers.h"
#include "net/socket_file.h"

#include <event2/event.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/types.h>

struct listener;

typedef void (*listener_accept)(void *arg, int fd, const struct sockaddr *addr, socklen_t addr_len);

/* Binds and listens. An address in use is waited for, for less than a second: for start-up only.
 * `owner` is for a unix socket. `role` ("clients", "workers") stands in the log's `listening` line
 * and is borrowed. NULL on a fault, with the fault in `error`. */
struct listener *listener_open(struct event_base *base, struct timers *timers, const char *address,
                               const struct socket_owner *owner, const char *role,
                               listener_accept accept, void *arg, char *error, size_t error_size);

/* The bound address. */
socklen_t listener_address(const struct listener *listener, struct sockaddr_storage *addr);

void listener_close(struct listener *listener); /* NULL is fine */

#endif
