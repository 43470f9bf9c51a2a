/*
 * master_ask: a request to the master on behalf of a client of the queue (`workers`, `modules`) or
 * for a part of an answer (`stats`). Answers come in the order of the requests.
 *
 * Whoever asks embeds the struct. It belongs to the link from master_link_ask() until `answered`,
 * or until master_ask_forget().
 */
#ifndef TASKMASTER_QUEUE_MASTER_ASK_H
#define TASKMASTER_QUEUE_MASTER_ASK_H

#include "queue/master/link.h"

struct master_answer {
    /* The answer's payload, borrowed for the call; NULL: there is none. */
    struct payload *payload;
    /* Otherwise a code and a message, as for an `error`: of the master, or `unavailable` while it
     * is away. NULL: it is answered. */
    const char *code, *message;
};

struct master_ask {
    const char *op; /* static: "workers" */
    void (*answered)(struct master_ask *ask, const struct master_answer *answer);
    /* For queue/master/ alone: */
    struct master_asked *asked;
};

/* Never answers in the call. */
void master_link_ask(struct master_link *link, struct master_ask *ask);

/* The asker has gone: nothing is answered. Of a zeroed struct, or an answered one, nothing happens.
 */
void master_ask_forget(struct master_ask *ask);

#endif
