/*
 * unauthenticated: the connections of a port before their hello is accepted, in the order of their
 * end when they are too many.
 *
 * A well-behaved peer sends its hello right after the connect. The hello is read at accept, so the
 * peer is in the list for a moment only. Refused connections go first: they must not take the place
 * of a peer about to speak. Silent connections go next, the oldest first.
 */
#ifndef TASKMASTER_NET_UNAUTHENTICATED_H
#define TASKMASTER_NET_UNAUTHENTICATED_H

#include "net/conn.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

/* In the order of their end. */
enum unauthenticated_kind {
    UNAUTHENTICATED_TOLD,    /* was told of its refusal, and may still read the message */
    UNAUTHENTICATED_REFUSED, /* is refused, and will be told after a delay */
    UNAUTHENTICATED_SILENT,  /* has sent nothing */
    UNAUTHENTICATED_BEGUN,   /* has sent a part of its hello */
    UNAUTHENTICATED_KINDS
};

/* A member of the connection's owner. */
struct unauthenticated {
    TAILQ_ENTRY(unauthenticated) link;
    struct conn *conn; /* NULL: not in a list */
    uint64_t since_us; /* when it came */
    enum unauthenticated_kind kind;
};

struct unauthenticated_list {
    TAILQ_HEAD(unauthenticated_tailq, unauthenticated)
    kinds[UNAUTHENTICATED_KINDS]; /* each in the order of coming */
    size_t count;
};

void unauthenticated_init(struct unauthenticated_list *list);

/* Adds a new connection, as a silent one. */
void unauthenticated_add(struct unauthenticated_list *list, struct unauthenticated *peer,
                         struct conn *conn, uint64_t now_us);

/* Gives the connection another kind. Does nothing for one outside the list. */
void unauthenticated_turn(struct unauthenticated_list *list, struct unauthenticated *peer,
                          enum unauthenticated_kind kind);

/* Likewise, and always moves the connection behind the others of its kind. */
void unauthenticated_put_back(struct unauthenticated_list *list, struct unauthenticated *peer,
                              enum unauthenticated_kind kind);

/* The peer is authenticated, or its connection is closed. Does nothing for one outside the list. */
void unauthenticated_remove(struct unauthenticated_list *list, struct unauthenticated *peer);

/* The first to go; NULL if the list is empty. Its socket may hold unread input. */
struct unauthenticated *unauthenticated_first(struct unauthenticated_list *list);

/* Likewise, among connections from before `before_us`. */
struct unauthenticated *unauthenticated_first_before(struct unauthenticated_list *list,
                                                     uint64_t before_us);

#endif
