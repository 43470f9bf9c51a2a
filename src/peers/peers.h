/*
 * peers: all connections of a daemon's clients. A peer (peer.h) reads requests and calls their
 * operations. What the operations do, and what events come of them, is the daemon's: a table says
 * how its session follows the peer's life.
 */
#ifndef TASKMASTER_PEERS_PEERS_H
#define TASKMASTER_PEERS_PEERS_H

#include "access/settings.h"
#include "base/hash.h"
#include "net/conn.h"
#include "peers/admit.h"
#include "peers/awaited.h"
#include "peers/control.h"
#include "peers/draining.h"
#include "peers/log.h"
#include "peers/monitors.h"
#include "peers/places.h"
#include "peers/settings.h"
#include "peers/tokens.h"
#include "peers/watches.h"
#include "protocol/operation.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>
#include <sys/socket.h>

struct dialogue;
struct json_writer;
struct peer;
struct peers_awaited;
struct refusal;
struct request;

/*
 * What a daemon adds to a peer: its session, a struct with a struct peer at its beginning. `end`,
 * `is_busy`, `release` and `jobs` are there; others are NULL if a daemon has nothing to do.
 */
struct peers_ops {
    size_t session_size;
    const struct protocol *protocol; /* with PEERS_PROTOCOL */
    const char *files_for;           /* the other users of descriptors: "workers" */

    /* A new session, all zero behind the peer. Allocates nothing: the connection may not open. */
    void (*init)(struct peer *peer);
    void (*opened)(struct peer *peer);

    /* The grant was looked up: at the first request, and after changes of the settings. */
    void (*granted)(struct peer *peer, const struct grant *grant);
    /* The settings have changed, and the token is still in force. Called in one of the next turns.
     */
    void (*review)(struct peer *peer);

    /* Whether the next request has to wait, until conn_release_input(). */
    bool (*holds)(const struct peer *peer);

    /* The client has taken some of its output; an event of a monitor was added to it. */
    void (*taken)(struct peer *peer);
    void (*told)(struct peer *peer);

    /* A request whose payload is on its way, past its `check`: fills the refusal in, with code and
     * message. False: there is none. */
    bool (*arriving)(const struct peer *peer, struct refusal *refusal, const char *code,
                     const char *message);

    /* Nothing is read from now on, also because of a close; the next two calls may follow. */
    void (*input_over)(struct peer *peer);
    /* The input has ended, and the connection lives on: an arriving request is dropped, and
     * what depends on the client's presence ends (peer->end tells the cause). False: this was a
     * batch, and the function is called again in the next turn. */
    bool (*end)(struct peer *peer);
    /* Events or answers are still to come for the peer. */
    bool (*is_busy)(const struct peer *peer);
    /* The connection is closed. */
    void (*closed)(struct peer *peer);
    /* The session is to be freed: frees its members. False: something still refers to the session,
     * and the function is called again in the next turn. */
    bool (*release)(struct peer *peer);

    /* For the log and `clients`: unfinished jobs. */
    size_t (*jobs)(const struct peer *peer);
    /* Further members of an item of `clients`. */
    void (*describe)(const struct peer *peer, struct json_writer *json);
};

struct peers {
    /* The daemon fills these in; all are borrowed. */
    const struct peers_ops *ops;
    struct conn_loop *loop;
    const char *boot;
    struct peers_control control;
    uint64_t files_max; /* connections; more would leave others too few descriptors. 0: no limit */

    const struct peers_settings *settings; /* in force; a reload swaps them between turns */
    const struct access_settings *access;  /* likewise */
    struct {
        struct conn_limits authenticated;
        struct conn_limits unauthenticated; /* these are served behind the others */
    } limits;

    TAILQ_HEAD(peers_list, peer) list; /* in the order of their connections */
    TAILQ_HEAD(, peers_awaited) awaited;
    struct hash by_number;
    uint64_t last_number;
    size_t open;      /* connections with a descriptor */
    size_t connected; /* of these, clients: the hello was accepted */
    size_t reading;   /* of these, connections in NEW, SUSPECT or OPEN: input has not ended */
    bool draining;    /* all are told so, or by the answer to their hello */

    struct peers_admit admit;
    struct peers_tokens tokens;
    struct peers_draining tells;
    struct peers_log log;
    struct peers_places places; /* in lists */
    struct peers_monitors monitors;
    struct peers_watches watches;
};

/* `ops`, `loop` and so on are filled in, and all else is zero. */
void peers_init(struct peers *peers);
void peers_free(struct peers *peers); /* once no peer is left */

/* Changes the settings; open connections follow them from now on. */
void peers_configure(struct peers *peers, const struct peers_settings *settings,
                     const struct access_settings *access);

/* Takes over `fd`, a new connection. */
void peers_accept(struct peers *peers, int fd, const struct sockaddr *addr, socklen_t addr_len);

/* The peer with this number; NULL: it is freed, or never was. */
struct peer *peers_find(const struct peers *peers, uint64_t number);

/* The reload asked for by clients is decided. `why` is NULL if the workers are replaced, or says
 * why not. */
void peers_reloaded(struct peers *peers, const char *why);

/* The server drains: tells every client, a batch in each turn. */
void peers_tell_draining(struct peers *peers);

/* Bytes of unread output, of all peers. */
size_t peers_output(const struct peers *peers);

/* From now on each peer notes whether its client sends something. */
void peers_listen(struct peers *peers);

/* Ends the peers without input since peers_listen(): their requests are not read any more, and each
 * ends as soon as its output is taken. */
void peers_end_silent(struct peers *peers);

/* Ends all peers in the same way. */
void peers_end(struct peers *peers);

/* Closes every connection at once. */
void peers_close(struct peers *peers);

/* Members of the daemon's struct protocol; `operations`, `request`, `scan` and `amend` are its own.
 */
#define PEERS_PROTOCOL                                                              \
    .greeted = peer_on_greeted, .rights = peer_on_rights, .failed = peer_on_failed, \
    .fail_later = peer_on_fail_later

void peer_on_greeted(struct dialogue *dialogue, const struct request *request);
unsigned peer_on_rights(struct dialogue *dialogue);
void peer_on_failed(struct dialogue *dialogue, const struct refusal *refusal);
void peer_on_fail_later(struct dialogue *dialogue);

#endif
