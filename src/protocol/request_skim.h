/*
 * request_skim: shortens a long header that will be refused to what its refusal depends on.
 *
 * A field that no request has makes a header wrong, whatever its value. Yet the value has to be
 * valid JSON, and jansson takes half a millisecond to build 2,000 values that nobody looks at. So
 * the header is read once without building anything: the value of an unknown field becomes 0, and
 * all unknown fields but the first go. The parser finds the same fault in what is left. Only plain
 * values are skimmed; a header with anything else in an unknown field is left alone.
 */
#ifndef TASKMASTER_PROTOCOL_REQUEST_SKIM_H
#define TASKMASTER_PROTOCOL_REQUEST_SKIM_H

#include <stdbool.h>
#include <stddef.h>

typedef bool (*request_skim_known)(const void *arg, const char *name, size_t len);

/* Writes the short form to `out`, which has room for `len` bytes. Returns its length, or 0 if there
 * is none. `is_known`: true if any request has a field of that name. */
size_t request_skim(const char *line, size_t len, request_skim_known is_known, const void *arg,
                    char *out);

#endif
