/*
 * option: a row in a table of settings, and the values larger than a number.
 *
 * Each part of a program declares its settings beside itself, in settings.[ch] of its folder: a
 * struct with a member for each setting, and a table with a row for each. The engine in src/config
 * reads the rows; a part needs nothing of the engine. To add a setting: a member and a row.
 */
#ifndef TASKMASTER_BASE_OPTION_H
#define TASKMASTER_BASE_OPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum option_kind {
    OPTION_UINT32,
    OPTION_UINT64,
    OPTION_INT32,
    OPTION_BOOL,
    OPTION_STRING,      /* char *: a text, not empty; NULL if the default is null and none is set */
    OPTION_STRING_LIST, /* struct option_list: a text or a list of texts; A,B on the command line */
    OPTION_MODE,    /* uint32_t: a file's permissions, as octal text: JSON has no octal numbers */
    OPTION_ENUM,    /* an enum as wide as unsigned: assert it beside the row */
    OPTION_OBJECT,  /* char *: any object, kept as compact JSON text */
    OPTION_ENTRIES, /* struct option_entries: an object with an entry for each name */
};

/* A list of texts. Owns them. */
struct option_list {
    char **items;
    size_t count;
};

/* Entries of an object with names as keys: structs of one type, sorted by name. The name, a char *,
 * is the first member of each. Owns them. */
struct option_entries {
    void *items;
    size_t count;
};

/* One setting. */
struct option {
    const char *key; /* with hyphens, as in the file and as --key=value */
    enum option_kind kind;
    size_t offset;    /* of the member in the part's struct */
    int64_t min, max; /* of a number, a list's items, a text's bytes; most entries, 0: any */
    const char *default_text; /* as JSON; null: unset, and the help text says the consequence */
    const char *unit;         /* "ms", "bytes"; NULL without one */
    const char *const *names; /* OPTION_ENUM: the names by value, up to NULL */
    const struct option_entry *entry; /* OPTION_ENTRIES */
    bool reload;                      /* a reload may change it */
    const char *help;                 /* one line, with the reason for the default */

    /* Compares more than the setting's own value: the content of a file, for instance. The structs
     * are the part's. NULL for most settings. */
    bool (*differs)(const void *before, const void *after);
};

/* A table of settings. */
struct option_table {
    const struct option *rows;
    size_t count;
};

#define OPTION_TABLE(rows)                    \
    {                                         \
        (rows), sizeof(rows) / sizeof *(rows) \
    }

/* An entry of OPTION_ENTRIES. */
struct option_entry {
    const char *noun; /* "module" */
    size_t size;      /* of its struct */
    struct option_table options;
    /* Returns NULL, or the expected form if `name` is no name for an entry. Static. */
    const char *(*name_fault)(const char *name);
    bool fields_told; /* a changed field is told by its name, not as a change of the object */
};

/* Ranges of several settings. */
#define OPTION_DAY_MS    86400000
#define OPTION_MONTH_MS  2592000000    /* 30 days: long, and still a number of 32 bits */
#define OPTION_BYTES_MAX 1099511627776 /* 1 TiB: a larger number is rather a slip of the hand */
#define OPTION_PATH_MAX  4095          /* bytes of a path without its NUL */

#endif
