/* text: makes any bytes fit to stand in a message or in a line of the log. */
#ifndef TASKMASTER_WORKER_TEXT_H
#define TASKMASTER_WORKER_TEXT_H

#include <stddef.h>

/*
 * Copies `in` so that it can stand in a JSON string: each control character becomes a space, each
 * byte that is not valid UTF-8 becomes U+FFFD. Cut before the character that does not fit;
 * `out_size` counts the closing NUL. Returns the length.
 */
size_t text_clean(char *out, size_t out_size, const char *in);

/* Copies `in` as one line for the log: control characters become \n, \t, \r or \xNN, all else stays
 * as it is. Cut as above. Returns the length. */
size_t text_escape(char *out, size_t out_size, const char *in);

#endif
