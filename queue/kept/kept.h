/*
 * kept: a job in memory. The store has every job; memory has those that
 *
 *   - stand in the window of their module: the next ones to be handed on,
 *   - are handed on, or about to be,
 *   - have a follower: a submit or a wait that hears of their events,
 *   - have an operation of the store in progress, or are asked about (ask.h).
 *
 * While a record is in memory, it is the truth, and the store follows. One operation of a job is in
 * progress at a time; a change meanwhile waits for its end. An event is told only after the store
 * has its cause.
 *
 * With a store that many nodes share, that is so for the jobs that this node holds: HANDED and
 * RUNNING ones. All others are the store's, and any node may change them. The record of such a job
 * is a copy, here for its followers and for those who ask: each ask reads it anew (elsewhere.c).
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

/* Where a kept job is: the state that the store has, or is about to have. kept_set_state() is the
 * one way from one to another (kept.c has the matrix). */
enum kept_state {
    KEPT_NEW,       /* nothing of it is stored */
    KEPT_WAITING,   /* in the window of its module, or followed only */
    KEPT_DELAYED,   /* not before run.due_ms */
    KEPT_HANDED,    /* the master has it as soon as the store knows */
    KEPT_RUNNING,   /* likewise, and the master has told `started` */
    KEPT_ELSEWHERE, /* of a shared store, and not with this node: a copy; stored->run.state has the
                     * state as read last */
    KEPT_ENDED,     /* its outcome is known */
    KEPT_GONE,      /* forgotten, or refused */
    KEPT_STATES
};

struct kept_late;
struct kept_ask;
TAILQ_HEAD(kept_asks, kept_ask);

struct kept {
    struct keep *keep;
    struct stored_job *stored; /* owned; while an operation is in progress nothing in it changes */
    struct payload *input;     /* NULL: empty, or not in memory */
    struct payload *result;    /* likewise, of an ended one */
    struct hash_node by_seq;
    LIST_HEAD(, kept_follower) followers;
    uint8_t state; /* enum kept_state */

    /* For queue/kept/ alone: */
    bool is_writing;  /* an operation is in progress, */
    bool is_reading;  /* which reads alone */
    bool is_touched;  /* the next pass looks at it */
    bool is_in_line;  /* its bodies are to be read */
    uint8_t place;    /* enum kept_place */
    bool is_detached; /* a submit that joined it was detached */
    uint8_t refusal;  /* enum kept_refusal: of a submit, not told yet */
    struct kept_module *module;
    struct kept_owner *owner;
    TAILQ_ENTRY(kept) of_place;   /* the window of its module, or all handed ones */
    TAILQ_ENTRY(kept) touched;    /* of the next pass */
    TAILQ_ENTRY(kept) of_bodies;  /* those whose bodies are to be read */
    struct kept_asks asks;        /* to be looked at, in the order of asking */
    struct kept_asks answers;     /* answered when the operation in progress is done */
    struct kept_follower *cursor; /* the next one to be told of an event */
    struct kept_late *late;       /* came while an operation was in progress; or NULL */
    uint64_t started_us;          /* of a running one */
    uint64_t coming;              /* bytes that its result may have */
    char *stop_by;                /* fields of the event for a cancel that was asked for; owned */

    /* Of a shared store: */
    bool is_stale;             /* a copy: the store has it otherwise by now */
    bool is_away;              /* a copy: it could not be read, and is not for a while */
    bool is_late;              /* the master has a run of it that this node holds no more, */
    bool is_expiring;          /* or was told to stop the run, as the lease ends; */
    bool is_hurried;           /* the master is to begin it soon, or gives it back */
    uint32_t late_attempt;     /* of the late run */
    uint8_t follows;           /* enum store_wants: of this node, as the store knows */
    struct stored_job *handed; /* a copy that was handed to this node during an operation; owned; */
    uint8_t handed_by;         /* enum store_kind: by this one */
};

static inline uint64_t kept_seq(const struct kept *job)
{
    return job->stored->seq;
}

#endif
