/* print: the settings of a schema for people. */
#ifndef TASKMASTER_CONFIG_PRINT_H
#define TASKMASTER_CONFIG_PRINT_H

#include "config/schema.h"

#include <stdio.h>

/* Writes two lines or more for each key: --key=TYPE, then the help, the values and the default. */
void config_print_help(const struct config_schema *schema, FILE *out);

/* Writes the same as list items of mdoc(7). */
void config_print_manual(const struct config_schema *schema, FILE *out);

/* print_conf.c: writes a configuration file of comments: each key with its help and default. */
void config_print_conf(const struct config_schema *schema, FILE *out);

#endif
