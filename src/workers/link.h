/* clang-format off */
/*
 * worker_link: one worker's process, connection and output. The link is the part of a worker outside
 * the dispatcher.
 *
 * A link lives from the start of the process until the process is reaped. Its states change in
 * worker_link_set_state() alone:
 *
 *     STARTED --> AUTHENTICATED --> READY
 *                       |             |
 *                       +------+------+
 *                              v
 *                     RETIRING or CLOSED
 *
 *     and from each of these --> KILLED --> REAPED, or straight --> REAPED
 *
 * The dispatcher's record of the worker has other states, about jobs (jobs/pool.h). These states are
 * about the process and its connection. death.c has all ways to the last three.
 */
/* clang-format on */
#ifndef TASKMASTER_WORKERS_LINK_H
#define TASKMASTER_WORKERS_LINK_H

#include "base/timers.h"
#include "common/limits.h"
#include "jobs/pool.h"
#include "workers/loaded.h"
#include "workers/output.h"
#include "workers/process.h"
#include "workers/welcome.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

struct worker_connection;
struct workers;

enum worker_link_state {
    LINK_STARTED,       /* its process runs, or is about to; its token is expected */
    LINK_AUTHENTICATED, /* it is connected, and loads modules */
    LINK_READY,         /* it runs jobs */
    LINK_RETIRING,      /* it was told to end by itself */
    LINK_CLOSED,        /* its connection has ended; its process should end as well */
    LINK_KILLED,        /* SIGKILL was sent */
    LINK_REAPED,        /* its process is gone, and its last words are read */
    LINK_STATES
};

enum {
    LINK_WHY_MAX = 160, /* bytes of one reason for a worker's end */
};

struct worker_link {
    TAILQ_ENTRY(worker_link) link; /* in the list of all */
    struct workers *workers;
    struct worker *worker;                /* the record; both are freed at the same time */
    struct worker_connection *connection; /* from AUTHENTICATED on, while it is open */
    struct worker_process process;
    struct worker_output output;
    struct worker_loaded loaded;
    struct worker_welcome *welcome; /* the settings at its start */
    struct worker_welcome *preload; /* those of its pool; NULL: nothing to load */
    uint8_t token[TOKEN_BYTES];
    uint8_t state;          /* enum worker_link_state */
    uint8_t been;           /* a bit for each state so far: the words for an exit tell the past */
    bool loss_unlogged;     /* the loss is told to the dispatcher, and not yet to the log */
    char why[LINK_WHY_MAX]; /* the reason for its end, besides the exit status; "": none */
    struct timer grace;     /* CLOSED: until the kill. KILLED: until its job is given up */
    struct timer peek;      /* while jobs are prefetched: when to look for silent results */
    uint32_t peek_ms;       /* pause to the next look */
    /* What its last job has used, if asked for, from the job's answer. */
    struct job_usage usage;
    uint64_t usage_job;     /* its number */
    uint64_t drained_reads; /* conn_loop.reads at the last look at its output */
};

TAILQ_HEAD(worker_link_list, worker_link);

/* A new link in the state STARTED, without a process. */
struct worker_link *worker_link_new(struct workers *workers, struct worker *worker);

/* Closes the connection, the output and the process's descriptors. The process is reaped, or was
 * never started. */
void worker_link_free(struct worker_link *link);

/* Tells the modules which the worker has loaded by now. */
void worker_link_look_at_modules(struct worker_link *link);

/* Returns true if the matrix allows this way. */
bool worker_link_may_turn(enum worker_link_state from, enum worker_link_state to);

/* The one way to another state. Aborts on a way outside the matrix. */
void worker_link_set_state(struct worker_link *link, enum worker_link_state state);

/* Returns true if the link is or was in this state. */
static inline bool worker_link_has_been(const struct worker_link *link,
                                        enum worker_link_state state)
{
    return link->been & 1u << state;
}

/* Closes the connection, if there is one. A worker without a connection is given no other job. */
void worker_link_close_connection(struct worker_link *link);

/* These return NULL if there is none. */
struct worker_link *worker_link_by_id(const struct workers *workers, uint32_t id);
struct worker_link *worker_link_by_pid(const struct workers *workers, pid_t pid);

#endif
