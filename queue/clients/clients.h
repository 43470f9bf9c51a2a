/*
 * clients: the connections of taskqueued's clients. Each is a session (session.h): it hands submits
 * to the keep, and writes the events of the jobs that it follows.
 */
#ifndef TASKMASTER_QUEUE_CLIENTS_CLIENTS_H
#define TASKMASTER_QUEUE_CLIENTS_CLIENTS_H

#include "base/hash.h"
#include "peers/peers.h"
#include "queue/clients/inquiry.h"
#include "queue/kept/keep.h"

#include <stdint.h>

struct queue_clients {
    struct peers peers; /* the daemon fills in its beginning, but `ops` */
    /* The daemon fills these in, too; all are borrowed. */
    struct keep *keep;
    const struct keep_settings *settings; /* in force; a reload swaps them between turns */
    struct queue_inquiry_ops inquiry;

    struct hash by_id; /* followers of all sessions, by session and id */
    bool leaving;      /* see queue_clients_leave() */
};

/* What is to be filled in is, and all else is zero. */
void queue_clients_init(struct queue_clients *clients);
void queue_clients_free(struct queue_clients *clients); /* once no peer is left */

/* The daemon ends: a session waits for detached submits to be accepted, and for no other event. */
void queue_clients_leave(struct queue_clients *clients);

#endif
