/*
 * ops: the operations of clients, one file each; cancel.c has kill as well, stats.c workers,
 * pause.c resume, register.c unregister. Those that every daemon has are in peers/ops/.
 *
 * To add an operation, write a file here with its `struct operation`, and add a line to the list
 * below. To add a field, add a row in the operation's file and a member to client_request.
 */
#ifndef TASKMASTER_CLIENTS_OPS_OPS_H
#define TASKMASTER_CLIENTS_OPS_OPS_H

#include "clients/clients.h"
#include "clients/session.h"
#include "common/limits.h"
#include "jobs/pool_settings.h"
#include "peers/ops/ops.h"

enum { JOB_NAME_MAX = 64 }; /* bytes of a job's name, as a client writes it */

/* The fields of all operations. */
struct client_request {
    struct peer_request peer; /* its `module` is the last member that submit_scan() writes to */
    uint32_t timeout_ms;      /* 0: none */
    uint32_t max_wait_ms;     /* 0: none */
    uint32_t soft_timeout_ms; /* likewise */
    uint32_t notify;          /* bits of the words of submit's field */
    uint32_t link;            /* enum job_link */
    bool detach;
    uint32_t attempt; /* 0: not given */
    REQUEST_TEXT(ORIGIN_MAX) origin;
    REQUEST_TEXT(ORIGIN_MAX) owner; /* submit's field `for` */
    REQUEST_TEXT(JOB_NAME_MAX) job;
    REQUEST_TEXT(ID_TEXT_MAX) target; /* like an id */
    REQUEST_TEXT(POOL_NAME_MAX) pool;
    uint32_t worker;                     /* its id */
    struct pool_size size;               /* of resize */
    uint32_t waiting;                    /* enum control_waiting */
    REQUEST_TEXT(SERVICE_NAME_MAX) name; /* of a service */
    REQUEST_TEXT(SERVICE_NAME_MAX) service;
    uint32_t state;  /* of jobs: a word, from 1; 0: any */
    uint32_t client; /* its number; 0: any */
    bool all_workers;
};

/* Bytes behind `base` for submit_scan() to write to. */
#define CLIENT_REQUEST_SCANNED \
    (offsetof(struct client_request, peer.limit) - sizeof(struct request))

#define CLIENT_REQUEST_AT(member) .at = offsetof(struct client_request, member)

/* The list, in the order of `features`: client_op_NAME of a file here, or peer_op_NAME. */
#define CLIENT_OPS(OP)     \
    OP(client, hello)      \
    OP(client, submit)     \
    OP(peer, set)          \
    OP(peer, bye)          \
    OP(client, stats)      \
    OP(client, workers)    \
    OP(client, modules)    \
    OP(client, crashes)    \
    OP(client, status)     \
    OP(client, jobs)       \
    OP(client, peek)       \
    OP(peer, clients)      \
    OP(client, cancel)     \
    OP(client, kill)       \
    OP(client, pause)      \
    OP(client, resume)     \
    OP(client, resize)     \
    OP(client, recycle)    \
    OP(peer, reload)       \
    OP(peer, reopen)       \
    OP(client, drain)      \
    OP(peer, log_level)    \
    OP(client, watch)      \
    OP(peer, unwatch)      \
    OP(client, register)   \
    OP(client, unregister) \
    OP(client, services)   \
    OP(client, monitor)    \
    OP(peer, demonitor)

#define CLIENT_OP_DECLARE(folder, name) extern const struct operation folder##_op_##name;
CLIENT_OPS(CLIENT_OP_DECLARE)

/* Ping and these, then NULL. */
extern const struct operation *const client_ops[];

/* The request in hand: large, and used by one call at a time. */
extern struct client_request client_ops_request;

static inline const struct client_request *client_request_of(const struct request *request)
{
    return (const struct client_request *)request;
}

/* The rows of a job: by the server's id or by its submitter's. Exactly one of them, and of others
 * with this need. */
#define CLIENT_OP_JOB_FIELDS                                                     \
    {"job",    FIELD_STRING,        FIELD_ONE_OF,        CLIENT_REQUEST_AT(job), \
     .min = 1, .max = JOB_NAME_MAX, .noun = "a job's id"},                       \
    {                                                                            \
        "target", FIELD_ID, FIELD_ONE_OF, CLIENT_REQUEST_AT(target)              \
    }

/* The rows of a filter of jobs. */
#define CLIENT_OP_FILTER_FIELDS                                                  \
    {"module", FIELD_NAME, PEER_REQUEST_AT(module), .max = MODULE_NAME_MAX},     \
        {"pool",   FIELD_STRING,         CLIENT_REQUEST_AT(pool),                \
         .min = 1, .max = POOL_NAME_MAX, .noun = "a pool's name"},               \
        {"owner",  FIELD_STRING,      CLIENT_REQUEST_AT(owner),                  \
         .min = 1, .max = ORIGIN_MAX, .noun = "an owner's name"},                \
    {                                                                            \
        "state", FIELD_WORD, CLIENT_REQUEST_AT(state), .words = client_op_states \
    }

/* listed.c: the wanted jobs, in texts of the request. */
extern const char *const client_op_states[];
struct listing_filter client_op_filter(const struct request *request);

/* Refuses a pool that does not exist. */
enum verdict client_op_check_pool(struct dialogue *dialogue, struct request *request);

/* named.c: the job, the pool or the worker named by the request; NULL after a refusal. */
struct job *client_op_job(const struct client_session *session, struct request *request);
struct dispatcher *client_op_pool(const struct client_session *session, struct request *request);
struct worker *client_op_worker(const struct client_session *session, struct request *request);

/* Refuses a request about a job that is not the client's own; `right` would permit it. */
enum verdict client_op_refuse_job(struct request *request, const char *right);

/* The unfinished job with this name, as the server wrote it; NULL: there is none. */
struct job *client_op_job_named(const struct clients *clients, const char *name);

#endif
