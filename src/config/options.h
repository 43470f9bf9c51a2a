/*
 * options: the one table of settings, and what comes from it: parsing, defaults, ranges, error
 * texts, --help and the list in the manual.
 *
 * To add a setting: a field in struct config, a row in options.c, then scripts/manual.
 */
#ifndef TASKMASTER_CONFIG_OPTIONS_H
#define TASKMASTER_CONFIG_OPTIONS_H

#include "config/config.h"

#include <stdio.h>

enum option_type {
    OPTION_UINT32,
    OPTION_UINT64,
    OPTION_BOOL,
    OPTION_STRING,      /* non-empty text; NULL where the default is null and none is given */
    OPTION_STRING_LIST, /* a text, or a list of texts; on the command line separated by commas */
    OPTION_MODE,        /* permissions of a file as octal text, for JSON has no octal numbers */
    OPTION_ENUM,
    OPTION_OBJECT, /* any object, kept as compact JSON text */
    OPTION_MODULES,
};

struct option_spec {
    const char *key; /* hyphenated, as in the file and as --key=value */
    enum option_type type;
    size_t offset;            /* of the field in struct config or struct config_module */
    uint64_t min, max;        /* of numbers; of a list's items; of a text's bytes */
    const char *default_text; /* as JSON; null: left out, and the help line says what then */
    const char *unit;         /* "ms", "bytes" or "" */
    const char *const *names; /* OPTION_ENUM: the names by value, ending with NULL */
    bool reload;              /* a reload may change it */
    const char *help;         /* one line, with the reason for the default */
};

/* What is wrong with a value. The caller adds where it stands: file and line, or --key=value. */
struct option_error {
    char module[128]; /* the entry of "modules" that is at fault, or "" */
    char field[128];  /* the field of that entry, or "" */
    char text[512];   /* what was found and what was expected */
};

extern const struct option_spec option_table[];
extern const size_t option_count;

/* The fields of one entry of "modules"; their offsets are into struct config_module. */
extern const struct option_spec option_module_table[];
extern const size_t option_module_count;

/* NULL if there is no such key. */
const struct option_spec *option_find(const char *key);
const struct option_spec *option_module_find(const char *key);

/* The key of a table that `key` may be a slip of; NULL if none is close. */
const char *option_nearest(const struct option_spec *table, size_t count, const char *key);

/* Sets every field of a zeroed config to its default. */
void options_default(struct config *config);

/* Frees what the fields own. */
void options_free(struct config *config);

/* Sets one field from a JSON value. 0, or -1 and the field is as it was. */
int option_set(struct config *config, const struct option_spec *spec, json_t *value,
               struct option_error *error);

/* The same from the text of --key=value. */
int option_set_text(struct config *config, const struct option_spec *spec, const char *text,
                    struct option_error *error);

/* The field as JSON. The caller owns the reference. */
json_t *option_get(const struct config *config, const struct option_spec *spec);

/* What the values are, for people: "an integer from 1 to 10000". */
enum { OPTION_EXPECTED_MAX = 128 };
void option_expected(const struct option_spec *spec, char out[OPTION_EXPECTED_MAX]);

/* Writes two lines or more a key: --key=TYPE, values and default; then the help. */
void options_print_help(FILE *out);

/* Writes the same as mdoc(7) list items, for taskmasterd.conf(5). */
void options_print_manual(FILE *out);

#endif
