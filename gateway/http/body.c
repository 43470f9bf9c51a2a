/*
 * body: a chunked body, piece by piece: a line with a size, the bytes, a CRLF; then trailers.
 *
 * The bytes are gathered in one payload. Its size is not known before the last chunk: until then
 * the bound of the body stands for it, and memory is taken as bytes arrive. The payload may be
 * given up for others when the budget is used up, as any that is not whole.
 */
#include "gateway/http/chunk.h"
#include "gateway/http/http_internal.h"

#include "common/log.h"

#include <string.h>

void http_body_begin(struct http_conn *http)
{
    http->body_passed = 0;
    http->has_body = false;
}

ssize_t http_body_piece_end(const struct http_conn *http, const char *data, size_t len)
{
    switch ((enum http_phase)http->phase) {
    case HTTP_AT_CHUNK_LINE:
        return http_chunk_line_end(data, len, HTTP_CHUNK_LINE_MAX);
    case HTTP_AT_CHUNK_DATA:
        return (ssize_t)(len < http->chunk_left ? len : http->chunk_left);
    case HTTP_AT_CHUNK_END:
        return len < 2 && data[0] == '\r' ? 0 : len < 2 ? 1 : 2;
    default:
        bug_on(http->phase != HTTP_AT_TRAILER);
        return http_chunk_line_end(data, len, HTTP_TRAILERS_MAX - http->body_passed);
    }
}

/* Bytes of the body are no longer wanted. */
static bool is_passed(const struct http_conn *http)
{
    return http->exchange.stage == HTTP_ENDED;
}

/* --- chunks --- */

static uint64_t body_max(const struct http_conn *http)
{
    return is_passed(http) ? HTTP_BODY_PASSED_MAX : http->exchange.public.body_max;
}

static enum http_body_verdict take_line(struct http_conn *http, const char *data, size_t len)
{
    if (!http_chunk_parse(data, len, &http->chunk_left))
        return HTTP_BODY_MALFORMED;
    if (!http->chunk_left) {
        http->body_passed = 0;
        http_conn_enter(http, HTTP_AT_TRAILER);
        return HTTP_BODY_FINE;
    }
    uint64_t max = body_max(http);
    if (http->body_passed > max || http->chunk_left > max - http->body_passed)
        return HTTP_BODY_TOO_LARGE;
    http_conn_enter(http, HTTP_AT_CHUNK_DATA);
    return HTTP_BODY_FINE;
}

/* False: there is no memory for the bytes. */
static bool keep(struct http_conn *http, const char *data, size_t len)
{
    struct payload_budget *budget = http->server->parts.bodies;
    bool is_first = !http->has_body;
    http->has_body = true;
    if (is_first)
        http->body = payload_new(budget, http->exchange.public.body_max, len, false);
    if (!http->body || payload_append(http->body, data, len) < 0)
        return false;
    if (is_first && http->body->have < http->body->size)
        payload_arrives(&http->body);
    return true;
}

static enum http_body_verdict take_data(struct http_conn *http, const char *data, size_t len)
{
    if (!is_passed(http) && !keep(http, data, len))
        return HTTP_BODY_NO_ROOM;
    http->body_passed += len;
    http->chunk_left -= len;
    if (!http->chunk_left)
        http_conn_enter(http, HTTP_AT_CHUNK_END);
    return HTTP_BODY_FINE;
}

static enum http_body_verdict take_end(struct http_conn *http, const char *data, size_t len)
{
    if (len != 2 || memcmp(data, "\r\n", 2) != 0)
        return HTTP_BODY_MALFORMED;
    http_conn_enter(http, HTTP_AT_CHUNK_LINE);
    return HTTP_BODY_FINE;
}

/* --- trailers --- */

static enum http_body_verdict take_trailer(struct http_conn *http, const char *data, size_t len)
{
    bool is_last;
    if (!http_chunk_is_trailer(data, len, &is_last))
        return HTTP_BODY_MALFORMED;
    http->body_passed += len;
    return is_last ? HTTP_BODY_WHOLE : HTTP_BODY_FINE;
}

enum http_body_verdict http_body_take(struct http_conn *http, const char *data, size_t len)
{
    switch ((enum http_phase)http->phase) {
    case HTTP_AT_CHUNK_LINE:
        return take_line(http, data, len);
    case HTTP_AT_CHUNK_DATA:
        return take_data(http, data, len);
    case HTTP_AT_CHUNK_END:
        return take_end(http, data, len);
    default:
        return take_trailer(http, data, len);
    }
}

bool http_body_claim(struct http_conn *http, struct payload **body)
{
    bool is_given_up = http->has_body && !http->body && !is_passed(http);
    *body = http->body;
    if (http->body)
        payload_cut(http->body);
    http->body = NULL;
    return !is_given_up;
}
