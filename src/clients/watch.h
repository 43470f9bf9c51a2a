/*
 * watch: a connection is told of jobs, workers, pools and clients, of everybody's.
 *
 * A watch is for looking on, and may miss something. At most WATCH_RATE events a second are told,
 * over all watches, and none to a client with much unread output. An event left out is counted, and
 * the next one told has the count. Each event is looked at for each watch, so there are WATCHES_MAX
 * at most. So watches cost little, however much happens; without a watch nothing is looked at.
 *
 * A connection has one watch at most. It ends with the connection's input.
 */
#ifndef TASKMASTER_CLIENTS_WATCH_H
#define TASKMASTER_CLIENTS_WATCH_H

#include "jobs/news.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

struct client_session;
struct client_watch;
struct clients;

enum {
    WATCHES_MAX = 100,            /* of all connections together */
    WATCH_RATE = 5000,            /* events a second, over all watches */
    WATCH_OUTPUT_MAX = 64 * 1024, /* a client with more unread output is told nothing */
};

/* The things to be watched, a bit each. */
enum client_watch_what {
    WATCH_JOBS = 1u << 0,
    WATCH_WORKERS = 1u << 1,
    WATCH_POOLS = 1u << 2,
    WATCH_CLIENTS = 1u << 3,
};

struct client_watches {
    struct news_reader reader;
    struct clients *clients;
    LIST_HEAD(, client_watch) list;
    size_t count;
    unsigned wanted;    /* things, by any of them */
    uint64_t second_us; /* the beginning of this second */
    uint32_t told;      /* in this second */
};

/* The texts are copied; empty ones: any. */
struct client_watch_wish {
    unsigned what; /* at least one bit */
    const char *module, *pool;
};

void client_watches_init(struct client_watches *watches, struct clients *clients);

/* Begins the session's watch, in the place of one before. The caller looks at the count. */
void client_watch_begin(struct client_session *session, const struct client_watch_wish *wish);

/* Returns whether there was a watch. */
bool client_watch_end(struct client_session *session);

/* Tells of a client. `reason`: of its end, or NULL. */
void client_watch_tell(const struct client_session *session, const char *state, const char *reason);

#endif
