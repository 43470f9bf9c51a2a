/*
 * redis_dial: makes a connection to a server without waiting for it: looks its name up, if it has
 * one, and connects.
 *
 * A dial makes one connection at a time. Its owner embeds it.
 */
#ifndef TASKMASTER_QUEUE_REDIS_REDIS_DIAL_H
#define TASKMASTER_QUEUE_REDIS_REDIS_DIAL_H

#include "net/connect.h"
#include "queue/redis/redis_lookup.h"
#include "queue/redis/redis_server.h"

#include <stdint.h>

struct redis_dial {
    struct connector connector;
    struct redis_lookup *lookup; /* or NULL */
    struct timer late;           /* while it is looked up */
    struct redis_server *server; /* borrowed */
    uint32_t timeout_ms;
    char why[64];
    /* The connection's non-blocking descriptor, the callee's; or -1 and a reason, borrowed. */
    void (*done)(struct redis_dial *dial, int fd, const char *why);
};

void redis_dial_init(struct redis_dial *dial, struct event_base *base, struct timers *timers,
                     void (*done)(struct redis_dial *dial, int fd, const char *why));

/* Begins. `done` comes in a later turn of the loop. The look-up and the connection have
 * `timeout_ms` each. */
void redis_dial_begin(struct redis_dial *dial, struct redis_server *server, uint32_t timeout_ms);

/* Gives up: `done` does not come. Without a beginning nothing happens. */
void redis_dial_cancel(struct redis_dial *dial);

#endif
