/*
 * top_columns: the sections of `top` and their columns: what is shown of the server's figures, and
 * how. Calls units.
 *
 * A row is a JSON object. A column is a path into the object, such as "run_us.p99".
 */
#ifndef TASKMASTER_CLIENT_CLI_TOP_COLUMNS_H
#define TASKMASTER_CLIENT_CLI_TOP_COLUMNS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

enum top_section { TOP_POOLS, TOP_MODULES, TOP_JOBS, TOP_WORKERS, TOP_SECTIONS };

enum top_unit {
    TOP_TEXT,
    TOP_ID, /* a whole number, all of its digits */
    TOP_COUNT,
    TOP_RATE, /* a real, each second */
    TOP_US,
    TOP_MS,
    TOP_BYTES,
    TOP_KB,
    TOP_PART, /* a real from 0 to 1 */
};

enum { TOP_CELL_MAX = 72 }; /* bytes of a cell's text, the NUL included */

struct top_column {
    const char *title;
    const char *path;
    enum top_unit unit;
    int width; /* columns at least; a text takes more if there is room */
    int rank;  /* on a narrow screen, the columns with the highest rank are left out */
};

struct top_table {
    const char *name;                 /* "POOL" */
    const char *key;                  /* the member that tells rows apart */
    const struct top_column *columns; /* the first one is the row's name */
    size_t count;
    size_t sort; /* the column to sort by, unless told otherwise */
};

extern const struct top_table top_tables[TOP_SECTIONS];

/* The value at the path; NULL if there is none. */
const json_t *top_value(const json_t *row, const char *path);

/* The text of a cell, in printable ASCII; "-" for nothing. Returns `text`. */
char *top_cell(char text[TOP_CELL_MAX], const struct top_column *column, const json_t *row);

/* Copies a text of the server: each byte beyond printable ASCII becomes '?', a byte is a column. */
void top_clean(char *to, size_t size, const char *from);

/* Less than, equal to, or greater than 0, as of strcmp(): numbers by size, texts by name; nothing
 * comes first. */
int top_compare(const struct top_column *column, const json_t *a, const json_t *b);

/* True for an open breaker, a paused pool, a dead worker, a job being stopped. */
bool top_is_alarm(enum top_section section, const json_t *row);

/* True if any text of the row has the words in it, in any case of letters. "" is in all. */
bool top_matches(enum top_section section, const json_t *row, const char *words);

#endif
