/*
 * upstream_stream: a call with a carrier of its own.
 *
 * Its connection is made for the call: the request waits until hello is answered. The carrier goes
 * with its call, but may be in use by the caller then: it is freed in the next turn.
 */
#include "gateway/upstream/upstream_internal.h"

#include "common/xmalloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { READ_MAX = 64 * 1024 }; /* bytes of a read: more may not stay in memory at a hold */

/* Streams have a share of a turn, as clients have. */
static const struct conn_limits limits = {
    .output_pause = UINT64_MAX, .turn_messages = 64, .own = true};

static struct upstream_carrier *carrier_of(struct uplink *uplink)
{
    return (struct upstream_carrier *)uplink; /* its first member */
}

/* --- the carrier's end --- */

static void free_all(struct upstream_carrier_list *list)
{
    struct upstream_carrier *carrier;
    while ((carrier = TAILQ_FIRST(list))) {
        TAILQ_REMOVE(list, carrier, link);
        upstream_carrier_free(carrier);
        upstream_request_free(&carrier->request);
        free(carrier);
    }
}

static void on_sweep(void *arg)
{
    struct upstream *upstream = arg;
    free_all(&upstream->retired);
}

/* The call is its owner's, the connection closes. */
static void retire(struct upstream_carrier *carrier)
{
    struct upstream *upstream = carrier->upstream;
    carrier->stream->carrier = NULL;
    carrier->stream = NULL;
    uplink_free(&carrier->uplink);
    TAILQ_REMOVE(&upstream->streams, carrier, link);
    TAILQ_INSERT_TAIL(&upstream->retired, carrier, link);
    if (!timer_is_set(&upstream->sweep))
        timer_set_next(upstream->parts.loop->timers, &upstream->sweep);
}

void upstream_stream_forget(struct upstream_carrier *carrier)
{
    retire(carrier);
}

static void lose(struct upstream_carrier *carrier, const char *why, bool begun)
{
    struct upstream_call *call = carrier->stream;
    retire(carrier);
    call->ops->lost(call, why, begun);
}

/* --- events --- */

static enum upstream_event_type type_for(const struct upstream_carrier *carrier,
                                         enum upstream_event_type type)
{
    if (carrier->stream->is_job || type == UPSTREAM_ERROR)
        return type;
    return carrier->is_answered ? UPSTREAM_NEWS : UPSTREAM_ANSWER;
}

/* An end retires the carrier, which stays in memory for this turn. */
static void tell(struct upstream_carrier *carrier, struct payload *payload)
{
    struct upstream_call *call = carrier->stream;
    struct upstream_event *event = &carrier->reading.event;
    event->payload = payload;
    event->type = type_for(carrier, event->type);
    event->is_last = upstream_call_ends(call, event->type);
    carrier->is_answered = true;
    if (event->is_last)
        retire(carrier);
    call->ops->event(call, event);
}

/* `draining` and errors without an id are about the connection; answers to upstream_say() are of no
 * interest. */
static bool is_told(const struct upstream_reading *reading)
{
    if (reading->event.type == UPSTREAM_ERROR && !reading->is_of_call)
        return false;
    return !reading->is_said && strcmp(reading->name, "draining") != 0;
}

static void on_event(struct uplink *uplink, struct payload *payload)
{
    struct upstream_carrier *carrier = carrier_of(uplink);
    upstream_carrier_note_words(carrier);
    if (is_told(&carrier->reading))
        tell(carrier, payload);
    payload_unref(payload);
    upstream_read_end(&carrier->reading);
}

static void on_up(struct uplink *uplink)
{
    struct upstream_carrier *carrier = carrier_of(uplink);
    conn_meter_input(uplink->conn, READ_MAX);
    upstream_carrier_write(carrier, carrier->stream, &carrier->request);
    upstream_request_free(&carrier->request);
}

static void on_lost(struct uplink *uplink, const struct uplink_end *end)
{
    struct upstream_carrier *carrier = carrier_of(uplink);
    char why[UPSTREAM_EXCUSE_MAX];
    if (!end->was_up && upstream_is_awaited(carrier->upstream)) {
        uplink_hasten(uplink);
        return;
    }
    if (end->was_up)
        snprintf(why, sizeof why, "%s", end->why);
    else
        upstream_word_excuse(carrier->upstream, end->why, why, sizeof why);
    lose(carrier, why, end->was_up);
}

static const struct uplink_ops ops = {
    .greeted = upstream_greeted,
    .up = on_up,
    .header = upstream_header,
    .event = on_event,
    .lost = on_lost,
};

/* --- the stream --- */

static struct upstream_carrier *new_carrier(struct upstream *upstream)
{
    struct upstream_carrier *carrier = xcalloc(1, sizeof *carrier);
    const struct uplink_parts parts = upstream_uplink_parts(upstream, &limits, &ops);
    upstream_carrier_init(carrier, upstream);
    uplink_init(&carrier->uplink, &parts, upstream->parts.tokens);
    TAILQ_INSERT_TAIL(&upstream->streams, carrier, link);
    return carrier;
}

void upstream_stream(struct upstream *upstream, struct upstream_call *call, const char *op,
                     const char *members, size_t members_len, struct payload *payload)
{
    struct upstream_carrier *carrier = new_carrier(upstream);
    const struct upstream_request request = {op, members, members_len, payload};
    upstream_call_begin(call, &request);
    call->carrier = carrier;
    call->id = upstream->next_id++;
    carrier->stream = call;
    carrier->request = upstream_request_keep(&request);
    uplink_start(&carrier->uplink);
}

void upstream_hold(struct upstream_call *call)
{
    if (call->carrier && call->carrier->stream)
        uplink_hold(&call->carrier->uplink);
}

void upstream_release(struct upstream_call *call)
{
    if (call->carrier && call->carrier->stream)
        uplink_release(&call->carrier->uplink);
}

void upstream_say(struct upstream_call *call, const char *op, const char *members,
                  size_t members_len)
{
    struct upstream_carrier *carrier = call->carrier;
    if (carrier && carrier->stream && carrier->uplink.state == UPLINK_UP)
        upstream_carrier_say(carrier, op, members, members_len);
}

/* The list may change in each call. */
static struct upstream_carrier *find_endless(const struct upstream *upstream)
{
    struct upstream_carrier *carrier;
    TAILQ_FOREACH (carrier, &upstream->streams, link)
        if (!carrier->stream->is_job)
            return carrier;
    return NULL;
}

void upstream_streams_drain(struct upstream *upstream)
{
    struct upstream_carrier *carrier;
    while ((carrier = find_endless(upstream)))
        lose(carrier, UPSTREAM_DRAIN_WHY, true);
}

void upstream_streams_init(struct upstream *upstream)
{
    TAILQ_INIT(&upstream->streams);
    TAILQ_INIT(&upstream->retired);
    timer_init(&upstream->sweep, on_sweep, upstream);
}

void upstream_streams_configure(struct upstream *upstream)
{
    struct upstream_carrier *carrier;
    TAILQ_FOREACH (carrier, &upstream->streams, link)
        carrier->uplink.tokens = upstream->parts.tokens;
}

void upstream_streams_free(struct upstream *upstream)
{
    struct upstream_carrier *carrier;
    while ((carrier = TAILQ_FIRST(&upstream->streams)))
        lose(carrier, "the gateway has ended", carrier->uplink.state == UPLINK_UP);
    timer_clear(upstream->parts.loop->timers, &upstream->sweep);
    free_all(&upstream->retired);
}
