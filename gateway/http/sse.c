/* sse: see sse.h. */
#include "gateway/http/sse.h"
#include "gateway/http/http_internal.h"

#include <string.h>

enum { COMMENT_MS = 15000 };

static void put(struct sse *sse, const char *text)
{
    http_stream_write(sse->exchange, text, strlen(text));
}

static void watch(struct sse *sse)
{
    timer_set_ms(http_exchange_timers(sse->exchange), &sse->comment, COMMENT_MS);
}

static void on_comment(void *arg)
{
    struct sse *sse = arg;
    put(sse, ":\n\n");
    watch(sse);
}

void sse_begin(struct sse *sse, struct http_exchange *exchange)
{
    sse->exchange = exchange;
    timer_init(&sse->comment, on_comment, sse);
    http_header(exchange, "Cache-Control", "no-cache");
    http_header(exchange, "X-Accel-Buffering", "no");
    http_stream_begin(exchange, 200, "text/event-stream");
    watch(sse);
}

/* --- events --- */

/* A line's length: it ends with LF, with CR, or with the data. */
static size_t line_length(const char *data, size_t len)
{
    size_t at = 0;
    while (at < len && data[at] != '\n' && data[at] != '\r')
        at++;
    return at;
}

static void add(struct http_text *text, const char *field, const char *value, size_t len)
{
    http_text_add(text, field, strlen(field));
    http_text_add(text, value, len);
    http_text_add(text, "\n", 1);
}

static void add_data(struct http_text *text, const char *data, size_t len)
{
    size_t at = 0;
    do {
        size_t line = line_length(data + at, len - at);
        add(text, "data: ", data + at, line);
        at += line;
        at += len - at >= 2 && data[at] == '\r' && data[at + 1] == '\n' ? 2 : 1;
    } while (at <= len);
}

void sse_event(struct sse *sse, const char *name, const char *id, const char *data, size_t len)
{
    struct http_text text = {0};
    if (name)
        add(&text, "event: ", name, strlen(name));
    if (id)
        add(&text, "id: ", id, strlen(id));
    add_data(&text, data, len);
    http_text_add(&text, "\n", 1);
    http_stream_write(sse->exchange, text.bytes, text.len);
    http_text_free(&text);
}

bool sse_is_full(const struct sse *sse)
{
    return http_stream_unread(sse->exchange) > SSE_UNREAD_MAX;
}

/* --- the end --- */

void sse_forget(struct sse *sse)
{
    timer_clear(http_exchange_timers(sse->exchange), &sse->comment);
    sse->exchange = NULL;
}

void sse_end(struct sse *sse)
{
    struct http_exchange *exchange = sse->exchange;
    sse_forget(sse);
    http_stream_end(exchange);
}
