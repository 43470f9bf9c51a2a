/*
 * inquiry: a question that this folder cannot answer: the master's `workers` and `modules`, the
 * figures of the whole queue, `stats`, and the `nodes` that work on the queue. The daemon fills the
 * table in, because this folder calls nothing above it. (`pools`, `crashes` and so on: whoever
 * wants to know asks the master itself.)
 *
 * The asker embeds the struct. It belongs to the daemon from `ask` until `answered`, or `forget`.
 */
#ifndef TASKMASTER_QUEUE_CLIENTS_INQUIRY_H
#define TASKMASTER_QUEUE_CLIENTS_INQUIRY_H

#include "base/payload.h"

enum queue_inquiry_kind {
    INQUIRY_STATS,
    INQUIRY_WORKERS,
    INQUIRY_MODULES,
    INQUIRY_NODES,
};

/* Borrowed for the call. */
struct queue_inquiry_answer {
    struct payload *payload;    /* JSON text, the payload of the answer */
    const char *code, *message; /* without a payload: of an `error` */
};

struct queue_inquiry {
    enum queue_inquiry_kind kind;
    void (*answered)(struct queue_inquiry *inquiry, const struct queue_inquiry_answer *answer);
    void *pending; /* the daemon's */
};

struct queue_inquiry_ops {
    void *arg;
    /* Never answers in the call. */
    void (*ask)(void *arg, struct queue_inquiry *inquiry);
    /* The asker has gone: nothing is answered. Of a zeroed inquiry, or an answered one, nothing
     * happens. */
    void (*forget)(void *arg, struct queue_inquiry *inquiry);
};

#endif
