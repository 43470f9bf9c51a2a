/*
 * response: the response of an exchange: its head, then its body in one piece or as a stream.
 *
 * Everything is gathered in the connection's output, and written at the end of the turn of the
 * loop: a small response is one system call.
 */
#include "gateway/http/chars.h"
#include "gateway/http/exchange.h"
#include "gateway/http/http_internal.h"
#include "gateway/http/status.h"

#include "common/digits.h"
#include "common/log.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

enum {
    HEAD_ROOM = 1024, /* bytes for the server's own headers */
    NO_LENGTH = -1,   /* the body has none: a stream, or a status without a body */
};

/* --- headers of the handler --- */

static void add(struct http_text *text, const char *string)
{
    http_text_add(text, string, strlen(string));
}

void http_header(struct http_exchange *exchange, const char *name, const char *value)
{
    struct http_text *headers = &exchange->headers;
    bug_on(exchange->stage != HTTP_OPEN);
    add(headers, name);
    add(headers, ": ");
    for (; *value; value++)
        http_text_add(headers, http_is_value(*value) ? value : "?", 1);
    add(headers, "\r\n");
}

void http_header_uint(struct http_exchange *exchange, const char *name, uint64_t value)
{
    char digits[24];
    size_t count = digits_count(value);
    digits_write(digits, count, value);
    digits[count] = '\0';
    http_header(exchange, name, digits);
}

/* --- the head --- */

static const char *date_line(struct http_server *server)
{
    static const char days[] = "SunMonTueWedThuFriSat";
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    time_t now = time(NULL);
    struct tm tm;
    if (now != server->date_at && gmtime_r(&now, &tm)) {
        server->date_at = now;
        snprintf(server->date, sizeof server->date,
                 "Date: %.3s, %02d %.3s %04d %02d:%02d:%02d GMT\r\n", days + (size_t)tm.tm_wday * 3,
                 tm.tm_mday, months + (size_t)tm.tm_mon * 3, tm.tm_year + 1900, tm.tm_hour,
                 tm.tm_min, tm.tm_sec);
    }
    return server->date;
}

static char *put(char *at, const char *text)
{
    return stpcpy(at, text);
}

static char *put_uint(char *at, uint64_t value)
{
    size_t count = digits_count(value);
    digits_write(at, count, value);
    return at + count;
}

static char *put_status(char *at, unsigned status)
{
    at = put_uint(put(at, "HTTP/1.1 "), status);
    return put(put(put(at, " "), http_status_phrase(status)), "\r\n");
}

static char *put_type(char *at, const char *type)
{
    bug_on(strlen(type) > HEAD_ROOM / 2);
    return put(put(put(at, "Content-Type: "), type), "\r\n");
}

static char *put_length(char *at, uint64_t length)
{
    return put(put_uint(put(at, "Content-Length: "), length), "\r\n");
}

/* An HTTP/1.0 client knows nothing of staying, unless it is told. */
static char *put_connection(char *at, const struct http_conn *http)
{
    if (!http_conn_keeps(http))
        return put(at, "Connection: close\r\n");
    return http->head.minor == 0 ? put(at, "Connection: keep-alive\r\n") : at;
}

static void write_head(struct http_exchange *exchange, unsigned status, const char *type,
                       int64_t length)
{
    struct http_conn *http = http_conn_of_exchange(exchange);
    char *room = conn_room(&http->conn, HEAD_ROOM), *at = room;
    at = put(put_status(at, status), date_line(http->server));
    if (type)
        at = put_type(at, type);
    if (length != NO_LENGTH)
        at = put_length(at, (uint64_t)length);
    if (exchange->is_chunked)
        at = put(at, "Transfer-Encoding: chunked\r\n");
    at = put_connection(at, http);
    conn_commit(&http->conn, (size_t)(at - room));
    conn_write(&http->conn, exchange->headers.bytes, exchange->headers.len);
    conn_write(&http->conn, "\r\n", 2);
    exchange->status = status;
}

/* --- whole responses --- */

static bool has_body(unsigned status)
{
    return status != 204 && status != 304;
}

/* Returns whether the body is to follow. */
static bool begin_whole(struct http_exchange *exchange, unsigned status, const char *type,
                        size_t len)
{
    bug_on(exchange->stage != HTTP_OPEN || (len && !has_body(status)));
    write_head(exchange, status, type, has_body(status) ? (int64_t)len : NO_LENGTH);
    if (exchange->public.request.is_head || !len)
        return false;
    exchange->bytes = len;
    return true;
}

void http_respond(struct http_exchange *exchange, unsigned status, const char *type,
                  const void *body, size_t len)
{
    if (begin_whole(exchange, status, type, len))
        conn_write(&http_conn_of_exchange(exchange)->conn, body, len);
    http_exchange_end(exchange);
}

void http_respond_payload(struct http_exchange *exchange, unsigned status, const char *type,
                          struct payload *body)
{
    if (begin_whole(exchange, status, type, body ? body->size : 0))
        conn_write_payload(&http_conn_of_exchange(exchange)->conn, body);
    http_exchange_end(exchange);
}

/* --- streams --- */

/* An HTTP/1.0 client knows no chunks: the stream ends with its connection. */
void http_stream_begin(struct http_exchange *exchange, unsigned status, const char *type)
{
    struct http_conn *http = http_conn_of_exchange(exchange);
    bug_on(exchange->stage != HTTP_OPEN);
    exchange->is_chunked = http->head.minor > 0;
    http->is_last |= !exchange->is_chunked;
    write_head(exchange, status, type, NO_LENGTH);
    exchange->stage = HTTP_STREAMING;
    if (exchange->public.request.is_head) /* the client wants no more: input.c ends the exchange */
        timer_set_next(http_conn_timers(http), &http->timer);
}

static void write_chunk_line(struct conn *conn, size_t len)
{
    enum { LINE_MAX = 24 };
    int n = snprintf(conn_room(conn, LINE_MAX), LINE_MAX, "%zx\r\n", len);
    conn_commit(conn, (size_t)n);
}

void http_stream_write(struct http_exchange *exchange, const void *data, size_t len)
{
    struct conn *conn = &http_conn_of_exchange(exchange)->conn;
    bug_on(exchange->stage != HTTP_STREAMING);
    if (!len || exchange->public.request.is_head)
        return;
    exchange->bytes += len;
    if (exchange->is_chunked)
        write_chunk_line(conn, len);
    conn_write(conn, data, len);
    if (exchange->is_chunked)
        conn_write(conn, "\r\n", 2);
}

size_t http_stream_unread(struct http_exchange *exchange)
{
    return http_conn_of_exchange(exchange)->conn.output_len;
}

void http_stream_end(struct http_exchange *exchange)
{
    bug_on(exchange->stage != HTTP_STREAMING);
    if (exchange->is_chunked && !exchange->public.request.is_head)
        conn_write(&http_conn_of_exchange(exchange)->conn, "0\r\n\r\n", 5);
    http_exchange_end(exchange);
}

/* A reset: without chunks, an orderly end would look like the stream's. */
void http_stream_break(struct http_exchange *exchange)
{
    struct http_conn *http = http_conn_of_exchange(exchange);
    const struct linger reset = {.l_onoff = 1};
    bug_on(exchange->stage != HTTP_STREAMING);
    (void)setsockopt(http->conn.fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    http->is_last = true;
    exchange->is_told = false;
    http_exchange_lost(exchange);
    http_conn_close(http);
}
