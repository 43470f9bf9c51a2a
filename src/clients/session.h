/*
 * client_session: one connection of a client of the master: a peer (peers/peer.h), and a source of
 * jobs.
 */
#ifndef TASKMASTER_CLIENTS_SESSION_H
#define TASKMASTER_CLIENTS_SESSION_H

#include "clients/clients.h"
#include "common/limits.h"
#include "jobs/job.h"
#include "peers/peer.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

struct client_session {
    struct peer peer;
    struct job_source source;
    struct client_reader *reader; /* of parts; NULL: none has come so far (reader.c) */
    uint32_t selections;          /* answers to come later than their requests (selections.c) */
    uint8_t arriving_module_len;
    char arriving_module[MODULE_NAME_MAX + 1]; /* of the submit */
    struct job *arriving;                      /* a submit; its payload is on its way */
    char *arriving_service;                    /* of the submit; NULL: none */
    LIST_HEAD(, client_service) services;      /* its names (services.h) */
    uint32_t service_count;
    struct job_origin *origin; /* of its jobs; NULL unless the token has a name */
};

/* The daemon's side of a peer. */
extern const struct peers_ops client_session_ops;

static inline struct client_session *client_session_of(struct peer *peer)
{
    return (struct client_session *)peer;
}

static inline struct client_session *client_session_of_source(struct job_source *source)
{
    return (struct client_session *)((char *)source - offsetof(struct client_session, source));
}

static inline struct client_session *client_session_of_dialogue(struct dialogue *dialogue)
{
    return client_session_of(peer_of_dialogue(dialogue));
}

static inline struct clients *clients_of(const struct client_session *session)
{
    return (struct clients *)session->peer.peers;
}

#endif
