/* clang-format off */
/*
 * worker_link: what connects a worker's record to the world: its process, its connection, its
 * output.
 *
 * It carries out the dispatcher's operations and tells it what workers do. A worker has two ends,
 * its process and its connection, and they are seen in either order:
 *
 *     reaped first:  the socket is read until nothing more is there (a grandchild may hold it
 *                    open, so EOF is not waited for), then the loss is told: a whole result that
 *                    was sent before the death is a result
 *     closed first:  its own exit status is waited for (200 ms), then it is killed
 *
 * Either way the record goes when the process has been reaped. Should a killed process not be
 * reaped within a second (it hangs in the kernel), its job's end is told without waiting longer.
 */
/* clang-format on */
#ifndef TASKMASTER_WORKERS_LINK_H
#define TASKMASTER_WORKERS_LINK_H

#include "base/log_limit.h"
#include "common/limits.h"
#include "common/log.h"
#include "jobs/dispatcher.h"
#include "jobs/module_settings.h"
#include "net/conn.h"
#include "net/unauthenticated.h"
#include "workers/job_log.h"
#include "workers/late.h"
#include "workers/process.h"
#include "workers/settings.h"

#include <stddef.h>
#include <sys/queue.h>
#include <sys/socket.h>

struct workers {
    struct dispatcher *dispatcher;
    struct conn_loop *loop;
    const char *boot;
    struct worker_process_env env;
    struct conn_limits limits;
    struct worker_welcome *welcome; /* what a worker that is started now is told in WELCOME */
    TAILQ_HEAD(, worker_link) links;
    struct unauthenticated_list unauthenticated; /* connections without a valid token yet */
    size_t unauthenticated_max;                  /* the most of these that may be open */
    struct log_limit stranger_lines;             /* of the log */
    struct timer reap;      /* set: more children have died than are reaped in one turn */
    struct job_log job_log; /* lines of it that jobs can cause */
    struct worker_late late;
};

extern const struct dispatcher_ops worker_link_ops; /* their ctx is a struct workers */

void workers_init(struct workers *workers);
void workers_free(struct workers *workers); /* once no worker and no connection is left */

/* Other settings, for workers that start from now on. */
void workers_configure(struct workers *workers, const struct workers_settings *settings,
                       const struct module_settings *modules, enum log_level level);

/* Reaps children that have died, some now and the others in the turns that follow. */
void workers_reap(struct workers *workers);

/* connection.c */

/* A new connection on the worker port; takes over `fd`. */
void workers_accept(struct workers *workers, int fd, const struct sockaddr *addr,
                    socklen_t addr_len);

/* Closes connections that have not proven themselves. */
void workers_close_unauthenticated(struct workers *workers);

#endif
