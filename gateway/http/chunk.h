/*
 * chunk: the lines between the pieces of a chunked body (RFC 9112, section 7.1). Pure functions on
 * bytes. As with heads, only CRLF ends a line.
 */
#ifndef TASKMASTER_GATEWAY_HTTP_CHUNK_H
#define TASKMASTER_GATEWAY_HTTP_CHUNK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum {
    HTTP_CHUNK_LINE_MAX = 256,    /* bytes, with extensions and CRLF */
    HTTP_TRAILERS_MAX = 8 * 1024, /* bytes of all trailer lines */
};

/* The length of a line with its LF, 0 if there is more to come, -1 if it can only be too long. */
ssize_t http_chunk_line_end(const char *data, size_t len, size_t max);

/* Reads a chunk's first line: its size in hexadecimal digits, then perhaps extensions, which are
 * passed over. False: malformed. UINT64_MAX stands for all larger sizes. */
bool http_chunk_parse(const char *line, size_t len, uint64_t *size);

/* Whether a trailer line is well formed, and allowed; an empty one is the last (`*is_last`). */
bool http_chunk_is_trailer(const char *line, size_t len, bool *is_last);

#endif
