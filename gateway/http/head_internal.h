/*
 * head_internal: the order of the files that read a head. A file calls those below it only.
 *
 *     head.c      lines, the request line, header lines
 *     framing.c   headers with a meaning for the connection: lengths, Host, Connection, Expect
 *     target.c    the request's target, and hosts
 *     chars.h     classes of bytes
 */
#ifndef TASKMASTER_GATEWAY_HTTP_HEAD_INTERNAL_H
#define TASKMASTER_GATEWAY_HTTP_HEAD_INTERNAL_H

#include "gateway/http/head.h"

/* Sets the fault. Returns false. */
static inline bool http_head_fault(struct http_head *head, unsigned status, const char *code,
                                   const char *detail)
{
    head->fault = (struct http_fault){status, code, detail};
    return false;
}

static inline bool http_head_bad(struct http_head *head, const char *detail)
{
    return http_head_fault(head, 400, "bad-request", detail);
}

/* framing.c */

/* Looks at all headers, once the request line was read. */
bool http_framing_parse(struct http_head *head);

/* target.c */

/* Sets path and query, and the host of an absolute target. `target` ends with a NUL. */
bool http_target_parse(struct http_head *head, char *target);

/* Whether `text` is a host, perhaps with a port. Makes it lower case. */
bool http_target_is_host(char *text);

#endif
