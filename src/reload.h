/*
 * reload: the settings in force: their first use, and their change while the server runs.
 *
 * A file with a fault changes nothing. The log tells of the fault, and of each change of a setting
 * that needs a restart. A client may ask for a reload, too, and waits for its outcome: the fault;
 * or whether all pools have replaced their workers, or which one could not.
 */
#ifndef TASKMASTER_RELOAD_H
#define TASKMASTER_RELOAD_H

#include "all_settings.h"
#include "base/payload.h"
#include "base/timers.h"
#include "clients/clients.h"
#include "daemon/notify.h"
#include "daemon/reread.h"
#include "jobs/module_table.h"
#include "jobs/pools.h"
#include "jobs/slow.h"
#include "shutdown.h"
#include "workers/workers.h"

#include <stdint.h>

enum { RELOAD_WHY_MAX = 256 };

struct reload {
    struct reread reread;
    /* The parts with settings; the master fills these in. */
    struct payload_budget *payloads, *output;
    struct pools *pools;
    struct module_table *modules;
    struct clients *clients;
    struct workers *workers;
    struct shutdown *shutdown;
    struct notify *notify;
    struct job_log *job_log;
    struct job_slow *slow;
    struct timers *timers;

    const struct settings *settings; /* in force */
    uint64_t file_limit;             /* of open files; 0: not known yet, or at all */
    uint64_t files_wanted;           /* by the settings in force */

    bool undecided;           /* whether the workers are replaced */
    char why[RELOAD_WHY_MAX]; /* they are not; empty otherwise */
    struct timer decided;     /* set: it may be decided */
};

/* Gives all parts but the pools the settings. Takes over `config` and frees the one before. */
void reload_apply(struct reload *reload, struct config *config);

/* Shares the open files among clients and workers. */
void reload_set_file_limit(struct reload *reload, uint64_t limit);

void reload_init(struct reload *reload, struct timers *timers);

/* Reads the settings again, applies them and replaces all workers. False after a fault. Whether the
 * workers are replaced is told to clients later. */
bool reload_run(struct reload *reload);

/* The same for a client. */
bool reload_for_client(struct reload *reload, struct control_reload *told);

/* The server drains: no workers will be replaced. */
void reload_end(struct reload *reload);

/* Frees the settings, after all parts. */
void reload_free(struct reload *reload);

#endif
