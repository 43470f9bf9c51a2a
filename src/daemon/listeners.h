/* listeners: the addresses that a daemon listens on. */
#ifndef TASKMASTER_DAEMON_LISTENERS_H
#define TASKMASTER_DAEMON_LISTENERS_H

#include "config/config.h"
#include "daemon/activation.h"
#include "daemon/identity.h"
#include "net/listener.h"
#include "net/loop.h"

#include <stddef.h>
#include <stdint.h>

/* For the opening of listeners; all is borrowed. */
struct listening {
    struct loop *loop;
    const struct config *config; /* for the origins of addresses */
    const struct identity *identity;
    const struct activation *sockets; /* have the role's name; if there are any, all of them */
    uint32_t socket_mode;             /* of unix sockets */
    void *arg;                        /* for the callbacks */
};

/* Listens on one address, a value of `key`. NULL after a line in the log. */
struct listener *daemon_listen(const struct listening *with, const char *key, const char *text,
                               const char *role, listener_accept accept);

/* The addresses for clients: all values of `listen`, or the sockets of the service manager. */
struct listeners {
    struct listener **items; /* NULL once closed */
    size_t count;
};

/* Returns 0, or -1 after a line in the log; the caller closes them in both cases. */
int listeners_open(struct listeners *listeners, const struct listening *with,
                   const struct option_list *addresses, listener_accept accept);

/* Twice is fine. */
void listeners_close(struct listeners *listeners);

#endif
