/* rows: applies tables of settings to the structs of their values. */
#ifndef TASKMASTER_CONFIG_ROWS_H
#define TASKMASTER_CONFIG_ROWS_H

#include "base/option.h"
#include "config/expected.h"

#include <jansson.h>

/* `part` is the struct of the option's table in each call. */

/* Sets every member of a zeroed part to its default. */
void config_rows_default(void *part, const struct option_table *table);

/* Frees the values of the members. */
void config_rows_release(void *part, const struct option_table *table);

/* Sets one member. Returns 0, or -1 and the member is unchanged. */
int config_rows_set(void *part, const struct option *option, json_t *value,
                    struct value_error *error);

/* The same from the text of --key=TEXT. */
int config_rows_set_text(void *part, const struct option *option, const char *text,
                         struct value_error *error);

/* Returns the member as JSON; a new reference. */
json_t *config_rows_get(const void *part, const struct option *option);

#endif
