/*
 * follower: a submit or a wait that hears of the events of a kept job. Its owner embeds it, so a
 * job has any number of them without an allocation.
 */
#ifndef TASKMASTER_QUEUE_KEPT_FOLLOWER_H
#define TASKMASTER_QUEUE_KEPT_FOLLOWER_H

#include "queue/kept/kept.h"

/* Events that a follower hears of if it wants to. The end is told in any case. */
enum kept_wants {
    KEPT_WANTS_ACCEPTED = 1u << 0,
    KEPT_WANTS_STARTED = 1u << 1,
    KEPT_WANTS_PROGRESS = 1u << 2,
    KEPT_WANTS_RETRY = 1u << 3,
};

enum kept_event_type {
    KEPT_EVENT_ACCEPTED, /* of a submit: the job is stored, or `joined` to a stored one. A detached
                          * submit always hears of it, and has left the job then */
    KEPT_EVENT_STARTED,
    KEPT_EVENT_PROGRESS,
    KEPT_EVENT_RETRY,
    KEPT_EVENT_ENDED,   /* job->stored->outcome and job->result; the follower has left the job */
    KEPT_EVENT_REFUSED, /* of a submit: nothing is stored, or the key is another job's; it has left
                         */
    KEPT_EVENT_GONE,    /* the outcome went from the store before it was read; the follower has left
                         */
    KEPT_EVENT_LEFT,    /* of a submit that was cancelled before it joined, or that withdrew from a
                         * job of other nodes' submits, too: it has left the job, which goes on with
                         * others. `fields` tells `by` whom */
};

/* Why a submit is refused. */
enum kept_refusal {
    KEPT_FINE,
    KEPT_QUEUE_FULL,   /* overload `queue-full`: job-max */
    KEPT_CLIENT_QUOTA, /* overload: owner-job-max */
    KEPT_STORAGE,      /* overload: store-max, or the disk */
    KEPT_KEY_CONFLICT, /* error: the job `other` has the key, with another payload */
    KEPT_UNCONFIRMED,  /* error: the store did not answer in time. The job `other` may be in it */
};

/* Texts are borrowed for the call. In the call about its last event, a follower has no job any
 * more, and may be freed. */
struct kept_event {
    enum kept_event_type type;
    struct kept *job;             /* NULL: REFUSED, GONE */
    bool joined;                  /* ACCEPTED */
    enum kept_refusal refusal;    /* REFUSED */
    uint64_t other;               /* KEY_CONFLICT, UNCONFIRMED: its number */
    const char *fields;           /* STARTED, PROGRESS: other fields of the event as the master told
                                   * them, JSON text ",\"order\":17"; "" without any. LEFT */
    uint32_t attempt;             /* RETRY: the failed one */
    const char *reason, *message; /* RETRY */
    uint64_t delay_ms;            /* RETRY */
};

struct kept_ask;

struct kept_follower {
    LIST_ENTRY(kept_follower) link;
    struct kept *job; /* NULL: it has none (any more) */
    unsigned wants;   /* enum kept_wants */
    bool is_submit;   /* it submitted or joined the job; a wait otherwise */
    bool is_detached; /* a submit that leaves at ACCEPTED */
    bool is_leaving;  /* for queue/kept/ alone: it withdraws, and may be the last one */
    void (*event)(struct kept_follower *follower, const struct kept_event *event);
};

/* Hears no more of them, and changes nothing else. Without a job nothing happens. */
void kept_unfollow(struct kept_follower *follower);

/* Whether the job ends if this submit withdraws: it is the last one, and none was detached. */
bool kept_is_last(const struct kept_follower *follower);

/* The submit ends for its own part (a cancel by target, or `link`). If it is the last one, the
 * job is cancelled, or killed: true, and the submit hears of the end, after this call; or of LEFT,
 * if other nodes have submits of the job. Otherwise it has left the job. `by` is as of an ask. */
bool kept_withdraw(struct kept_follower *follower, bool kill, const char *by);

/* `ask` cancels or kills this submit by its own id, the last one here. If submits of other nodes
 * may have joined its job, the ask looks for these first, and may end this submit alone. */
void kept_withdraw_by(struct kept_follower *follower, struct kept_ask *ask);

/* An outcome was written whole to the connection of this follower, which has left the job: unless
 * the job has a key, its outcome is kept for ack-ms more and no longer. */
void kept_acknowledge(struct keep *keep, uint64_t seq);

#endif
