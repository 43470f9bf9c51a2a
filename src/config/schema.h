/*
 * schema: the settings of a program: the tables of its parts, and a struct made of the structs of
 * its parts.
 *
 * The engine knows no setting by name. A program puts the tables of its parts together, in the
 * order of --help, and adds rules for settings that depend on each other or on the machine.
 */
#ifndef TASKMASTER_CONFIG_SCHEMA_H
#define TASKMASTER_CONFIG_SCHEMA_H

#include "base/file_read.h"
#include "base/option.h"

#include <stdbool.h>
#include <stddef.h>

struct config;
struct config_args;
struct config_error;

struct config_part {
    const struct option_table *options;
    size_t offset; /* of the part's struct in the program's */
};

struct config_schema {
    const char *program; /* for error texts: "taskmasterd" */
    const struct config_part *parts;
    size_t part_count;
    size_t size; /* of the program's struct, zeroed at first */

    /* Each takes the program's struct. Any of them may be NULL. */

    /* Fills in unset values from the machine, after the file and the command line. */
    void (*complete)(void *settings, const struct config_args *args);
    /* Checks settings against each other, without a look at the machine. Returns 0, or -1 after
     * config_fault(). A reload calls it twice. */
    int (*check)(const struct config *config, void *settings, struct config_error *error);
    /* Reads the files named by settings. Returns 0, or -1 after config_fault(). */
    int (*read)(const struct config *config, void *settings, enum file_kind kind,
                struct config_error *error);
    /* Frees the results of `read`. */
    void (*release)(void *settings);
};

/* One key of a schema. */
struct config_key {
    const struct option *option;
    size_t part; /* offset of the part's struct in the program's */
    size_t row;  /* number of the key among all of the schema */
};

/* Steps through all keys in order. Start with a zeroed cursor; returns false at the end. */
struct config_cursor {
    size_t part, row, next;
    struct config_key key;
};
bool config_schema_next(const struct config_schema *schema, struct config_cursor *cursor);

size_t config_schema_count(const struct config_schema *schema);

/* Returns false if there is no such key. */
bool config_schema_find(const struct config_schema *schema, const char *name,
                        struct config_key *found);

/* Returns a key or a field of an entry by name; NULL if there is none. */
const struct option *config_schema_find_any(const struct config_schema *schema, const char *name);

/* Returns the key closest to `name`, a slip of the hand; NULL if none is close. */
const char *config_schema_nearest(const struct config_schema *schema, const char *name);

/* The same for a table alone. */
const char *config_table_nearest(const struct option_table *table, const char *name);

const struct option *config_table_find(const struct option_table *table, const char *name);

#endif
