/* workers: all workers, and their shared parts. */
#ifndef TASKMASTER_WORKERS_WORKERS_H
#define TASKMASTER_WORKERS_WORKERS_H

#include "base/log_limit.h"
#include "base/log_limits.h"
#include "base/timers.h"
#include "common/log.h"
#include "jobs/crashes.h"
#include "jobs/module_settings.h"
#include "jobs/pools.h"
#include "net/conn.h"
#include "net/unauthenticated.h"
#include "workers/late.h"
#include "workers/link.h"
#include "workers/preloads.h"
#include "workers/process.h"
#include "workers/settings.h"
#include "workers/welcome.h"

#include <stddef.h>

struct workers {
    struct pools *pools;
    struct conn_loop *loop;
    struct module_table *modules;  /* NULL in some tests */
    struct log_limits *log_limits; /* the master's: for lines caused by jobs */
    const char *boot;
    struct worker_process_env env;
    bool no_new_privs;
    struct conn_limits limits;
    struct worker_welcome *welcome; /* for workers starting from now on */
    struct worker_preloads preloads;
    struct worker_link_list links;
    struct unauthenticated_list unauthenticated; /* connections (port.c) */
    size_t unauthenticated_max;                  /* the most of them */
    struct log_limit stranger_lines;             /* of the log */
    struct timer reap;       /* set: more children have died than are reaped in one turn */
    struct crashes crashes;  /* of their modules */
    struct worker_late late; /* dead workers, but their hello may still come */
};

/* The members up to `boot` are set before. */
void workers_init(struct workers *workers);

/* No worker and no connection may be left. */
void workers_free(struct workers *workers);

/* Other settings, for workers starting from now on; the log has its own already. The pools have not
 * seen them yet, except at the start. */
void workers_configure(struct workers *workers, const struct workers_settings *settings,
                       const struct module_settings *modules, const struct job_settings *jobs);

/* The level of the log has changed: tells the workers whether debug lines are wanted. */
void workers_follow_log(struct workers *workers);

/* Reaps dead children: some now, the rest in the next turns. */
void workers_reap(struct workers *workers);

#endif
