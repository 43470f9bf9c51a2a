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
#include "queue/clients/session.h"

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
    bool detach;
    REQUEST_TEXT(STORED_KEY_MAX) key;
    REQUEST_TEXT(JOB_NAME_MAX) job;
};

#define QUEUE_REQUEST_AT(member) .at = offsetof(struct queue_request, member)

/* The list: queue_op_NAME of each file, in the order of `features`. */
#define QUEUE_OPS(OP) \
    OP(hello)         \
    OP(submit)        \
    OP(wait)

#define QUEUE_OP_DECLARE(name) extern const struct operation queue_op_##name;
QUEUE_OPS(QUEUE_OP_DECLARE)

/* Ping, these and those of every daemon, then NULL. */
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
