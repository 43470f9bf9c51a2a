/*
 * head: the head of a request (RFC 9112), read strictly. Pure functions on bytes.
 *
 * A gateway and the proxy before it must read a request alike, or a part of one request counts as
 * the next one (request smuggling). So nothing is mended here. Only CRLF ends a line. A head with
 * two lengths, a folded line, white space before a colon, or a control character is refused.
 */
#ifndef TASKMASTER_GATEWAY_HTTP_HEAD_H
#define TASKMASTER_GATEWAY_HTTP_HEAD_H

#include "gateway/http/exchange.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum {
    HTTP_HEAD_MAX = 8 * 1024, /* bytes, the empty line included */
    HTTP_HEADERS_MAX = 100,
};

/* The answer to a request that cannot be read; the texts are static. */
struct http_fault {
    unsigned status; /* 0: no fault */
    const char *code;
    const char *detail;
};

struct http_head {
    struct http_request request;
    struct http_header headers[HTTP_HEADERS_MAX];
    unsigned minor; /* of HTTP/1.x */
    bool keep_alive;
    bool expects_continue;
    bool is_chunked;
    bool has_length;
    uint64_t length; /* of the body; UINT64_MAX stands for all larger ones */
    struct http_fault fault;
};

/* Where the head ends: its length with the empty line, 0 if there is more to come, -1 if it can
 * only be too long. An empty line before the head ends by itself. What cannot be a head ends with
 * the first byte, so the refusal does not wait for more. `len` is at least 1. */
ssize_t http_head_end(const char *data, size_t len);

/* A head of which nothing was read. */
void http_head_clear(struct http_head *head);

/* Reads the whole head in `text`, which is written to, and borrowed by the result. False: the
 * fault is set. The request has as much as was read by then, and never a NULL in its texts. */
bool http_head_parse(struct http_head *head, char *text, size_t len);

#endif
