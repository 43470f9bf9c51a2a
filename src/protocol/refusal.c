/* refusal: see refusal.h. */
#include "protocol/refusal.h"

#include "common/limits.h"
#include "protocol/event_writer.h"

#include <stdio.h>
#include <string.h>

enum { PLACE_TEXT_MAX = 512 }; /* bytes of JSON text of a file, and of a key */

void refusal_init(struct refusal *refusal, const char *code, const char *message)
{
    refusal->code = code;
    refusal->op[0] = '\0';
    refusal->id[0] = '\0';
    refusal->context_len = 0;
    refusal->place = NULL;
    refusal->owner = NULL;
    snprintf(refusal->message, sizeof refusal->message, "%s", message);
}

void refusal_of_request(struct refusal *refusal, const struct request *request)
{
    refusal_init(refusal, request->code, request->message);
    memcpy(refusal->op, request->op.text, request->op.len + 1);
    memcpy(refusal->id, request->id.text, request->id.len + 1);
    refusal->place = request->place;
    refusal->owner = request->owner;
    refusal->context_len = request->context.len;
    memcpy(refusal->context, request->context.text, request->context.len);
}

static void write_place(struct event_writer *event, const struct fault_place *place)
{
    if (place->file)
        event_text(event, "file", place->file, strlen(place->file), PLACE_TEXT_MAX);
    if (place->line)
        event_uint(event, "line", place->line);
    if (place->key)
        event_text(event, "key", place->key, strlen(place->key), PLACE_TEXT_MAX);
}

void refusal_write(const struct refusal *refusal, struct conn *conn, bool fatal)
{
    struct event_writer event;
    event_begin(&event, conn, "error");
    event_json(&event, "op", refusal->op, strlen(refusal->op));
    event_json(&event, "id", refusal->id, strlen(refusal->id));
    event_word(&event, "code", refusal->code);
    event_text(&event, "message", refusal->message, strlen(refusal->message), MESSAGE_MAX);
    if (refusal->place)
        write_place(&event, refusal->place);
    if (refusal->owner)
        event_client(&event, "owner", refusal->owner->client, refusal->owner->name);
    event_json(&event, "context", refusal->context, refusal->context_len);
    if (fatal)
        event_bool(&event, "fatal", true);
    event_end(&event);
}
