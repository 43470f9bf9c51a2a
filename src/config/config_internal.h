/*
 * config_internal: the inside of a config, and the order of its files. A file calls those below it
 * only.
 *
 *     config.c      the order of a load, a reload
 *     changes.c     the difference between two
 *     apply.c       the file and the command line, key by key
 *     origin.c      the origin of each value, and the texts of faults
 *     rows.c        the values of a part, row by row
 *     value_*.c     the kinds of values
 *     expected.c    the texts of errors in values
 *     schema.c      the keys of all parts
 *     nearest.c     the key meant by a slip
 *     json_*.c      comments, lines, hints and calls of jansson
 */
#ifndef TASKMASTER_CONFIG_CONFIG_INTERNAL_H
#define TASKMASTER_CONFIG_CONFIG_INTERNAL_H

#include "config/config.h"
#include "config/expected.h"

/* The origins of the values of a config. */
struct config_source {
    const char *file;       /* its name; NULL without one */
    char *text;             /* of the file; likewise */
    bool *kept;             /* by row: the value in force stays against a new one */
    bool *in_file;          /* by row: the file sets it */
    const char **overrides; /* by row: the last "key=value" with the key; NULL without one */
};

struct config {
    const struct config_schema *schema;
    void *settings; /* the program's struct */
    struct config_source source;
};

/* The text of the first fault: one line for people. */
struct config_error {
    char *text;
    size_t size;
    struct config_place place;
};

/* The struct of a key's part. */
static inline void *config_part(const struct config *config, const struct config_key *key)
{
    return (char *)config->settings + key->part;
}

/* changes.c: whether the values of a key are the same in both. */
bool config_key_equal(const struct config *a, const struct config *b, const struct config_key *key);

/* apply.c. Each returns 0, or -1 with the error. */
int config_apply_file(struct config *config, enum file_kind kind, struct config_error *error);
int config_apply_overrides(struct config *config, const struct config_args *args,
                           struct config_error *error);

/* origin.c */

/* Writes a fault found in a key's value. Always -1. */
int config_value_fault(const struct config *config, struct config_error *error,
                       const struct config_key *key, const struct value_error *found);

/* Notes the place of a fault: in the file, in a line of the file (0: none), at a key (NULL: none).
 */
void config_note_place(const struct config *config, struct config_error *error, unsigned line,
                       const char *key);

/* Writes the fault of an unknown key behind its origin. Always -1. */
int config_unknown_key(const struct config *config, struct config_error *error, const char *name);

/* Replaces control characters: values may hold any, but an error is one line. */
void config_make_one_line(char *s);

#endif
