/*
 * fake_exchange: an exchange without a connection, for tests of files that look at a request. The
 * test's own functions stand in the place of those of gateway/http and gateway/access; a refusal is
 * noted.
 */
#ifndef TASKMASTER_TESTS_UNIT_GATEWAY_API_FAKE_EXCHANGE_H
#define TASKMASTER_TESTS_UNIT_GATEWAY_API_FAKE_EXCHANGE_H

#include "gateway/access/access.h"
#include "gateway/http/exchange.h"
#include "gateway/http/problem.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

struct http_exchange {
    struct http_exchange_public public;
    struct http_header headers[8];
    void *owner;
    const char *user; /* NULL: without a name */
    unsigned status;  /* 0: not told anything */
    char code[32], detail[512], allow[64];
};

struct http_exchange_public *http_exchange_public(struct http_exchange *exchange)
{
    return &exchange->public;
}

void *http_exchange_owner(struct http_exchange *exchange)
{
    return exchange->owner;
}

void http_header(struct http_exchange *exchange, const char *name, const char *value)
{
    if (!strcmp(name, "Allow"))
        snprintf(exchange->allow, sizeof exchange->allow, "%s", value);
}

void http_refuse(struct http_exchange *exchange, unsigned status, const char *code,
                 const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(exchange->detail, sizeof exchange->detail, format, args);
    va_end(args);
    exchange->status = status;
    snprintf(exchange->code, sizeof exchange->code, "%s", code);
}

const char *gateway_access_name(struct http_exchange *exchange)
{
    return exchange->user;
}

static inline void fake_exchange_add_header(struct http_exchange *exchange, const char *name,
                                            const char *value)
{
    exchange->headers[exchange->public.request.header_count++] = (struct http_header){name, value};
    exchange->public.request.headers = exchange->headers;
}

#endif
