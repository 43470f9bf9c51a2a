/*
 * uplink: a connection of a daemon to another one, whose client it is: taskqueued's to taskmasterd,
 * the gateway's to both.
 *
 * The connection is made in the background: connect, hello, its answer. After its end it is made
 * again, with pauses that grow from 0.1 seconds on. What the events mean is its owner's. The owner
 * embeds the struct, and may free it in the last three of its operations.
 */
#ifndef TASKMASTER_UPSTREAM_UPLINK_H
#define TASKMASTER_UPSTREAM_UPLINK_H

#include "access/token_set.h"
#include "base/backoff.h"
#include "net/conn.h"
#include "net/connect.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum uplink_state {
    UPLINK_AWAY,       /* waits for the next attempt */
    UPLINK_CONNECTING, /* the connection is being made */
    UPLINK_GREETING,   /* connected; hello is not answered yet */
    UPLINK_UP,
    UPLINK_STATES
};

enum { UPLINK_WHY_MAX = 256 };

struct uplink;

/* The payload behind a header. */
struct uplink_frame {
    uint64_t size; /* bytes; 0: none */
    bool is_kept;  /* somebody has a use for it */
};

/* The end of a connection, or of an attempt to make one. */
struct uplink_end {
    const char *why; /* for people; borrowed */
    bool was_up;
    bool is_known; /* the last end had the same reason, and the connection was not up since */
};

struct uplink_ops {
    /* hello's answer. False after a message in `error`: this daemon is not fit. */
    bool (*greeted)(struct uplink *uplink, const json_t *hello, char *error, size_t error_size);
    void (*up)(struct uplink *uplink);
    /* The header of an event, with its LF; borrowed. NULL, or the fault: the peer is no such
     * daemon. The owner keeps what `event` needs. */
    const char *(*header)(struct uplink *uplink, const char *data, size_t len,
                          struct uplink_frame *frame);
    /* The event is whole. The callee owns `payload`; NULL: none. */
    void (*event)(struct uplink *uplink, struct payload *payload);
    /* The next attempt comes after a pause. */
    void (*lost)(struct uplink *uplink, const struct uplink_end *end);
    /* The daemon has taken some of the output. May be NULL. */
    void (*taken)(struct uplink *uplink);
};

/* What an uplink is made of; all is borrowed. */
struct uplink_parts {
    struct conn_loop *loop;
    uint64_t (*random)(void);
    const struct address *address;
    const struct conn_limits *limits;
    const struct uplink_ops *ops;
    uint32_t pause_most_ms; /* between two attempts to connect */
    const char *noun;       /* of the daemon, in reasons: "master" */
    const char *client;     /* our name in hello: "taskqueued/0.2.0" */
};

struct uplink_connection; /* freed once it is closed */

struct uplink {
    struct uplink_parts parts;
    enum uplink_state state;
    const struct token_set *tokens; /* the first is told; may change between two connections */
    struct connector connector;
    struct timer next;     /* AWAY: the next attempt. GREETING: the deadline */
    struct backoff pauses; /* between two attempts */
    uint64_t up_us;        /* UP: since then */
    struct conn *conn;     /* of GREETING and UP */
    char *why;             /* why it is away; NULL: nothing is known */
    char *last_words;      /* the message of a fatal error, if there was one */
    bool is_held;          /* the next header waits */
};

void uplink_init(struct uplink *uplink, const struct uplink_parts *parts,
                 const struct token_set *tokens);

/* Connects, in the next turn of the loop. */
void uplink_start(struct uplink *uplink);

/* Closes the connection, without telling the owner. The loop's chores free the rest. */
void uplink_free(struct uplink *uplink);

/* Ends the connection, as if the daemon had. The uplink must be up. In `event` as the last thing.
 */
void uplink_end(struct uplink *uplink, const char *why);

/* The pauses begin anew: the next attempt comes in 0.1 seconds. In `lost`. */
void uplink_hasten(struct uplink *uplink);

/* The message of a fatal error: the reason for the end that follows. */
void uplink_note_last_words(struct uplink *uplink, const char *message);

/* No further event is told before the release; the kernel holds the daemon up. May be called in
 * `event`. */
void uplink_hold(struct uplink *uplink);
void uplink_release(struct uplink *uplink);

#endif
