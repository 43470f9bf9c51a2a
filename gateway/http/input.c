/*
 * input: a connection's input: reads requests, and calls the router and the handlers.
 *
 * One request is in progress at a time. The input behind it is held, and so the kernel holds up a
 * client that sends without end. The end of a client is heard of all the same, while its job runs.
 */
#include "gateway/http/http_internal.h"
#include "gateway/http/problem.h"

#include "common/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    METERED = 16 * 1024, /* bytes of one read, and so of held input */
    BEHIND_MS = 10,      /* a deadline moves on by this while unread input waits */
    RETRY_MS = 1000,
};

/* --- refusals --- */

/* The request as far as it was read gets the answer. */
static void refuse(struct http_conn *http, const struct http_problem *problem)
{
    struct http_exchange *exchange = &http->exchange;
    http->is_last = true;
    if (exchange->stage == HTTP_NONE)
        http_exchange_begin(http);
    http_exchange_leave(exchange);
    if (exchange->stage == HTTP_STREAMING)
        http_exchange_lost(exchange);
    if (exchange->stage == HTTP_OPEN)
        http_problem(exchange, problem);
    http_conn_finish(http);
}

static void refuse_fault(struct http_conn *http, const struct http_fault *fault)
{
    refuse(http, &(struct http_problem){
                     .status = fault->status, .code = fault->code, .detail = fault->detail});
}

void http_input_refuse(struct http_conn *http, unsigned status, const char *code,
                       const char *detail)
{
    http_head_clear(&http->head);
    refuse(http, &(struct http_problem){.status = status,
                                        .code = code,
                                        .detail = detail,
                                        .retry_after_ms = status == 503 ? RETRY_MS : 0});
}

static void refuse_slow(struct http_conn *http, const char *detail)
{
    if (http->phase == HTTP_AT_HEAD)
        http_head_clear(&http->head);
    refuse(http, &(struct http_problem){.status = 408, .code = "too-slow", .detail = detail});
}

static void refuse_too_large(struct http_conn *http)
{
    char detail[128];
    snprintf(detail, sizeof detail, "the body may have at most %zu bytes",
             http->exchange.public.body_max);
    refuse(http,
           &(struct http_problem){.status = 413, .code = "payload-too-large", .detail = detail});
}

static void refuse_no_room(struct http_conn *http)
{
    refuse(http, &(struct http_problem){
                     .status = 503,
                     .code = "overload",
                     .detail = "the memory for the bodies of requests is used up (body-total-max)",
                     .retry_after_ms = RETRY_MS});
}

void http_input_abandon(struct http_conn *http)
{
    http_exchange_lost(&http->exchange);
    http_conn_close(http);
}

/* --- requests --- */

/* The request is whole. Takes over the body. */
static void run(struct http_conn *http, struct payload *body)
{
    struct http_exchange *exchange = &http->exchange;
    http_conn_enter(http, HTTP_AT_WHOLE);
    if (exchange->stage == HTTP_ENDED) {
        payload_unref(body);
        http_conn_next(http);
        return;
    }
    exchange->public.request.body = body;
    exchange->is_told = true;
    exchange->public.handler->run(exchange);
}

static void ask_for_body(struct http_conn *http)
{
    static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";
    if (http->head.expects_continue && http->exchange.stage == HTTP_OPEN)
        conn_write(&http->conn, go_on, sizeof go_on - 1);
}

static void read_body(struct http_conn *http)
{
    bool is_wanted = http->exchange.stage != HTTP_ENDED;
    ask_for_body(http);
    if (!http->head.is_chunked) {
        http_conn_enter(http, HTTP_AT_BODY);
        conn_expect(&http->conn, http->head.length, is_wanted, false);
        return;
    }
    http_body_begin(http);
    http_conn_enter(http, HTTP_AT_CHUNK_LINE);
    timer_set_ms(http_conn_timers(http), &http->timer, http->server->settings->body_timeout_ms);
}

