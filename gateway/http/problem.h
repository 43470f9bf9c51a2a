/*
 * problem: error responses, as application/problem+json (RFC 9457).
 *
 * `type` is "/problems/CODE" of the code: the manual lists them (doc/http.md). An error has the
 * same form wherever it comes from, the parser included.
 */
#ifndef TASKMASTER_GATEWAY_HTTP_PROBLEM_H
#define TASKMASTER_GATEWAY_HTTP_PROBLEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct http_exchange;

struct http_problem {
    unsigned status;
    const char *code;   /* "bad-request"; a code of doc/protocol.md where there is one */
    bool is_reason;     /* why a job failed: the member's name is `reason` then, for a failed job
                         * has a `code` of its own */
    const char *title;  /* NULL: the phrase of the status */
    const char *detail; /* what is wrong, and what was expected; any bytes */
    /* Further members as JSON text, ",\"job\":\"k3f9-17\"", or NULL. */
    const char *members;
    size_t members_len;
    uint64_t retry_after_ms; /* 0: no Retry-After; else rounded up to seconds */
};

void http_problem(struct http_exchange *exchange, const struct http_problem *problem);

/* The common one: a status, a code and a formatted detail. */
__attribute__((format(printf, 4, 5))) void http_refuse(struct http_exchange *exchange,
                                                       unsigned status, const char *code,
                                                       const char *format, ...);

#endif
