/* output: a whole answer on standard output. Above sink. */
#ifndef TASKMASTER_CLIENT_CLI_OUTPUT_H
#define TASKMASTER_CLIENT_CLI_OUTPUT_H

#include "settings.h"

#include <stddef.h>

/* Each returns 0, or an exit status after a complaint. Each waits for a slow reader, within
 * --timeout. */

/* Writes bytes as they are. */
int output_print(const struct settings *settings, const void *data, size_t size);

/* Writes bytes as they are, and frees them. */
int output_print_owned(const struct settings *settings, char *data, size_t size);

/* Writes a result or a payload as it is. On a terminal a missing newline at its end is added. */
int output_print_result(const struct settings *settings, const char *data, size_t size);

/* Writes a line for people, in printf form without its LF. Control characters become '?'. */
int output_print_line(const struct settings *settings, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

#endif
