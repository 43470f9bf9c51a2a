/*
 * options: the one table of settings, and what comes from it: parsing, defaults, ranges, error
 * texts, --help and the list in the manual.
 */
#ifndef TASKMASTER_OPTIONS_H
#define TASKMASTER_OPTIONS_H

#include "config.h"

#include <stdio.h>

enum option_type {
    OPTION_UINT32,
    OPTION_UINT64,
    OPTION_BOOL,
    OPTION_STRING,      /* non-empty text; NULL or a found path when not given */
    OPTION_STRING_LIST, /* a text, or a list of texts; on the command line separated by commas */
    OPTION_ENUM,
    OPTION_MODULES,
};

struct option_spec {
    const char *key; /* hyphenated, as in the file and as --key=value */
    enum option_type type;
    size_t offset;            /* of the field in struct config */
    uint64_t min, max;        /* of numbers */
    const char *default_text; /* as JSON */
    const char *unit;         /* "ms", "bytes" or "" */
    const char *const *names; /* OPTION_ENUM: the names by value, ending with NULL */
    bool reload;              /* a reload may change it */
    const char *help;         /* one line, with the reason for the default */
};

extern const struct option_spec option_table[];
extern const size_t option_count;

/* NULL if there is no such key. */
const struct option_spec *option_find(const char *key);

/* Sets every field of a zeroed config to its default. */
void options_default(struct config *config);

/* Frees what the fields own. */
void options_free(struct config *config);

/* Sets one field from a JSON value. 0, or -1 with a text in `error` that names key, value and what
 * was expected. */
int option_set(struct config *config, const struct option_spec *spec, const json_t *value,
               char *error, size_t error_size);

/* The same from the text of --key=value. */
int option_set_text(struct config *config, const struct option_spec *spec, const char *text,
                    char *error, size_t error_size);

/* The field as JSON. The caller owns the reference. */
json_t *option_get(const struct config *config, const struct option_spec *spec);

/* Writes one line a key: --key=TYPE, range, default, unit, help. */
void options_print_help(FILE *out);

/* Writes the same as mdoc(7) list items, for taskmasterd.conf(5). */
void options_print_manual(FILE *out);

#endif
