/*
 * connect: makes a connection without waiting for it.
 *
 * A connector makes one connection at a time. Its owner embeds it.
 */
#ifndef TASKMASTER_NET_CONNECT_H
#define TASKMASTER_NET_CONNECT_H

#include "base/timers.h"
#include "net/address.h"

#include <event2/event_struct.h>
#include <stdint.h>

struct connector {
    struct event_base *base;
    struct timers *timers;
    /* The connection's non-blocking descriptor, the callee's; or -1 and a reason, borrowed. */
    void (*done)(struct connector *connector, int fd, const char *why);
    int fd; /* -1: no connection is being made */
    struct event ready;
    struct timer over; /* the deadline, or the next turn for a failure of the call */
    char why[128];
};

void connector_init(struct connector *connector, struct event_base *base, struct timers *timers,
                    void (*done)(struct connector *connector, int fd, const char *why));

/* Begins. `done` comes in a later turn of the loop, within `timeout_ms`. */
void connector_begin(struct connector *connector, const struct address *address,
                     uint32_t timeout_ms);

/* Gives up: `done` does not come. Without a beginning nothing happens. */
void connector_cancel(struct connector *connector);

#endif
