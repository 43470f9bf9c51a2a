/*
 * ops: the operations of taskqueued's clients, one file each, and those of every daemon
 * (peers/ops/).
 *
 * To add an operation, write a file here with its `struct operation`, and add a line to the list
 * below. To add a field, add a row in the operation's file and a member to queue_request.
 */
#ifndef TASKMASTER_QUEUE_CLIENTS_OPS_OPS_H
#define TASKMASTER_QUEUE_CLIENTS_OPS_OPS_H

#include "peers/ops/ops.h"
#include "queue/clients/job_name.h"
#include "queue/clients/ops/list.h"
#include "queue/clients/session.h"
#include "queue/clients/state_name.h"

enum {
    REASON_MAX = 32,       /* bytes of a reason of `failed` */
    PATH_TEXT_MAX = 1024,  /* and of a path */
    QUEUE_OP_BY_MAX = 512, /* of the fields that tell who ends a job */
};

/* The fields of all operations. */
struct queue_request {
    struct peer_request peer;
    uint64_t delay_ms, at_ms; /* 0: none */
    uint64_t max_wait_ms;     /* likewise */
    uint64_t ttl_ms;          /* likewise */
    uint32_t timeout_ms, soft_timeout_ms;
    uint32_t priority;
    uint32_t retries, retry_delay_ms;
    uint32_t retry_on; /* bits of enum stored_retry_on */
    uint32_t notify;   /* bits of the words of the field */
    uint32_t link;     /* enum queue_tie */
    uint32_t state;    /* a word, from 1 (state_name.h); 0: any */
    uint32_t client;   /* its number */
    bool detach;
    REQUEST_TEXT(STORED_KEY_MAX) key;
    REQUEST_TEXT(JOB_NAME_MAX) job;
    REQUEST_TEXT(ID_TEXT_MAX) target; /* like an id */
    REQUEST_TEXT(ORIGIN_MAX) owner;
    REQUEST_TEXT(REASON_MAX) reason;
    REQUEST_TEXT(PATH_TEXT_MAX) path;
};

#define QUEUE_REQUEST_AT(member) .at = offsetof(struct queue_request, member)

/* The list: queue_op_NAME of each file, in the order of `features`. */
#define QUEUE_OPS(OP) \
    OP(hello)         \
    OP(submit)        \
    OP(wait)          \
    OP(forget)        \
    OP(retry)         \
    OP(cancel)        \
    OP(kill)          \
    OP(status)        \
    OP(jobs)          \
    OP(peek)          \
    OP(pause)         \
    OP(resume)        \
    OP(backup)        \
    OP(stats)         \
    OP(workers)       \
    OP(modules)       \
    OP(nodes)         \
    OP(watch)         \
    OP(monitor)

#define QUEUE_OP_DECLARE(name) extern const struct operation queue_op_##name;
QUEUE_OPS(QUEUE_OP_DECLARE)

/* Ping, those of every daemon, and these, then NULL. */
extern const struct operation *const queue_ops[];

/* The request in hand: large, and used by one call at a time. */
extern struct queue_request queue_ops_request;

static inline const struct queue_request *queue_request_of(const struct request *request)
{
    return (const struct queue_request *)request;
}

/* The row of a job by its name. */
#define QUEUE_OP_JOB_FIELD(need_)                                                         \
    {                                                                                     \
        "job", FIELD_STRING, need_, QUEUE_REQUEST_AT(job), .min = 1, .max = JOB_NAME_MAX, \
                                                           .noun = "a job's id"           \
    }

/* The row of a job by its submitter's id. */
#define QUEUE_OP_TARGET_FIELD(need_)                        \
    {                                                       \
        "target", FIELD_ID, need_, QUEUE_REQUEST_AT(target) \
    }

/* named.c: a question about the job named by the request; the answer comes in order. */
struct queue_job_ask {
    struct queue_asked asked;
    struct kept_ask ask;
    /* OK: writes the answer. `job`: NULL: it is unknown, if the question tells of that, too. */
    void (*tell)(struct queue_job_ask *job_ask, const struct kept *job);
    bool tells_unknown;
    enum queue_state_word state; /* when the question came to the job */
    char by[QUEUE_OP_BY_MAX];
};

/* The kinds are of `ask`; others' jobs need the right (RIGHT_CONTROL or RIGHT_OBSERVE). */
enum verdict queue_op_ask_job(struct queue_session *session, struct request *request,
                              const struct kept_ask *ask, enum access_right right,
                              void (*tell)(struct queue_job_ask *, const struct kept *));

/* The same in two steps, for a question of `size` bytes with a struct queue_job_ask at its
 * beginning. */
void *queue_op_job_ask_new(size_t size, struct queue_session *session,
                           const struct request *request, const struct kept_ask *ask,
                           void (*tell)(struct queue_job_ask *, const struct kept *));
enum verdict queue_op_job_ask_begin(struct queue_job_ask *job_ask, uint64_t seq,
                                    enum access_right right);

/* A filter of jobs; its texts are the request's. */
#define QUEUE_OP_FILTER_FIELDS                                                       \
    {"module", FIELD_NAME, PEER_REQUEST_AT(module), .max = MODULE_NAME_MAX},         \
    {                                                                                \
        "owner", FIELD_STRING, QUEUE_REQUEST_AT(owner), .min = 1, .max = ORIGIN_MAX, \
                                                        .noun = "an owner's name"    \
    }

/* `words`: queue_state_words, or a beginning of them. */
#define QUEUE_OP_STATE_FIELD(words_)                                    \
    {                                                                   \
        "state", FIELD_WORD, QUEUE_REQUEST_AT(state), .words = (words_) \
    }

#define QUEUE_OP_REASON_FIELD                                                          \
    {                                                                                  \
        "reason", FIELD_STRING, QUEUE_REQUEST_AT(reason), .min = 1, .max = REASON_MAX, \
                                                          .noun = "a reason of failed" \
    }

/* The open submit of the session with the request's target; NULL after a refusal. */
struct queue_follower *queue_op_target(struct queue_session *session, struct request *request);

/* The message of `duplicate-id`. */
#define QUEUE_OP_DUPLICATE                                                               \
    "a submit or a wait under this id has not ended yet; an id is free again after its " \
    "last event"

/* submit.c: the refusal of a submit whose payload is on its way; of a request with the id of an
 * open one (protocol.amend). */
void queue_op_refuse_submit(const struct queue_follower *follower, struct refusal *refusal,
                            const char *code, const char *message);
void queue_op_amend(struct dialogue *dialogue, struct refusal *refusal, bool fatal);

#endif
