/*
 * ops: the operations of clients, one file each; cancel.c has kill as well, stats.c workers,
 * pause.c resume, register.c unregister.
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
#include "protocol/dialogue.h"

enum { JOB_NAME_MAX = 64 }; /* bytes of a job's name, as a client writes it */

/* The fields of all operations. */
struct client_request {
    struct request base;
    REQUEST_TEXT(MODULE_NAME_MAX) module;
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
    uint32_t level;                      /* of the log, from 1; 0: not given */
    REQUEST_TEXT(SERVICE_NAME_MAX) name; /* of a service */
    REQUEST_TEXT(SERVICE_NAME_MAX) service;
};

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
    OP(register)       \
    OP(unregister)     \
    OP(services)

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

/* named.c: the pool or the worker named by the request; NULL after a refusal. */
struct dispatcher *client_op_pool(const struct client_session *session, struct request *request);
struct worker *client_op_worker(const struct client_session *session, struct request *request);

/* set.c: makes the request's module, if it has one, the session's default. */
void client_op_set_module(struct client_session *session, const struct client_request *request);

#endif
