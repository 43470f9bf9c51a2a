/* print_text: the words about a setting, for the printers: the help, the manual, the sample file.
 */
#ifndef TASKMASTER_CONFIG_PRINT_TEXT_H
#define TASKMASTER_CONFIG_PRINT_TEXT_H

#include "config/schema.h"

#include <stdbool.h>
#include <stdio.h>

/* Writes the words of `text` in lines of at most 78 bytes, each behind the prefix. */
void config_text_wrap(FILE *out, const char *prefix, const char *text);

/* The same, with a capital and a full stop. */
void config_text_sentence(FILE *out, const char *prefix, const char *text);

/* "an integer from 1 to 10000; default 4". The caller frees it. */
char *config_text_values(const struct option *option);

/* Whether a field is a row of the top level, too: it is described there. */
bool config_text_is_shared(const struct config_schema *schema, const struct option *field);

/* A sentence about the shared fields of an entry, or NULL without any. The caller frees it. */
char *config_text_shared(const struct config_schema *schema, const struct option_table *fields);

#endif
