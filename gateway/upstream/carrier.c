/* upstream_carrier: a connection to the daemon, and the calls on it. */
#include "gateway/upstream/upstream_internal.h"

#include "protocol/event_writer.h"

#include <stdlib.h>
#include <string.h>

void upstream_carrier_init(struct upstream_carrier *carrier, struct upstream *upstream)
{
    carrier->upstream = upstream;
    hash_init(&carrier->calls_by_id);
    TAILQ_INIT(&carrier->calls);
}

void upstream_carrier_free(struct upstream_carrier *carrier)
{
    uplink_free(&carrier->uplink);
    hash_free(&carrier->calls_by_id);
    upstream_read_end(&carrier->reading);
}

/* --- calls --- */

/* A quote within a text is escaped, so the words stand for the member alone. */
static bool has_member(const struct upstream_request *request, const char *words)
{
    return memmem(request->members, request->members_len, words, strlen(words));
}

static bool is_detached(const struct upstream_request *request)
{
    return has_member(request, ",\"detach\":true") || has_member(request, ",\"service\":");
}

void upstream_call_begin(struct upstream_call *call, const struct upstream_request *request)
{
    call->waiting = NULL;
    call->is_submit = strcmp(request->op, "submit") == 0;
    call->is_job = call->is_submit || strcmp(request->op, "wait") == 0;
    call->is_detached = call->is_submit && is_detached(request);
}

bool upstream_call_ends(const struct upstream_call *call, enum upstream_event_type type)
{
    if (type == UPSTREAM_ERROR)
        return true;
    return call->is_job &&
           (type == UPSTREAM_DONE || type == UPSTREAM_FAILED || type == UPSTREAM_OVERLOAD ||
            (type == UPSTREAM_ACCEPTED && call->is_detached));
}

void upstream_carrier_take(struct upstream_carrier *carrier, struct upstream_call *call)
{
    call->carrier = carrier;
    call->id = carrier->upstream->next_id++;
    hash_insert(&carrier->calls_by_id, &call->node, call->id);
    TAILQ_INSERT_TAIL(&carrier->calls, call, link);
    carrier->count++;
}

void upstream_carrier_drop(struct upstream_call *call)
{
    struct upstream_carrier *carrier = call->carrier;
    hash_remove(&carrier->calls_by_id, &call->node);
    TAILQ_REMOVE(&carrier->calls, call, link);
    carrier->count--;
    call->carrier = NULL;
    if (call->waiting)
        upstream_request_free(call->waiting);
    free(call->waiting);
    call->waiting = NULL;
}

static struct upstream_call *find_call(const struct upstream_carrier *carrier, uint64_t id)
{
    struct hash_node *node = hash_first(&carrier->calls_by_id, id);
    return node ? (struct upstream_call *)((char *)node - offsetof(struct upstream_call, node))
                : NULL;
}

void upstream_carrier_lose(struct upstream_carrier *carrier, size_t most, const char *why,
                           bool begun)
{
    struct upstream_call *call;
    while (most-- && (call = TAILQ_FIRST(&carrier->calls))) {
        upstream_carrier_drop(call);
        call->ops->lost(call, why, begun);
    }
}

/* --- requests --- */

void upstream_carrier_write(struct upstream_carrier *carrier, const struct upstream_call *call,
                            const struct upstream_request *request)
{
    struct conn *conn = carrier->uplink.conn;
    struct event_writer event;
    event_begin_request(&event, conn, request->op);
    event_uint(&event, "id", call->id);
    event_put(&event, request->members, request->members_len);
    if (request->payload)
        event_uint(&event, "size", request->payload->size);
    event_end(&event);
    if (request->payload)
        conn_write_payload(conn, request->payload);
}

void upstream_carrier_say(struct upstream_carrier *carrier, const char *op, const char *members,
                          size_t members_len)
{
    struct event_writer event;
    event_begin_request(&event, carrier->uplink.conn, op);
    event_word(&event, "id", "said");
    event_put(&event, members, members_len);
    event_end(&event);
}

void upstream_carrier_cancel(struct upstream_carrier *carrier, uint64_t id, bool kill)
{
    struct event_writer event;
    event_begin_request(&event, carrier->uplink.conn, kill ? "kill" : "cancel");
    event_word(&event, "id", "said");
    event_uint(&event, "target", id);
    event_end(&event);
}

/* --- events --- */

static void tell(struct upstream_call *call, struct upstream_event *event)
{
    if (!call->is_job && event->type != UPSTREAM_ERROR)
        event->type = UPSTREAM_ANSWER;
    event->is_last = !call->is_job || upstream_call_ends(call, event->type);
    if (event->is_last)
        upstream_carrier_drop(call);
    call->ops->event(call, event);
}

void upstream_carrier_note_words(struct upstream_carrier *carrier)
{
    if (!carrier->reading.is_fatal)
        return;
    const json_t *json = upstream_event_json(&carrier->reading.event);
    const char *message = json_string_value(json_object_get(json, "message"));
    if (message)
        uplink_note_last_words(&carrier->uplink, message);
}

/* The first connection stays with a daemon that drains: somebody may look at it. The others are
 * made again as soon as they have no call, for the next daemon at this address. */
static bool is_spare(const struct upstream_carrier *carrier)
{
    return carrier != carrier->upstream->carriers;
}

void upstream_carrier_event(struct uplink *uplink, struct payload *payload)
{
    struct upstream_carrier *carrier = (struct upstream_carrier *)uplink; /* its first member */
    struct upstream_reading *reading = &carrier->reading;
    struct upstream_call *call = reading->is_of_call ? find_call(carrier, reading->id) : NULL;
    reading->event.payload = payload;
    upstream_carrier_note_words(carrier);
    if (call)
        tell(call, &reading->event);
    payload_unref(payload);
    upstream_read_end(reading);
    if (carrier->is_draining && !carrier->count && is_spare(carrier))
        uplink_end(uplink, "the daemon drains");
}
