/*
 * reload: the settings in force: their first use, and their change while the server runs.
 *
 * A file with a fault changes nothing. The log tells of the fault, and of each change of a setting
 * that needs a restart.
 */
#ifndef TASKMASTER_RELOAD_H
#define TASKMASTER_RELOAD_H

#include "all_settings.h"
#include "base/payload.h"
#include "clients/clients.h"
#include "jobs/module_table.h"
#include "jobs/pools.h"
#include "shutdown.h"
#include "startup/identity.h"
#include "workers/workers.h"

#include <stdint.h>

struct reload {
    /* The parts with settings; the master fills these in. */
    const struct config_args *args;
    const struct identity *identity;
    struct payload_budget *payloads, *output;
    struct pools *pools;
    struct module_table *modules;
    struct clients *clients;
    struct workers *workers;
    struct shutdown *shutdown;

    struct config *config;           /* in force; NULL before the first */
    const struct settings *settings; /* of it */
    uint64_t file_limit;             /* of open files; 0: not known yet, or at all */
    uint64_t files_wanted;           /* by the settings in force */
};

/* Gives all parts but the dispatcher the settings. Takes over `config` and frees the one before. */
void reload_apply(struct reload *reload, struct config *config);

/* Shares the open files among clients and workers. */
void reload_set_file_limit(struct reload *reload, uint64_t limit);

/* Reads the settings again, applies them and replaces all workers. */
void reload_run(struct reload *reload);

/* Frees the settings, after all parts. */
void reload_free(struct reload *reload);

#endif
