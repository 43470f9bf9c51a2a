/* table: JSON figures for people. Knows no field by name, and so shows the fields of later servers
 * too. Calls nobody. */
#ifndef TASKMASTER_CLIENT_CLI_TABLE_H
#define TASKMASTER_CLIENT_CLI_TABLE_H

#include <jansson.h>
#include <stdio.h>

/* Prints a list of objects: a column for each key, in the order of appearance. */
void table_print_rows(FILE *out, const json_t *rows);

/* Prints an object of objects: a row for each, beginning with its key under `name`. */
void table_print_named_rows(FILE *out, const char *name, const json_t *value);

/* Prints an object of figures: a line for each figure or object of figures, rows for an object of
 * objects. */
void table_print_figures(FILE *out, const json_t *figures);

#endif
