/*
 * all_settings: the settings of taskmasterd: those of its parts, put together for src/config.
 *
 * Each part declares its own: a struct, and a table with a row for each setting. To add a setting,
 * add a member and a row there, then run scripts/manual.
 */
#ifndef TASKMASTER_ALL_SETTINGS_H
#define TASKMASTER_ALL_SETTINGS_H

#include "access/settings.h"
#include "base/log_settings.h"
#include "clients/settings.h"
#include "config/config.h"
#include "daemon/identity_settings.h"
#include "jobs/module_settings.h"
#include "jobs/settings.h"
#include "shutdown_settings.h"
#include "workers/settings.h"

struct settings {
    struct client_settings clients;
    struct access_settings access;
    struct workers_settings workers;
    struct job_settings jobs;
    struct module_settings modules;
    struct shutdown_settings shutdown;
    struct identity_settings identity;
    struct log_settings log;
};

extern const struct config_schema settings_schema;

/* The settings of a config of this schema. */
static inline const struct settings *settings_of(const struct config *config)
{
    return config_settings(config);
}

#endif
