/*
 * watches: connections that look on: they are told of everybody's things.
 *
 * A watch may miss something. At most WATCH_RATE events a second are told, over all watches, and
 * none to a client with much unread output. An event left out is counted, and the next one told has
 * the count. Each event is looked at for each watch, so there are WATCHES_MAX at most. So watches
 * cost little, however much happens; without a watch nothing is looked at.
 *
 * A connection has one watch at most. It ends with the connection's input.
 */
#ifndef TASKMASTER_PEERS_WATCHES_H
#define TASKMASTER_PEERS_WATCHES_H

#include "protocol/event_writer.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

struct peer;
struct peers;
struct peers_watches;

enum {
    WATCHES_MAX = 100,            /* of all connections together */
    WATCH_RATE = 5000,            /* events a second, over all watches */
    WATCH_OUTPUT_MAX = 64 * 1024, /* a client with more unread output is told nothing */
};

/* A daemon's watch is a struct with this one at its beginning. */
struct peers_watch {
    LIST_ENTRY(peers_watch) link;
    struct peer *peer;
    unsigned what;    /* the daemon's things, a bit each */
    uint64_t dropped; /* since the last event told */
};

struct peers_watches {
    LIST_HEAD(, peers_watch) list;
    size_t count;
    unsigned wanted;                                /* things, by any of them */
    uint64_t second_us;                             /* the beginning of this second */
    uint32_t told;                                  /* in this second */
    void (*changed)(struct peers_watches *watches); /* `wanted` may have; or NULL */
};

/* Begins the peer's watch, in the place of one before. `size`: of the daemon's watch. The caller
 * looks at the count. */
struct peers_watch *peers_watch_begin(struct peer *peer, unsigned what, size_t size);

/* Returns whether there was a watch. */
bool peers_watch_end(struct peer *peer);

/* Whether this second has room for one more event. */
bool peers_watches_have_room(struct peers *peers);

/* Whether the watch is told of an event now; otherwise the event is left out. */
bool peers_watch_may_tell(struct peers_watch *watch);

/* Writes an event; the daemon adds its fields in between. */
void peers_watch_event_begin(struct event_writer *event, const struct peers_watch *watch,
                             const char *what, const char *state);
void peers_watch_event_end(struct event_writer *event, struct peers_watch *watch);

#endif