static void go_on(struct http_conn *http)
{
    if (!http->head.length && !http->head.is_chunked)
        run(http, NULL);
    else if (http->exchange.stage == HTTP_ENDED && !http_conn_keeps(http))
        http_conn_finish(http);
    else
        read_body(http);
}

/* Asks the router, and tells its handler of the head. False: the request is refused. */
static bool route(struct http_conn *http)
{
    struct http_exchange *exchange = &http->exchange;
    const struct http_server_parts *parts = &http->server->parts;
    const struct http_handler *handler = parts->ops->route(parts->arg, exchange);
    exchange->public.handler = handler;
    bug_on(!handler && exchange->stage != HTTP_ENDED);
    if (exchange->stage != HTTP_OPEN)
        return true;
    if (http->head.length > exchange->public.body_max) {
        refuse_too_large(http);
        return false;
    }
    exchange->is_told = handler->begin != NULL;
    if (handler->begin)
        handler->begin(exchange);
    return true;
}

/* One empty line before a request is allowed: some clients send one behind a body. */
static bool is_empty_line(struct http_conn *http, const char *data, size_t len)
{
    bool is_empty = len == 2 && memcmp(data, "\r\n", 2) == 0 && !http->skipped_line;
    http->skipped_line |= is_empty;
    return is_empty;
}

static void take_head(struct http_conn *http, const char *data, size_t len)
{
    if (is_empty_line(http, data, len))
        return;
    http->text.len = 0;
    http_text_add(&http->text, data, len);
    if (!http_head_parse(&http->head, http->text.bytes, len)) {
        refuse_fault(http, &http->head.fault);
        return;
    }
    http_exchange_begin(http);
    if (route(http))
        go_on(http);
}

/* --- bodies --- */

static void take_piece(struct http_conn *http, const char *data, size_t len)
{
    static const struct http_fault malformed = {400, "bad-request",
                                                "the body's chunks are malformed"};
    struct payload *body = NULL;
    switch (http_body_take(http, data, len)) {
    case HTTP_BODY_FINE:
        return;
    case HTTP_BODY_MALFORMED:
        refuse_fault(http, &malformed);
        return;
    case HTTP_BODY_TOO_LARGE:
        refuse_too_large(http);
        return;
    case HTTP_BODY_NO_ROOM:
        refuse_no_room(http);
        return;
    case HTTP_BODY_WHOLE:
        if (http_body_claim(http, &body))
            run(http, body);
        else
            refuse_no_room(http);
    }
}

/* --- the connection's callbacks --- */

static ssize_t header_end(const struct conn *conn, const char *data, size_t len)
{
    const struct http_conn *http = (const struct http_conn *)conn; /* its first member */
    if (http->phase == HTTP_AT_WHOLE)
        return 1; /* held by on_header() */
    return http->phase == HTTP_AT_HEAD ? http_head_end(data, len)
                                       : http_body_piece_end(http, data, len);
}

static void on_header(struct conn *conn, char *data, size_t len)
{
    struct http_conn *http = http_conn_of(conn);
    if (http->phase == HTTP_AT_WHOLE)
        conn_hold_input(conn);
    else if (http->phase == HTTP_AT_HEAD)
        take_head(http, data, len);
    else
        take_piece(http, data, len);
}

static void on_message(struct conn *conn, struct payload *payload, bool over_budget)
{
    struct http_conn *http = http_conn_of(conn);
    if (over_budget)
        refuse_no_room(http);
    else
        run(http, payload);
}

static void on_header_too_long(struct conn *conn)
{
    struct http_conn *http = http_conn_of(conn);
    static const struct http_fault chunk = {400, "bad-request",
                                            "a line between the body's chunks is too long"};
    if (http->phase == HTTP_AT_HEAD)
        http_input_refuse(http, 431, "header-too-long", "the head has over 8192 bytes");
    else
        refuse_fault(http, &chunk);
}

