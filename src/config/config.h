/*
 * config: the settings in force of a program, validated.
 *
 * config_load() makes a config whole, from defaults, a file and the command line. Afterwards a
 * config never changes: a reload makes a second one, and the program swaps them. The settings and
 * their meaning are the program's (schema.h).
 */
#ifndef TASKMASTER_CONFIG_CONFIG_H
#define TASKMASTER_CONFIG_CONFIG_H

#include "config/schema.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/* The wishes of the command line. */
struct config_args {
    const char *program; /* argv[0], to find the program's parts beside it in a build tree */
    const char *file;    /* -c FILE; NULL: defaults and options only */
    char **overrides;    /* "key=value" of each --key=value, in order; the last one of a key wins */
    size_t override_count;
};

/* Makes a config. The caller frees it with config_free(), and keeps the schema and `args` with all
 * their texts until then. Returns NULL on a fault, with one line in `error`: file, line (of a value
 * from the file), key, found value and expected values. */
struct config *config_load(const struct config_schema *schema, const struct config_args *args,
                           char *error, size_t error_size);

/* Where a fault is, as far as that is known. */
enum { CONFIG_KEY_MAX = 256 }; /* bytes of a key with an entry and a field */
struct config_place {
    const char *file;             /* NULL: not in the file */
    unsigned line;                /* of it; 0: none */
    char key[CONFIG_KEY_MAX + 1]; /* "pools.reports.pool-max"; empty: none */
};

typedef void config_visit(const char *key, void *arg);

/* The same for a running program. Settings without `reload` keep their values of `in_force`, and
 * the whole is checked with these. On success, calls `visit` with the key of every setting kept
 * against a new value. `place`, if not NULL, tells the place of a fault. */
struct config *config_reload(const struct config *in_force, const struct config_args *args,
                             config_visit *visit, void *arg, struct config_place *place,
                             char *error, size_t error_size);
void config_free(struct config *config); /* NULL is fine */

/* Returns the program's struct. It lives as long as the config. */
const void *config_settings(const struct config *config);

/* Writes where a key's value comes from, for a fault found later: "FILE:12: pool-max",
 * "--pool-max=0" or, for a default, "pool-max". With `entry`, the origin of that entry in the
 * key's object: "FILE:14: modules.fib". */
enum { CONFIG_ORIGIN_MAX = 1024 };
void config_origin(const struct config *config, const char *key, const char *entry,
                   char origin[CONFIG_ORIGIN_MAX]);

/* The same, in parts. */
void config_locate(const struct config *config, const char *key, const char *entry,
                   struct config_place *place);

/* False for a default. */
bool config_is_set(const struct config *config, const char *key);

/* For the checks of a schema: writes the fault of a key's value, behind its origin. Always -1. */
int config_fault(const struct config *config, struct config_error *error, const char *key,
                 const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* The same for the field of an entry in the key's object. */
int config_entry_fault(const struct config *config, struct config_error *error, const char *key,
                       const char *entry, const char *field, const char *fmt, ...)
    __attribute__((format(printf, 6, 7)));

/* Returns the settings in force as a JSON object with every key, in the schema's order; a new
 * reference. Secrets from files named by settings are no part of it. */
json_t *config_to_json(const struct config *config);

/* Calls `visit` with the key of every setting with different values in the two; where the entries
 * of an object tell their fields, with "pools.reports.pool-max", or "pools.reports" for an entry in
 * one of the two alone. The key lives as long as the call. */
void config_changes(const struct config *before, const struct config *after, config_visit *visit,
                    void *arg);

#endif
