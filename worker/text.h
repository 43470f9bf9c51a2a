/* text: makes arbitrary bytes safe for a message or a line of the log. */
#ifndef TASKMASTER_WORKER_TEXT_H
#define TASKMASTER_WORKER_TEXT_H

#include <stddef.h>

/*
 * Copies `in` as text for a JSON string: each control character becomes a space, each invalid byte
 * of UTF-8 becomes U+FFFD. Cuts the text between two characters, at most `out_size` bytes with the
 * closing NUL. Returns the length without the NUL.
 */
size_t text_clean(char *out, size_t out_size, const char *in);

/*
 * Copies `in` as one line for the log's pipe: each LF becomes a NUL, and the master turns it back
 * into an LF (a C string holds no NUL of its own). All other bytes stay, because the log escapes
 * them. Cuts the text at `out_size` bytes with the closing NUL. Returns the length without the NUL.
 */
size_t text_one_line(char *out, size_t out_size, const char *in);

#endif
