/*
 * followers: the submits and waits of a session, from their request to the last event.
 *
 *     OPEN --(its last event is written)--> TOLD --(the kernel has all of it)--> freed
 *     ^ ^ |                                 ^ |
 *     | | '--(its client does not read)--> OWED '--(the connection is lost)--> freed
 *     | '---------(its job runs again)-------'
 *     TIED (a submit with `link`)
 *
 * While one is OPEN, TIED or OWED, its id is taken. An outcome is acknowledged once the kernel has
 * the last byte of its event, so a TOLD one keeps the event's place in the output. Of an OWED one
 * the outcome is in the store alone (owed.c); it is OPEN again if somebody retries the job.
 */
#ifndef TASKMASTER_QUEUE_CLIENTS_FOLLOWERS_H
#define TASKMASTER_QUEUE_CLIENTS_FOLLOWERS_H

#include "base/hash.h"
#include "base/timers.h"
#include "queue/kept/ask.h"
#include "queue/kept/follower.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

struct queue_follower;
struct queue_session;
struct request;

enum queue_follower_state {
    FOLLOWER_NEW, /* in no list: the payload of its submit is on its way */
    FOLLOWER_OPEN,
    FOLLOWER_TIED,
    FOLLOWER_OWED,
    FOLLOWER_TOLD,
    FOLLOWER_STATES
};

enum { SUBMITS_AHEAD = 1024 }; /* of a session, that are not stored yet */

/* Of one session. */
struct queue_followers {
    TAILQ_HEAD(queue_follower_list, queue_follower) lists[FOLLOWER_STATES]; /* NEW's is unused */
    size_t open;                                                            /* with the tied ones */
    size_t detached;                                                        /* of these */
    size_t storing; /* likewise, submits that are not stored yet */
};

/* What a wait has beside its follower (waits.c). */
struct queue_wait {
    struct kept_ask ask; /* finds the job */
    struct timer timer;  /* set: the wait is over when it fires */
    struct queue_follower *follower;
    bool has_timeout;
    uint32_t timeout_ms;
};

struct queue_follower {
    struct kept_follower kept;
    struct queue_session *session;
    TAILQ_ENTRY(queue_follower) link; /* in the list of its state */
    struct hash_node by_id;
    struct queue_wait *wait; /* owned; NULL: a submit */
    uint64_t seq;            /* of the job, at the last event */
    uint64_t told_at;        /* the place in the output behind its last event */
    uint8_t state;           /* enum queue_follower_state */
    bool is_storing;         /* a submit that is not stored yet */
    bool wants_accepted;     /* its client does */
    uint8_t tie;             /* of a submit: enum queue_tie */
    uint16_t id_len, context_len;
    char text[]; /* JSON: the id, the context of a submit, and a NUL */
};

/* A job's tie to its connection. */
enum queue_tie {
    TIE_NONE,
    TIE_ALWAYS,
    TIE_ON_FAILURE, /* unless the client has said bye */
};

void queue_followers_init(struct queue_session *session);

/* A follower for the request, in state NEW; `event` hears of its job. */
struct queue_follower *queue_follower_new(struct queue_session *session,
                                          const struct request *request,
                                          void (*event)(struct kept_follower *follower,
                                                        const struct kept_event *event));
void queue_follower_free(struct queue_follower *follower);

/* The session's open one with this id; NULL: there is none. */
struct queue_follower *queue_followers_find(const struct queue_session *session, const char *id,
                                            size_t len);

/* It is open from now on. The caller has looked for its id. */
void queue_follower_open(struct queue_follower *follower);

/* Its submit is stored, or refused. */
void queue_follower_stored(struct queue_follower *follower);

/* Its last event is written: the id is free. `seq`: a job whose outcome was told; 0: none was. */
void queue_follower_close(struct queue_follower *follower, uint64_t seq);

/* Its job has ended, and is told of later. Behind others that are owed, if it is owed already. */
void queue_follower_put_off(struct queue_follower *follower, uint64_t seq);

/* Its job, of which it was to be told, runs again: it follows the job as before. */
void queue_follower_reopen(struct queue_follower *follower);

/* The client has taken some output. */
void queue_followers_taken(struct queue_session *session);

/* The input has ended: withdraws a batch of the tied ones. True when none is left. */
bool queue_followers_cut_ties(struct queue_session *session);

/* The connection is lost: frees a batch. True when none is left. */
bool queue_followers_release(struct queue_session *session);

static inline const char *queue_follower_id(const struct queue_follower *follower)
{
    return follower->text;
}

static inline const char *queue_follower_context(const struct queue_follower *follower)
{
    return follower->text + follower->id_len;
}

static inline struct queue_follower *queue_follower_of(struct kept_follower *kept)
{
    return (struct queue_follower *)((char *)kept - offsetof(struct queue_follower, kept));
}

#endif
