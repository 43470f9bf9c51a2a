/* exchange: see exchange.h. This file has the beginning and the end, and what handlers ask of the
 * request. */
#include "gateway/http/exchange.h"
#include "gateway/http/chars.h"
#include "gateway/http/http_internal.h"

#include "base/clock.h"
#include "common/log.h"
#include "common/xmalloc.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct http_joined {
    struct http_joined *next;
    struct http_text text;
};

enum {
    BODY_MAX = 64 * 1024, /* bytes, unless the router sets it */
    STATUS_GONE = 499,    /* for the log, as in nginx: the client went before its response */
};

/* --- beginning and end --- */

void http_exchange_begin(struct http_conn *http)
{
    struct http_exchange *exchange = &http->exchange;
    bug_on(http_exchange_is_open(exchange));
    *exchange = (struct http_exchange){
        .public = {.request = http->head.request, .body_max = BODY_MAX},
        .stage = HTTP_OPEN,
        .begun_us = clock_us(),
    };
    http->server->exchanges++;
}

static void free_joined(struct http_exchange *exchange)
{
    struct http_joined *joined;
    while ((joined = exchange->joined)) {
        exchange->joined = joined->next;
        http_text_free(&joined->text);
        free(joined);
    }
}

static void release(struct http_exchange *exchange)
{
    payload_unref(exchange->public.request.body);
    exchange->public.request.body = NULL;
    http_text_free(&exchange->headers);
    free_joined(exchange);
    free(exchange->label);
    exchange->label = NULL;
    exchange->public.label = NULL;
}

/* Nothing of the exchange is left but its figures. */
static void end(struct http_exchange *exchange)
{
    struct http_server *server = http_conn_of_exchange(exchange)->server;
    exchange->stage = HTTP_ENDED;
    exchange->is_told = false;
    exchange->took_us = clock_us() - exchange->begun_us;
    server->exchanges--;
    if (server->parts.ops->ended)
        server->parts.ops->ended(server->parts.arg, exchange);
    release(exchange);
}

void http_exchange_end(struct http_exchange *exchange)
{
    struct http_conn *http = http_conn_of_exchange(exchange);
    end(exchange);
    if (http->phase == HTTP_AT_WHOLE)
        http_conn_next(http);
}

void http_exchange_leave(struct http_exchange *exchange)
{
    const struct http_handler *handler = exchange->public.handler;
    bool is_told = exchange->is_told;
    exchange->is_told = false;
    if (is_told && handler->gone)
        handler->gone(exchange);
}

void http_exchange_lost(struct http_exchange *exchange)
{
    if (!http_exchange_is_open(exchange))
        return;
    exchange->is_gone = true;
    if (!exchange->status)
        exchange->status = STATUS_GONE;
    http_exchange_leave(exchange);
    end(exchange);
}

/* --- for handlers --- */

struct http_exchange_public *http_exchange_public(struct http_exchange *exchange)
{
    return &exchange->public;
}

void *http_exchange_owner(struct http_exchange *exchange)
{
    return http_conn_of_exchange(exchange)->server->parts.arg;
}

struct timers *http_exchange_timers(struct http_exchange *exchange)
{
    return http_conn_timers(http_conn_of_exchange(exchange));
}

const char *http_exchange_peer(const struct http_exchange *exchange)
{
    return http_conn_of_exchange(exchange)->peer;
}

bool http_exchange_is_local(const struct http_exchange *exchange)
{
    return http_conn_of_exchange(exchange)->is_local;
}

void http_exchange_label(struct http_exchange *exchange, const char *label)
{
    free(exchange->label);
    exchange->label = xstrdup(label);
    exchange->public.label = exchange->label;
}

struct http_outcome http_exchange_outcome(const struct http_exchange *exchange)
{
    return (struct http_outcome){.status = exchange->status,
                                 .is_gone = exchange->is_gone,
                                 .bytes = exchange->bytes,
                                 .took_us = exchange->took_us};
}

/* --- headers of the request --- */

/* Headers with one value. RFC 9110 joins the values of others; joined, two of these would be a
 * third value. */
static bool is_single(const char *name)
{
    static const char *const names[] = {"authorization", "idempotency-key", "content-type",
                                        "origin",        "last-event-id",   "user-agent"};
    if (strncasecmp(name, "taskmaster-", strlen("taskmaster-")) == 0)
        return true;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcasecmp(name, names[i]) == 0)
            return true;
    return false;
}

/* The next header of that name, from `*at` on. */
static const char *next_value(const struct http_request *request, const char *name, size_t *at)
{
    while (*at < request->header_count) {
        const struct http_header *header = &request->headers[(*at)++];
        if (strcasecmp(header->name, name) == 0)
            return header->value;
    }
    return NULL;
}

/* `first` and `second`, and all later ones. The exchange owns the text. */
static const char *join(struct http_exchange *exchange, const char *name, const char *first,
                        const char *second, size_t at)
{
    struct http_joined *joined = xcalloc(1, sizeof *joined);
    joined->next = exchange->joined;
    exchange->joined = joined;
    http_text_add(&joined->text, first, strlen(first));
    for (; second; second = next_value(&exchange->public.request, name, &at)) {
        http_text_add(&joined->text, ", ", 2);
        http_text_add(&joined->text, second, strlen(second));
    }
    return joined->text.bytes;
}

const char *http_request_header(struct http_exchange *exchange, const char *name, bool *twice)
{
    size_t at = 0;
    const char *first = next_value(&exchange->public.request, name, &at);
    const char *second = first ? next_value(&exchange->public.request, name, &at) : NULL;
    bool is_twice = second && is_single(name);
    if (twice)
        *twice = is_twice;
    return second && !is_twice ? join(exchange, name, first, second, at) : first;
}
