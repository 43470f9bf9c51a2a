/* table: JSON figures for people. It knows no field by name, so that what a later server adds is
 * shown as well. */
#ifndef TASKMASTER_CLIENT_CLI_TABLE_H
#define TASKMASTER_CLIENT_CLI_TABLE_H

#include <jansson.h>
#include <stdio.h>

/* A list of objects: a column for each key, in the order in which they turn up. */
void table_print_rows(FILE *out, const json_t *rows);

/* An object of figures: a line for each member that is one, or an object of some; an object of
 * objects becomes rows. */
void table_print_figures(FILE *out, const json_t *figures);

#endif
