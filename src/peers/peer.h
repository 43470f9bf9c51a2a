/* clang-format off */
/*
 * peer: one connection of a client, from accept to its close.
 *
 *     NEW --(hello is accepted)--> OPEN --(EOF, bye, fatal error)-> ENDING --(all is taken)--> LINGER
 *      |                                                              ^
 *      |--(wrong token)--> SUSPECT --(delay is over)------------------|
 *      '--(EOF, fatal error)------------------------------------------'
 *
 *     NEW      no hello was accepted yet; the connection is unauthenticated
 *     SUSPECT  likewise; it named a wrong token, is told so after a delay, and is not read meanwhile
 *     OPEN     requests are read
 *     ENDING   no request is read any more; its events are still delivered
 *     LINGER   the sending side is shut; input is thrown away until EOF or linger-ms
 *     CLOSED   there is no descriptor; the peer is freed once the daemon's things have left it
 *
 * Each state may become CLOSED at once: after a reset, a failed write, or if the client does not
 * read its output.
 *
 * A daemon's session begins with a struct peer. The daemon learns of the changes by its table
 * (peers.h).
 */
/* clang-format on */
#ifndef TASKMASTER_PEERS_PEER_H
#define TASKMASTER_PEERS_PEER_H

#include "peers/peers.h"
#include "protocol/dialogue.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

enum peer_state {
    PEER_NEW,
    PEER_SUSPECT,
    PEER_OPEN,
    PEER_ENDING,
    PEER_LINGER,
    PEER_CLOSED,
    PEER_STATES
};

/* Why a connection has ended: its first cause. */
enum peer_end {
    PEER_END_NONE,     /* it has not; or the server has ended it */
    PEER_END_OF_INPUT, /* by the client */
    PEER_END_BYE,      /* by the client, with leave taken */
    PEER_END_RESET,    /* the network or the client broke it off */
    PEER_END_SLOW,     /* its client did not read */
    PEER_END_ERROR,    /* a fatal error was told */
};

struct peer {
    struct conn conn;
    struct dialogue dialogue; /* greeted: a client, in any state */
    struct peers *peers;
    TAILQ_ENTRY(peer) link;
    uint64_t number;
    struct hash_node by_number;
    uint8_t state;           /* enum peer_state */
    uint8_t end;             /* enum peer_end */
    bool told_draining;      /* of the server's drain */
    uint32_t awaited;        /* answers of reload to come (awaited.c) */
    uint32_t hello_limit_ms; /* for the hello to come */
    uint64_t connected_us;
    union {
        struct unauthenticated unauthenticated; /* until it is greeted; then: */
        struct {
            uint64_t token_digest;
            const struct grant *grant; /* as of peers->tokens.changes; see peer_grant() */
            uint64_t grant_changes;
        };
    };
    struct peers_watch *watch;          /* NULL: none (watches.h) */
    struct peers_monitor_list monitors; /* monitors.h */
    uint32_t monitor_count;
    char *client;       /* the client's name, from its hello; NULL: it has none */
    char *module;       /* the default of its submits; NULL until one is set */
    char *name;         /* for the log: "NUMBER@ADDRESS"; stands behind the daemon's session */
    struct timer timer; /* its meaning depends on the state: on_timer() */
};

/* --- the end --- */

/* Reads no request any more; events are still delivered. Does nothing if the input has ended
 * already. */
void peer_end(struct peer *peer);

/* Goes on to end the connection once nothing is left to be delivered: to be called when the
 * daemon's `is_busy` may have become false. */
void peer_settle(struct peer *peer);

/* "closed" and so on. */
const char *peer_end_name(enum peer_end end);

/* Notes the cause of the end. The first one counts; but a client that does not read its last output
 * ends for that. */
void peer_note_end(struct peer *peer, enum peer_end end);

/* Closes the connection at once. peer_drop() also warns the operator: the client did not ask for
 * the end, and events for it are lost. */
void peer_close(struct peer *peer, const char *why);
void peer_drop(struct peer *peer, const char *why, const char *hint);

/* Tells a fatal error and ends the input, unless it has ended. */
void peer_fail(struct peer *peer, const char *code, const char *message);
void peer_fail_with(struct peer *peer, struct refusal *refusal);

/* --- the client --- */

/* What the token of the peer grants, by the settings in force; nothing once it is revoked. Valid
 * until the next reload. */
const struct grant *peer_grant(struct peer *peer);

/* The name of the token, or else the one in the hello; NULL: it has none. */
const char *peer_owner(struct peer *peer);

/* A client: connected, and its hello was accepted. */
static inline bool peer_is_client(const struct peer *peer)
{
    return peer->dialogue.greeted && peer->state != PEER_CLOSED;
}

static inline bool peer_state_is_read(enum peer_state state)
{
    return state <= PEER_OPEN;
}

/* Whether the input has not ended yet. */
static inline bool peer_is_read(const struct peer *peer)
{
    return peer_state_is_read(peer->state);
}

static inline struct peer *peer_of_conn(struct conn *conn)
{
    return (struct peer *)((char *)conn - offsetof(struct peer, conn));
}

static inline struct peer *peer_of_dialogue(struct dialogue *dialogue)
{
    return (struct peer *)((char *)dialogue - offsetof(struct peer, dialogue));
}

static inline struct timers *peer_timers(const struct peer *peer)
{
    return peer->peers->loop->timers;
}

#endif
