/*
 * config: the settings that the master runs on, validated.
 *
 * A struct config is made whole by config_load() from defaults, a file and the command line, and
 * never changed afterwards: a reload makes a second one and swaps it in. What each key means, its
 * range, default and unit stand in one place, the table in options.c.
 */
#ifndef TASKMASTER_CONFIG_CONFIG_H
#define TASKMASTER_CONFIG_CONFIG_H

#include "access/settings.h"
#include "clients/settings.h"
#include "common/log.h"
#include "jobs/module_settings.h"
#include "jobs/settings.h"
#include "workers/settings.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct identity_settings {
    char *user;  /* NULL: stay who we are */
    char *group; /* NULL: the user's own */
};

struct log_settings {
    enum log_level level;
    enum log_format format;
};

struct shutdown_settings {
    uint32_t drain_timeout_ms;
};

struct config {
    struct client_settings clients;
    struct access_settings access;
    struct workers_settings workers;
    struct dispatcher_limits jobs;
    struct module_settings modules;
    struct shutdown_settings shutdown;
    struct identity_settings identity;
    struct log_settings log;

    struct config_source *source; /* of the values, for config_origin() */
};

/* What was asked for on the command line. */
struct config_args {
    const char *program; /* argv[0], to find worker and modules beside it in a build tree */
    const char *file;    /* -c FILE; NULL: defaults and options only */
    char **overrides; /* "key=value" texts of the --key=value options, in order; the last of a key
                         wins */
    size_t override_count;
};

/* Makes a config. The caller frees it with config_free(), and keeps `args` and what they point to
 * until then. On a fault: NULL, and one line in `error` that names file, line (where there is one),
 * key, the value found and what was expected. */
struct config *config_load(const struct config_args *args, char *error, size_t error_size);

typedef void config_visit(const char *key, void *arg);

/* The same for a running server: what cannot be reloaded stays as it is `in_force`, and the whole
 * is checked as it will be. If it is made, `visit` is called with the key of every setting that was
 * found to be another but stays. */
struct config *config_reload(const struct config *in_force, const struct config_args *args,
                             config_visit *visit, void *arg, char *error, size_t error_size);
void config_free(struct config *config);

/* Where a key's value comes from, for a fault that only shows later: "FILE:12: pool-max",
 * "--pool-max=0" or, for a default, "pool-max". With a `module`, that of its entry in the key
 * modules: "FILE:14: modules.fib". */
enum { CONFIG_ORIGIN_MAX = 1024 };
void config_origin(const struct config *config, const char *key, const char *module,
                   char origin[CONFIG_ORIGIN_MAX]);

/* False for a default. */
bool config_is_set(const struct config *config, const char *key);

/* The settings in force, as a JSON object with every key of the table, in its order. The caller
 * owns the reference. Secrets (tokens) are not part of it. */
json_t *config_to_json(const struct config *config);

/* Calls `visit` with the key of every setting that differs between the two; that of token-file also
 * if what the file holds does. */
void config_changes(const struct config *before, const struct config *after, config_visit *visit,
                    void *arg);

#endif
