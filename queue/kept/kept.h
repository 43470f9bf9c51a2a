/*
 * kept: a job in memory. The store has every job; memory has those that
 *
 *   - stand in the window of their module: the next ones to be handed on,
 *   - are handed on, or about to be,
 *   - have a follower: a submit or a wait that hears of their events,
 *   - have an operation of the store in progress, or are asked about (ask.h).
 *
 * While a record is in memory, it is the truth, and the store follows. One operation of a job is in
 * progress at a time; a change meanwhile waits for its end, and then all changes are written as
 * one. An event is told only after the store has its cause.
 */
#ifndef TASKMASTER_QUEUE_KEPT_KEPT_H
#define TASKMASTER_QUEUE_KEPT_KEPT_H

#include "base/hash.h"
#include "queue/store/engine.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

struct keep;
struct kept;
struct kept_follower;
struct kept_module;
struct kept_owner;
struct payload;

/* Where a kept job is. kept_set_state() is the one way from one to another (kept.c has the matrix).
 */
enum kept_state {
    KEPT_NEW,     /* its PUT is in progress */
    KEPT_WAITING, /* stored; in the window of its module, or followed only */
    KEPT_DELAYED, /* stored; not before run.due_ms */
    KEPT_HANDED,  /* the store knows, or is about to; then the master has it */
    KEPT_RUNNING, /* likewise, and the master has told `started` */
    KEPT_ENDED,   /* its outcome is stored */
    KEPT_GONE,    /* forgotten, or never stored */
    KEPT_STATES
};

struct kept {
    struct keep *keep;
    struct stored_job *stored; /* owned; while an operation is in progress nothing in it changes */
    struct payload *input;     /* NULL: empty, or not in memory */
    struct payload *result;    /* likewise, of an ended one */
    struct hash_node by_seq;
    LIST_HEAD(, kept_follower) followers;
    uint8_t state; /* enum kept_state */
    /* The rest is for queue/kept/ alone: see kept_internal.h. */
};

static inline uint64_t kept_seq(const struct kept *job)
{
    return job->stored->seq;
}

#endif
