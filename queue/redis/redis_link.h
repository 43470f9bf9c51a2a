/*
 * redis_link: a connection to the server of redis-servers that is the primary.
 *
 * The servers are tried one after the other, at once; after each round there is a pause, from 0.1
 * to 5 seconds, or to a quarter of lease-ms. A server is used once it has answered the greeting
 * well. The connection is given up if nothing moves in either direction for redis-timeout-ms while
 * an answer is awaited. What the replies mean is the owner's, which embeds the struct.
 *
 * upstream/uplink does the same for our own protocol, to one address. The two share net/connect and
 * base/backoff.
 */
#ifndef TASKMASTER_QUEUE_REDIS_REDIS_LINK_H
#define TASKMASTER_QUEUE_REDIS_REDIS_LINK_H

#include "base/backoff.h"
#include "net/conn.h"
#include "queue/redis/redis_dial.h"
#include "queue/redis/redis_greeting.h"
#include "queue/redis/redis_reply.h"
#include "queue/redis/redis_server.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum redis_link_state {
    REDIS_LINK_AWAY,       /* waits for the next attempt, or was not started */
    REDIS_LINK_CONNECTING, /* the connection is being made */
    REDIS_LINK_GREETING,   /* connected; the greeting is not answered yet */
    REDIS_LINK_UP,
    REDIS_LINK_STATES
};

struct redis_link;

struct redis_link_ops {
    void (*up)(struct redis_link *link);
    /* The callee owns the reply. */
    void (*reply)(struct redis_link *link, struct redis_reply *reply);
    /* The connection was up, and is not any more. The next attempt comes by itself. */
    void (*lost)(struct redis_link *link, const char *why);
};

/* What a link is made of; all is borrowed. */
struct redis_link_parts {
    struct conn_loop *loop;
    uint64_t (*random)(void);
    const struct redis_settings *settings; /* may change between two connections */
    const struct redis_script *scripts;    /* loaded by the greeting */
    size_t script_count;
    const struct redis_link_ops *ops;
    bool is_listener; /* of channels, beside the link of the calls: the log has the ups and downs of
                       * that one */
};

struct redis_connection; /* freed once it is closed */

struct redis_link {
    struct redis_link_parts parts;
    enum redis_link_state state;
    struct redis_server *servers; /* borrowed */
    size_t count, at;             /* the server in use, or of the next attempt */
    size_t tried;                 /* in this round */
    struct redis_dial dial;
    struct timer next; /* AWAY: the next attempt. GREETING, UP: the deadline */
    struct backoff pauses;
    struct conn *conn; /* of GREETING and UP */
    struct redis_reader *reader;
    struct redis_greeting greeting;
    size_t awaited;       /* UP: answers */
    uint64_t progress_us; /* when something moved last, or began to be awaited */
    uint64_t up_us;
};

void redis_link_init(struct redis_link *link, const struct redis_link_parts *parts);

/* Connects to one of the servers, in the next turn of the loop. The link must not have been
 * started, or have been stopped. */
void redis_link_start(struct redis_link *link, struct redis_server *servers, size_t count);

/* Closes the connection, without telling the owner. The loop's chores free the rest. Without a
 * start nothing happens. */
void redis_link_stop(struct redis_link *link);

/* Changes the settings. Those before are gone after the call. */
void redis_link_configure(struct redis_link *link, const struct redis_settings *settings);

/* UP: ends the connection, as if the server had; the owner hears of it in the call. */
void redis_link_leave(struct redis_link *link, const struct redis_fault *fault);

/* UP: `count` more answers are awaited; or one has come. */
void redis_link_await(struct redis_link *link, size_t count);
void redis_link_answered(struct redis_link *link);

static inline bool redis_link_is_up(const struct redis_link *link)
{
    return link->state == REDIS_LINK_UP;
}

/* The server in use, or of the next attempt. */
static inline struct redis_server *redis_link_server(const struct redis_link *link)
{
    return &link->servers[link->at];
}

#endif
