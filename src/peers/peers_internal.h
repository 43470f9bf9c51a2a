/*
 * peers_internal: the functions of this folder's files for each other.
 *
 * A file calls the files below it, and never one above:
 *
 *     peers.c                 all connections: accept, settings, the server's end
 *     input.c                 callbacks of a peer's connection and dialogue
 *     ops/                    the operations
 *     peer.c                  a peer's life
 *     admit.c, tokens.c       the next peer to end
 *     draining.c              the next peer to tell of a drain
 *     log.c                   lines of the log
 *     monitors.c, watches.c   clients that look on
 *     grant.c                 what a peer's token grants
 *     places.c                where lists go on
 *     awaited.c               answers later than their requests
 */
#ifndef TASKMASTER_PEERS_PEERS_INTERNAL_H
#define TASKMASTER_PEERS_PEERS_INTERNAL_H

#include "peers/peer.h"
#include "peers/peers.h"

#include <stdbool.h>
#include <stdint.h>

/* input.c */

/* Opens the peer's connection. -1: the event loop does not take `fd`; it stays the caller's. */
int peer_input_open(struct peer *peer, int fd);

/* peer.c */

/* A new peer in state NEW, outside all lists. The caller opens its connection. */
struct peer *peer_new(struct peers *peers, const char *address);

/* The connection is open: the hello is waited for from now on. */
void peer_begin(struct peer *peer);

/* The hello is accepted. `token`: its digest. */
void peer_greet(struct peer *peer, uint64_t token);

/* Nothing more is read, and the dialogue's refusal is told after a delay. */
void peer_fail_later(struct peer *peer);

/* The connection is closed: frees the peer once the daemon's things have left it. */
void peer_free(struct peer *peer);

/* The one way to another state; the counts and the place among the unauthenticated connections go
 * with it. Aborts on any other way. */
void peer_set_state(struct peer *peer, enum peer_state state);

/* admit.c: unauthenticated connections and clients */

enum { UNAUTHENTICATED_MAX = 100 }; /* places of unauthenticated connections */

/* The next unauthenticated connection to end because there are too many; NULL if all may stay.
 * `*tries` is how many connections may be looked at, and is counted down. */
struct peer *peers_admit_surplus(struct peers *peers, int *tries);

/* Likewise, if a descriptor is needed at once. */
struct peer *peers_admit_oldest(struct peers *peers, int *tries);

/* Sets the timer for the end of their grace: some connections become surplus then. */
void peers_admit_watch(struct peers *peers);

/* tokens.c */

/* When the next wrong token is answered. */
uint64_t peers_tokens_delay(struct peers *peers);

/* The settings have changed: all peers are searched for revoked tokens, in the turns to come. */
void peers_tokens_configure(struct peers *peers);

/* The next peer with a revoked token; NULL if there is none. The daemon reviews the others.
 * `*tries` is how many peers may be looked at, and is counted down. */
struct peer *peers_tokens_next_revoked(struct peers *peers, int *tries);

/* Sets the timer if the search is not over. */
void peers_tokens_watch(struct peers *peers);

/* The peer is being freed. */
void peers_tokens_forget(struct peer *peer);

/* draining.c */

/* All peers are told in the turns to come. */
void peers_draining_begin(struct peers *peers);

/* Tells a batch. */
void peers_draining_tell_some(struct peers *peers);

/* The peer is being freed. */
void peers_draining_forget(struct peer *peer);

#endif
