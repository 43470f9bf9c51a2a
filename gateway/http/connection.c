/* connection: the phases of a connection, and its end. */
#include "gateway/http/http_internal.h"

#include "common/log.h"
#include "common/xmalloc.h"

#include <stdlib.h>
#include <string.h>

enum { DRAIN_IDLE_MS = 1000 }; /* of a drain: for requests that are on their way */

enum { TEXT_MIN = 512 };

/* --- growing bytes --- */

void http_text_add(struct http_text *text, const char *bytes, size_t len)
{
    if (text->size - text->len <= len) {
        text->size = 2 * text->size + len + TEXT_MIN;
        text->bytes = xrealloc(text->bytes, text->size);
    }
    memcpy(text->bytes + text->len, bytes, len);
    text->len += len;
    text->bytes[text->len] = '\0';
}

void http_text_free(struct http_text *text)
{
    free(text->bytes);
    *text = (struct http_text){0};
}

/* --- phases --- */

enum {
    PHASES_OF_BODY = 1u << HTTP_AT_BODY | 1u << HTTP_AT_CHUNK_LINE | 1u << HTTP_AT_CHUNK_DATA |
                     1u << HTTP_AT_CHUNK_END | 1u << HTTP_AT_TRAILER,
    PHASES_READ = 1u << HTTP_AT_HEAD | PHASES_OF_BODY | 1u << HTTP_AT_WHOLE,
};

void http_conn_enter(struct http_conn *http, enum http_phase phase)
{
    static const unsigned from[HTTP_PHASES] = {
        [HTTP_AT_HEAD] = 1u << HTTP_AT_WHOLE,
        [HTTP_AT_BODY] = 1u << HTTP_AT_HEAD,
        [HTTP_AT_CHUNK_LINE] = 1u << HTTP_AT_HEAD | 1u << HTTP_AT_CHUNK_END,
        [HTTP_AT_CHUNK_DATA] = 1u << HTTP_AT_CHUNK_LINE,
        [HTTP_AT_CHUNK_END] = 1u << HTTP_AT_CHUNK_DATA,
        [HTTP_AT_TRAILER] = 1u << HTTP_AT_CHUNK_LINE,
        [HTTP_AT_WHOLE] = 1u << HTTP_AT_HEAD | 1u << HTTP_AT_BODY | 1u << HTTP_AT_TRAILER,
        [HTTP_AT_LAST] = PHASES_READ,
        [HTTP_AT_LINGER] = 1u << HTTP_AT_LAST,
        [HTTP_AT_CLOSED] = PHASES_READ | 1u << HTTP_AT_LAST | 1u << HTTP_AT_LINGER,
    };
    bug_on(!(from[phase] & 1u << http->phase));
    http->phase = (uint8_t)phase;
}

/* A body that was asked for and not wanted may come or not: the next request has no sure place. */
static bool leaves_body(const struct http_conn *http)
{
    const struct http_head *head = &http->head;
    return http->phase == HTTP_AT_HEAD &&
           (head->length > HTTP_BODY_PASSED_MAX ||
            (head->expects_continue && (head->length || head->is_chunked)));
}

bool http_conn_keeps(const struct http_conn *http)
{
    return !http->is_last && http->head.keep_alive && !http->server->is_draining &&
           !leaves_body(http);
}

uint32_t http_conn_idle_ms(const struct http_conn *http)
{
    uint32_t idle_ms = http->server->settings->idle_timeout_ms;
    return http->server->is_draining && idle_ms > DRAIN_IDLE_MS ? DRAIN_IDLE_MS : idle_ms;
}

void http_conn_watch_idle(struct http_conn *http)
{
    timer_set_ms(http_conn_timers(http), &http->timer, http_conn_idle_ms(http));
}

void http_conn_next(struct http_conn *http)
{
    if (!http_conn_keeps(http)) {
        http_conn_finish(http);
        return;
    }
    http_conn_enter(http, HTTP_AT_HEAD);
    http->exchange.stage = HTTP_NONE;
    http->skipped_line = false;
    http->idle_us = http_conn_timers(http)->now_us;
    conn_release_input(&http->conn);
}

/* --- the end --- */

void http_conn_finish(struct http_conn *http)
{
    http_conn_enter(http, HTTP_AT_LAST);
    timer_clear(http_conn_timers(http), &http->timer);
    conn_ignore_input(&http->conn);
    http_conn_settle(http);
}

void http_conn_settle(struct http_conn *http)
{
    if (http->phase != HTTP_AT_LAST || http->conn.output_len)
        return;
    if (http->conn.input_ended) {
        http_conn_close(http);
        return;
    }
    http_conn_enter(http, HTTP_AT_LINGER);
    timer_set_ms(http_conn_timers(http), &http->timer, http->server->settings->linger_ms);
    conn_shut_output(&http->conn);
}

void http_conn_close(struct http_conn *http)
{
    if (http->phase == HTTP_AT_CLOSED)
        return;
    bug_on(http->exchange.stage == HTTP_OPEN || http->exchange.stage == HTTP_STREAMING);
    http_conn_enter(http, HTTP_AT_CLOSED);
    timer_clear(http_conn_timers(http), &http->timer);
    TAILQ_REMOVE(&http->server->list, http, link);
    http->server->open--;
    payload_unref(http->body);
    http->body = NULL;
    conn_close(&http->conn);
}
