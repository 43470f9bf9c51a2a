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

/*
 * Copies `in` so that it is one line of the pipe that ends in the log: each LF becomes a NUL, which
 * no text of C holds and the master takes for the LF that it was; all else stays as it is, for the
 * log escapes what it must. Cut at `out_size` with the closing NUL. Returns the length.
 */
size_t text_one_line(char *out, size_t out_size, const char *in);

#endif
