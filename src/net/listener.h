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

/* Takes over a socket that listens already, without blocking. Its unix socket's file, if it has
 * one, is somebody else's. NULL if the event loop does not take it: the socket stays the caller's.
 */
struct listener *listener_adopt(struct event_base *base, struct timers *timers, int fd,
                                const char *role, listener_accept accept, void *arg);

/* The bound address. */
socklen_t listener_address(const struct listener *listener, struct sockaddr_storage *addr);

void listener_close(struct listener *listener); /* NULL is fine */

#endif
