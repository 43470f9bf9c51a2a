/* listeners: opens and closes the master's addresses, for clients and for workers. */
#ifndef TASKMASTER_LISTENERS_H
#define TASKMASTER_LISTENERS_H

#include "config/config.h"
#include "net/listener.h"
#include "net/loop.h"
#include "startup/identity.h"

#include <stddef.h>

struct listeners {
    struct listener **clients; /* NULL once closed */
    size_t count;
    struct listener *workers;
};

/* Opens them all. Returns 0, or -1 after a line in the log; the caller closes them in both cases.
 * `arg` is for the two callbacks. */
int listeners_open(struct listeners *listeners, struct loop *loop, const struct config *config,
                   const struct identity *identity, listener_accept accept_client,
                   listener_accept accept_worker, void *arg);

/* Twice is fine. */
void listeners_close_clients(struct listeners *listeners);
void listeners_close(struct listeners *listeners);

/* Writes the address for the connections of workers. Returns its length. */
socklen_t listeners_worker_address(const struct listeners *listeners,
                                   struct sockaddr_storage *addr);

#endif
