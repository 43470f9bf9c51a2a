/*
 * sse: server-sent events (the HTML standard, section 9.2) on an exchange. A comment goes out every
 * 15 seconds, so that proxies and clients know a living stream from a dead one.
 *
 * A stream embeds the struct, so the comment's timer needs no memory of its own.
 */
#ifndef TASKMASTER_GATEWAY_HTTP_SSE_H
#define TASKMASTER_GATEWAY_HTTP_SSE_H

#include "base/timers.h"
#include "gateway/http/exchange.h"

/* Bytes that a stream may hold for its client. With its last event, and with the input of its
 * source that was read ahead, a stalled stream costs less than 1 MiB. */
enum { SSE_UNREAD_MAX = 512 * 1024 };

struct sse {
    struct http_exchange *exchange;
    struct timer comment;
};

/* Status 200 and the headers: text/event-stream, no cache, no buffering by nginx. */
void sse_begin(struct sse *sse, struct http_exchange *exchange);

/* One event. `data` may hold LFs: one `data:` line each. `id`: NULL, or the event's id. */
void sse_event(struct sse *sse, const char *name, const char *id, const char *data, size_t len);

/* Whether the stream holds so much that its source has to wait, or to leave events out. */
bool sse_is_full(const struct sse *sse);

/* The stream's last byte. */
void sse_end(struct sse *sse);

/* The client has gone: the timer is cleared. For `gone`. */
void sse_forget(struct sse *sse);

#endif
