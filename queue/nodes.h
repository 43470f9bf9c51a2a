/*
 * nodes: the answer to `nodes`: which processes work on this queue. A shared store has the list;
 * with any other one, this process is the only node.
 */
#ifndef TASKMASTER_QUEUE_NODES_H
#define TASKMASTER_QUEUE_NODES_H

#include "queue/clients/inquiry.h"
#include "queue/keeping.h"

/* Where the answer comes from; all is borrowed. */
struct nodes {
    const struct keeping *keeping;
    const struct queue_settings *const *settings; /* in force */
    uint64_t since_ms;                            /* the start of this process, since 1970 */
};

/* As the calls of struct queue_inquiry_ops. */
void nodes_ask(struct nodes *nodes, struct queue_inquiry *of);
void nodes_forget(struct nodes *nodes, struct queue_inquiry *of);

#endif
