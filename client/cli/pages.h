/* pages: a list told by the server a page at a time. Above ask, connect, fields and report. */
#ifndef TASKMASTER_CLIENT_CLI_PAGES_H
#define TASKMASTER_CLIENT_CLI_PAGES_H

#include "ask.h"

/* Asks for --limit rows, in as many requests as that takes, and prints them: as JSON with --json,
 * or else by `print`. Takes `fields`, an object. Returns the exit status. */
int pages_show(const struct settings *settings, const char *op, json_t *fields,
               void (*print)(FILE *out, const json_t *rows));

#endif