static void on_input_end(struct conn *conn)
{
    struct http_conn *http = http_conn_of(conn);
    if (http->phase == HTTP_AT_LINGER)
        http_conn_close(http);
    else if (http_exchange_is_open(&http->exchange))
        http_input_abandon(http);
    else if (http->phase < HTTP_AT_LAST)
        http_conn_finish(http);
}

static void on_gone(struct conn *conn, const char *why)
{
    (void)why;
    http_input_abandon(http_conn_of(conn));
}

static void on_slow(struct conn *conn, enum conn_slow what)
{
    struct http_conn *http = http_conn_of(conn);
    if (what == CONN_SLOW_HEADER)
        refuse_slow(http, "the head of a request, or a line of its body, was not whole within "
                          "header-timeout-ms");
    else if (what == CONN_SLOW_PAYLOAD)
        refuse_slow(http, "the body was not whole within body-timeout-ms");
    else
        http_input_abandon(http);
}

static void on_taken(struct conn *conn)
{
    struct http_exchange *exchange = &http_conn_of(conn)->exchange;
    const struct http_handler *handler = exchange->public.handler;
    if (exchange->stage == HTTP_STREAMING && exchange->is_told && handler->taken)
        handler->taken(exchange);
}

static void on_flushed(struct conn *conn)
{
    on_taken(conn);
    if (conn_is_open(conn))
        http_conn_settle(http_conn_of(conn));
}

static void on_free(struct conn *conn)
{
    struct http_conn *http = http_conn_of(conn);
    http_text_free(&http->text);
    free(http);
}

const struct conn_ops http_conn_ops = {
    .header_end = header_end,
    .header = on_header,
    .message = on_message,
    .header_too_long = on_header_too_long,
    .input_end = on_input_end,
    .gone = on_gone,
    .slow = on_slow,
    .flushed = on_flushed,
    .taken = on_taken,
    .free = on_free,
};

/* --- the timer --- */

static void end_idle(struct http_conn *http)
{
    struct timers *timers = http_conn_timers(http);
    uint64_t due = http->idle_us + timers_put_off_since(timers, http->idle_us) +
                   http_conn_idle_ms(http) * 1000ull;
    if (conn_is_amid(&http->conn) || http->conn.backlog || http->conn.output_len)
        http_conn_watch_idle(http);
    else if (timers->now_us < due)
        timer_set(timers, &http->timer, due);
    else
        http_conn_finish(http);
}

/* The client is late only if all of its input has been read. */
static void end_body(struct http_conn *http)
{
    if (conn_has_unread(&http->conn) || http->conn.backlog)
        timer_set_ms(http_conn_timers(http), &http->timer, BEHIND_MS);
    else
        refuse_slow(http, "the body was not whole within body-timeout-ms");
}

/* HEAD asks for no more than the head of the stream. */
static bool end_headless(struct http_conn *http)
{
    struct http_exchange *exchange = &http->exchange;
    if (exchange->stage != HTTP_STREAMING || !exchange->public.request.is_head)
        return false;
    http_exchange_leave(exchange);
    http_exchange_end(exchange);
    if (http->phase < HTTP_AT_LAST)
        http_conn_watch_idle(http);
    return true;
}

static void on_timer(void *arg)
{
    struct http_conn *http = arg;
    if (end_headless(http))
        return;
    if (http->phase == HTTP_AT_LINGER)
        http_conn_close(http);
    else if (http->phase == HTTP_AT_HEAD)
        end_idle(http);
    else if (http->phase == HTTP_AT_WHOLE || http->phase == HTTP_AT_BODY)
        http_conn_watch_idle(http);
    else
        end_body(http);
}

void http_input_init(struct http_conn *http)
{
    timer_init(&http->timer, on_timer, http);
    conn_meter_input(&http->conn, METERED);
    conn_watch_end(&http->conn);
    http_head_clear(&http->head);
    http->idle_us = http_conn_timers(http)->now_us;
    http_conn_watch_idle(http);
}
