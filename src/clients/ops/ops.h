/*
 * ops: the operations of clients, one file each; cancel.c has kill as well, stats.c workers,
 * pause.c resume, register.c unregister, watch.c unwatch, monitor.c demonitor.
 *
 * To add an operation, write a file here with its `struct operation`, and add a line to the list
 * below. To add a field, add a row in the operation's file and a member to client_request.
 */
#ifndef TASKMASTER_CLIENTS_OPS_OPS_H
#define TASKMASTER_CLIENTS_OPS_OPS_H

#include "clients/clients.h"
#include "clients/places.h"
#include "clients/session.h"
#include "common/limits.h"
#include "jobs/pool_settings.h"
#include "protocol/dialogue.h"

enum {
    JOB_NAME_MAX = 64,  /* bytes of a job's name, as a client writes it */
    LIST_MAX = 1000,    /* items in a list, */
    LIST_DEFAULT = 100, /* and if the client does not say */
};

/* The fields of all operations. */
struct client_request {
    struct request base;
    REQUEST_TEXT(MODULE_NAME_MAX) module; /* the last member that submit_scan() writes to */
    uint32_t timeout_ms;                  /* 0: none */
    uint32_t max_wait_ms;                 /* 0: none */
    uint32_t soft_timeout_ms;             /* likewise */
    uint32_t notify;                      /* bits of the words of submit's field */
    uint32_t link;                        /* enum job_link */
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
    uint32_t what;                       /* bits of the words of watch's field */
    uint32_t level;                      /* of the log, from 1; 0: not given */
    REQUEST_TEXT(SERVICE_NAME_MAX) name; /* of a service */
    REQUEST_TEXT(SERVICE_NAME_MAX) service;
    uint32_t state;  /* of jobs: a word, from 1; 0: any */
    uint32_t client; /* its number; 0: any */
    uint32_t limit;  /* items in a list; 0: not given */
    REQUEST_TEXT(PLACE_TEXT_MAX) after;
    REQUEST_TEXT(ID_TEXT_MAX) ref; /* of a monitor, like an id */
    bool all_workers;
};

/* Bytes behind `base` for submit_scan() to write to. */
#define CLIENT_REQUEST_SCANNED \
    (offsetof(struct client_request, timeout_ms) - sizeof(struct request))

#define CLIENT_REQUEST_AT(member) .at = offsetof(struct client_request, member)

/* The list: client_op_NAME of each file, in the order of `features`. */
#define CLIENT_OPS(OP) \
    OP(hello)          \
    OP(submit)         \
    OP(set)            \
    OP(bye)            \
    OP(stats)          \
    OP(workers)        \
    OP(modules)        \
    OP(crashes)        \
    OP(status)         \
    OP(jobs)           \
    OP(peek)           \
    OP(clients)        \
    OP(cancel)         \
    OP(kill)           \
    OP(pause)          \
    OP(resume)         \
    OP(resize)         \
    OP(recycle)        \
    OP(reload)         \
    OP(reopen)         \
    OP(drain)          \
    OP(log_level)      \
    OP(watch)          \
    OP(unwatch)        \
    OP(register)       \
    OP(unregister)     \
    OP(services)       \
    OP(monitor)        \
    OP(demonitor)

#define CLIENT_OP_DECLARE(name) extern const struct operation client_op_##name;
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

/* The rows of a filter of jobs, and of a list in pages. */
#define CLIENT_OP_FILTER_FIELDS                                                  \
    {"module", FIELD_NAME, CLIENT_REQUEST_AT(module), .max = MODULE_NAME_MAX},   \
        {"pool",   FIELD_STRING,         CLIENT_REQUEST_AT(pool),                \
         .min = 1, .max = POOL_NAME_MAX, .noun = "a pool's name"},               \
        {"owner",  FIELD_STRING,      CLIENT_REQUEST_AT(owner),                  \
         .min = 1, .max = ORIGIN_MAX, .noun = "an owner's name"},                \
    {                                                                            \
        "state", FIELD_WORD, CLIENT_REQUEST_AT(state), .words = client_op_states \
    }

#define CLIENT_OP_PAGE_FIELDS                                                             \
    {"limit", FIELD_UINT, CLIENT_REQUEST_AT(limit), .min = 1, .max = LIST_MAX},           \
    {                                                                                     \
        "after", FIELD_STRING, CLIENT_REQUEST_AT(after), .min = 1, .max = PLACE_TEXT_MAX, \
                                                         .noun = "a place in a list"      \
    }

/* listed.c: the wanted jobs, in texts of the request; the size of a page. */
extern const char *const client_op_states[];
struct listing_filter client_op_filter(const struct request *request);
size_t client_op_limit(const struct request *request);

/* Refuses a pool that does not exist. */
enum verdict client_op_check_pool(struct dialogue *dialogue, struct request *request);

/* The place of the page; NULL after a refusal. */
struct client_place *client_op_place(struct clients *clients, struct request *request,
                                     enum client_place_kind kind);

/* named.c: the job, the pool or the worker named by the request; NULL after a refusal. */
struct job *client_op_job(const struct client_session *session, struct request *request);
struct dispatcher *client_op_pool(const struct client_session *session, struct request *request);
struct worker *client_op_worker(const struct client_session *session, struct request *request);

/* Refuses a request about a job that is not the client's own; `right` would permit it. */
enum verdict client_op_refuse_job(struct request *request, const char *right);

/* The unfinished job with this name, as the server wrote it; NULL: there is none. */
struct job *client_op_job_named(const struct clients *clients, const char *name);

/* set.c: makes the request's module, if it has one, the session's default. */
void client_op_set_module(struct client_session *session, const struct client_request *request);

#endif
