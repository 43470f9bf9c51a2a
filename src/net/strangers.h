/*
 * strangers: the connections of a port that have not shown yet who they are, and which of them goes
 * first when there are too many.
 *
 * Whoever means it well says hello right behind its connect, and is read at accept, so that it is a
 * stranger for a moment at most. Those that are not wanted go first, for they must not cost the
 * place of one that is about to speak. Then go those that say nothing, the one that came first
 * before the others.
 */
#ifndef TASKMASTER_NET_STRANGERS_H
#define TASKMASTER_NET_STRANGERS_H

#include "net/conn.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

/* In the order in which they go. */
enum stranger_kind {
    STRANGER_TOLD,    /* was told that it is not wanted; it stays to read that */
    STRANGER_REFUSED, /* is not wanted, and will be told so in a while */
    STRANGER_SILENT,  /* has said nothing */
    STRANGER_BEGUN,   /* has said a part of its hello */
    STRANGER_KINDS
};

/* Lies in the object of whoever owns the connection. */
struct stranger {
    TAILQ_ENTRY(stranger) link;
    struct conn *conn; /* NULL: it is none, or none any more */
    uint64_t since_us; /* when it came */
    enum stranger_kind kind;
};

struct strangers {
    TAILQ_HEAD(stranger_list, stranger) lists[STRANGER_KINDS]; /* each in the order of coming */
    size_t count;
};

void strangers_init(struct strangers *strangers);

/* A new one, silent. */
void strangers_add(struct strangers *strangers, struct stranger *stranger, struct conn *conn,
                   uint64_t now_us);

/* It has become another kind. Does nothing for one that is no stranger any more. */
void strangers_turn(struct strangers *strangers, struct stranger *stranger,
                    enum stranger_kind kind);

/* The same, and it comes behind the others of that kind in any case. */
void strangers_put_back(struct strangers *strangers, struct stranger *stranger,
                        enum stranger_kind kind);

/* It is known now, or closed. Does nothing for one that is no stranger any more. */
void strangers_remove(struct strangers *strangers, struct stranger *stranger);

/* Who goes first; NULL if there is none. What it has sent by now may not have been read yet. */
struct stranger *strangers_first(struct strangers *strangers);

/* The same, among those that came before `before_us`. */
struct stranger *strangers_first_before(struct strangers *strangers, uint64_t before_us);

#endif
