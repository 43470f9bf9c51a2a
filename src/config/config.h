/*
 * config: the settings that the master runs on, validated.
 *
 * A struct config is made whole by config_load() from defaults, a file and the command line, and
 * never changed afterwards: a reload makes a second one and swaps it in. What each key means, its
 * range, default and unit stand in one place, the table in options.c.
 */
#ifndef TASKMASTER_CONFIG_CONFIG_H
#define TASKMASTER_CONFIG_CONFIG_H

#include "access/token_set.h"
#include "common/log.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Settings of one module: the entry of that name under "modules". */
struct config_module {
    char *name;
    bool enabled;        /* default true; a disabled module is as good as not there */
    uint32_t timeout_ms; /* 0: none of its own */
    char *config; /* the module's own settings as compact JSON text, "{}" if there are none */
};

struct config_list {
    char **items;
    size_t count;
};

struct config {
    struct config_list listen; /* HOST:PORT, [IPV6]:PORT or unix:PATH */
    uint32_t socket_mode;      /* of unix sockets */
    char *worker_listen;       /* HOST:PORT */
    char *worker_path; /* absolute or relative to the working directory; resolved, never empty */
    char *module_dir;  /* likewise */
    struct config_list preload;    /* module names */
    struct config_module *modules; /* sorted by name */
    size_t module_count;

    uint32_t pool_start;
    uint32_t pool_max;
    uint32_t job_max;
    uint32_t worker_window;

    uint32_t hello_timeout_ms;
    uint32_t header_timeout_ms;
    uint32_t payload_timeout_ms;
    uint32_t output_timeout_ms;
    uint32_t linger_ms;
    uint32_t start_timeout_ms;
    uint32_t drain_timeout_ms;
    uint32_t job_timeout_ms; /* 0: none */
    uint32_t kill_grace_ms;

    uint64_t payload_max;
    uint64_t payload_total_max;
    uint64_t output_total_max;
    uint64_t client_output_max;
    uint32_t client_max;
    uint32_t client_job_max; /* 0: no limit of its own */

    char *token_file; /* NULL: no token is asked for */
    bool allow_open_listen;
    char *user;  /* NULL: stay who we are */
    char *group; /* NULL: the user's own */
    enum log_level log_level;
    enum log_format log_format;

    /* Read from token_file: one token a line, so that tokens can be rotated. Empty without a
     * token_file. */
    struct token_set tokens;

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

/* The module's own settings; NULL when the configuration does not mention it. Borrowed. */
const struct config_module *config_find_module(const struct config *config, const char *name);

/* Calls `visit` with the key of every setting that differs between the two; that of token-file also
 * if what the file holds does. */
void config_changes(const struct config *before, const struct config *after, config_visit *visit,
                    void *arg);

#endif
