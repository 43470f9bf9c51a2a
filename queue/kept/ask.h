/*
 * ask: a request about one kept job by its number. The job may have to be read from the store
 * first, and what changes it is stored before the answer. So answers come later.
 *
 * Whoever asks embeds the struct. It belongs to the keep from keep_ask() until `answered`, or until
 * keep_ask_forget().
 */
#ifndef TASKMASTER_QUEUE_KEPT_ASK_H
#define TASKMASTER_QUEUE_KEPT_ASK_H

#include "queue/kept/follower.h"

enum kept_ask_kind {
    KEPT_ASK_LOOK,   /* the record, with its input if `with_input` */
    KEPT_ASK_FOLLOW, /* `follower` follows the job: a wait */
    KEPT_ASK_CANCEL, /* a waiting or delayed one ends at once. Of one with the master the wish is
                      * stored, and passed on. Of an ended one: UNKNOWN */
    KEPT_ASK_KILL,   /* likewise */
    KEPT_ASK_FORGET, /* the outcome goes */
    KEPT_ASK_RETRY,  /* a failed one runs again */
    /* For queue/kept/ alone: */
    KEPT_ASK_WITHDRAW, /* the last submit of this node; submits of other nodes may go on */
};

enum kept_answer {
    KEPT_ANSWER_OK,
    KEPT_ANSWER_UNKNOWN,      /* there is no such job */
    KEPT_ANSWER_DENIED,       /* `permits` said so */
    KEPT_ANSWER_NOT_YET,      /* FORGET, RETRY: it has not ended */
    KEPT_ANSWER_NOT_FAILED,   /* RETRY: it is done */
    KEPT_ANSWER_KEY_CONFLICT, /* RETRY: the job `other` has the key */
    KEPT_ANSWER_STORAGE,      /* the store cannot be reached; a change may have come about */
};

struct kept_ask {
    enum kept_ask_kind kind;
    uint64_t seq;
    bool with_input;
    const char *by;                 /* CANCEL, KILL: fields for the event, JSON text
                                     * ",\"by\":\"submitter\"", borrowed until the answer */
    struct kept_follower *follower; /* FOLLOW */
    /* Whether the asker may; called once the job is known. NULL: yes. */
    bool (*permits)(struct kept_ask *ask, const struct kept *job);
    /* `job` is NULL if UNKNOWN or STORAGE, and borrowed for the call. The answer comes before the
     * events that follow from it: of a FOLLOW the follower's first one, of a CANCEL the end. */
    void (*answered)(struct kept_ask *ask, enum kept_answer answer, struct kept *job);
    uint64_t other;
    uint8_t state; /* enum kept_state: the job's when the ask came to it, for `answered` */
    /* For queue/kept/ alone: */
    struct kept_asks *of; /* the list that it stands in, or NULL */
    bool is_own;          /* nobody waits for its answer */
    bool is_fresh;        /* the copy of the job was read for it */
    bool kills;           /* WITHDRAW: by a kill, if it is the last one */
    bool is_noted;        /* CANCEL, KILL: the store knows of it; a withdrawal: what others want */
    TAILQ_ENTRY(kept_ask) link;
};

/* Never answers in the call. */
void keep_ask(struct keep *keep, struct kept_ask *ask);

/* The asker has gone: nothing is answered. What was begun is done all the same. Without a pending
 * ask nothing happens (a zeroed struct is none). */
void keep_ask_forget(struct kept_ask *ask);

#endif
