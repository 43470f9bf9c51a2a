/*
 * awaited: answers to come later than their request: those of reload.
 *
 * Each is kept here with its request's id until it can be told. Its peer does not end before,
 * and takes it along when it is closed. A reload behind another one replaces the workers for both,
 * so all are told at the same time.
 */
#ifndef TASKMASTER_PEERS_AWAITED_H
#define TASKMASTER_PEERS_AWAITED_H

struct control_reload;
struct peer;
struct peers;
struct request;

/* The answer to the request waits. `reload` is copied. */
void peers_awaited_add(struct peer *peer, const struct request *request,
                       const struct control_reload *reload);

/* The answer comes at once: nothing has changed, and `why` says why the workers stay. */
void peers_awaited_refuse(struct peer *peer, const struct request *request, const char *why);

/* Nobody waits for the peer's answers any more. */
void peers_awaited_forget(struct peer *peer);

/* Tells one of them, and returns its peer, to be settled; NULL: none is left. `why` is NULL if
 * the workers are replaced, else why not. */
struct peer *peers_awaited_tell_next(struct peers *peers, const char *why);

#endif
