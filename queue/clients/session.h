/*
 * session: one connection of a client of taskqueued: a peer with the submits and waits that are
 * open on it.
 */
#ifndef TASKMASTER_QUEUE_CLIENTS_SESSION_H
#define TASKMASTER_QUEUE_CLIENTS_SESSION_H

#include "peers/peer.h"
#include "queue/clients/asked.h"
#include "queue/clients/clients.h"
#include "queue/clients/followers.h"

struct queue_session {
    struct peer peer;
    struct queue_followers followers;
    struct queue_owed *owed;       /* an outcome that is being read; NULL: none (owed.c) */
    struct queue_asked_list asked; /* answers yet to come */
    /* A submit whose payload is on its way. */
    struct {
        struct queue_follower *follower; /* NULL: there is none */
        struct stored_job *stored;
        uint64_t delay_ms; /* from its last byte on */
    } arriving;
};

extern const struct peers_ops queue_session_ops;

static inline struct queue_session *queue_session_of_peer(struct peer *peer)
{
    return (struct queue_session *)peer;
}

static inline struct queue_session *queue_session_of_dialogue(struct dialogue *dialogue)
{
    return queue_session_of_peer(peer_of_dialogue(dialogue));
}

static inline struct queue_clients *queue_session_clients(const struct queue_session *session)
{
    return (struct queue_clients *)session->peer.peers;
}

static inline struct keep *queue_session_keep(const struct queue_session *session)
{
    return queue_session_clients(session)->keep;
}

#endif
