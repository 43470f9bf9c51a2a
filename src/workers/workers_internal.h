/*
 * worker_private: what the files of worker_link share. Nobody else includes this.
 *
 *     link.c      a worker's two ends, its loss, and the dispatcher's operations
 *     connection.c      connections: proving tokens, reading and checking messages
 *     results.c    answers for jobs, from messages and from slots
 *     exit.c       what is known of a worker's end
 *     settings.c  the settings that workers are told
 */
#ifndef TASKMASTER_WORKERS_WORKERS_INTERNAL_H
#define TASKMASTER_WORKERS_WORKERS_INTERNAL_H

#include "base/timers.h"
#include "common/limits.h"
#include "common/wire.h"
#include "jobs/dispatcher.h"
#include "net/conn.h"
#include "net/unauthenticated.h"
#include "workers/link.h"
#include "workers/output.h"
#include "workers/process.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

enum {
    WORKER_WHY_MAX = 160, /* what is known of an end besides its status, as text */
};

/* The process, and the connection once it is proven. */
struct worker_link {
    TAILQ_ENTRY(worker_link) link;
    struct workers *workers;
    struct worker *worker; /* the record; both go at the same time */
    struct worker_conn *conn;
    struct worker_process process;
    struct worker_output output;
    struct worker_welcome *welcome; /* those in force when it was started */
    uint64_t drained_reads;         /* conn_loop.reads when its output was looked at last */
    uint8_t token[TOKEN_BYTES];
    bool authenticated;       /* its token was used */
    bool late;                /* it is ending, and its token has not come */
    bool ready;               /* it said so */
    bool killed;              /* SIGKILL was sent to it */
    bool closed;              /* its connection ended before it did */
    bool untold;              /* its loss is yet to be logged */
    bool retiring;            /* it is told to end once all that was sent before is out */
    bool told_to_end;         /* it is told, or will be, and not killed instead */
    char why[WORKER_WHY_MAX]; /* of its end, besides its status */
    struct timer timer;
    struct timer peek; /* while jobs are lent: when to look for results that nobody told of */
    uint32_t peek_ms;
};

/* A connection on the worker port. */
struct worker_conn {
    struct conn conn;
    struct unauthenticated stranger; /* among the unauthenticated */
    struct workers *workers;
    struct worker_link *owner; /* NULL: unauthenticated */
    struct wire_head head;     /* of the message that is arriving */
    struct payload *text;      /* of a failure, while its details arrive; owned */
    struct timer timer;        /* unauthenticated: until when */
};

static inline struct timers *workers_timers(const struct workers *workers)
{
    return workers->loop->timers;
}

/* link.c: a worker's two ends */

/* Reaps the worker's process if that is dead: true, and the link is gone. */
bool worker_link_reap(struct worker_link *link);

/* A worker that does what no worker of ours does. */
void worker_link_break_off(struct worker_link *link, const char *fault);

/*
 * It closed its connection, or that broke: its process should be ending. A write may be what found
 * out, by the reset of a process that died with messages unread: what it had sent before is still
 * there to be read, and counts.
 */
void worker_link_disconnected(struct worker_link *link);

/* connection.c: what is said over a connection */

/* `payload` may be NULL. */
void worker_connection_send(struct worker_conn *conn, const struct wire_head *head,
                            struct payload *payload);

/* results.c: answers for jobs */

void worker_results_init(struct worker_link *link);

/* A message whose header was checked. `text`: of a failure; it and `payload` may be NULL. */
void worker_results_take(struct worker_link *link, const struct wire_head *head,
                         const struct payload *text, struct payload *payload);

/* The results that the worker left in slots, in the order of its jobs. What it is handed meanwhile
 * is sent at the end of the turn, so that this ends. */
void worker_results_take_slots(struct worker_link *link);

/* Jobs are lent to it: results that it tells nobody of are looked for now and then, until it has no
 * job. */
void worker_results_watch(struct worker_link *link);

/* exit.c: what is known of an end */

/* `status`: the wait status, if it is known; `closed`: its connection ended before it did. */
void worker_exit_describe(const int *status, bool closed, struct worker_exit *end, char *text,
                          size_t size);

/* What a module's code was at without a job, as the end of that sentence: " in the fini() of module
 * x"; "" if it was not, or is not known. `module`: whose, or "-". */
void worker_exit_place(const struct worker_link *link, char *text, size_t size,
                       char module[MODULE_NAME_MAX + 1]);

/* For the failed event. A client has made room for payload-max and no more: of what the worker
 * printed there is what fits, the last of it. All else is shorter than the least payload-max. NULL
 * if there is no memory for that. */
struct payload *worker_exit_details(struct worker_link *link, const struct worker_exit *end);

/* settings.c: what a worker is told in WELCOME */

/* Those of one start or reload: the workers that are started under them share them. */
struct worker_welcome {
    size_t refs;
    char *text; /* with NULs in it */
    size_t text_len;
};

struct worker_welcome *worker_welcome_new(const struct module_settings *modules,
                                          enum log_level level, const char *boot);
struct worker_welcome *worker_welcome_ref(struct worker_welcome *settings);
void worker_welcome_unref(struct worker_welcome *settings); /* NULL is fine */

#endif
