/*
 * http_trace: the requests that a parser reads in a connection's bytes, as text.
 *
 * Two parsers write traces of the same bytes: llhttp, the reference (http_reference.c), and the
 * gateway's server (http_subject.c). A request's text has all that a handler sees of it.
 */
#ifndef TASKMASTER_FUZZ_HTTP_TRACE_H
#define TASKMASTER_FUZZ_HTTP_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TRACE_REQUESTS = 64, TRACE_ROOM = 256 * 1024 };

struct http_trace {
    char text[TRACE_ROOM];
    size_t len;
    size_t starts[TRACE_REQUESTS + 1]; /* of each request's text, and the end of the last one */
    size_t count;                      /* requests that are whole */
    bool is_closed;                    /* no request is read any more */
    char fault[512];                   /* why: empty for an orderly end */
};

void http_trace_add(struct http_trace *trace, const char *bytes, size_t len);
void http_trace_add_text(struct http_trace *trace, const char *text);
void http_trace_add_number(struct http_trace *trace, uint64_t number);

/* The request is whole. */
void http_trace_end_request(struct http_trace *trace);

/* Reads `len` bytes. */
void http_reference_read(struct http_trace *trace, const char *bytes, size_t len);

/* Likewise, in pieces of `piece` bytes. */
void http_subject_read(struct http_trace *trace, const char *bytes, size_t len, size_t piece);

#endif
