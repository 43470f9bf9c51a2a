/* event: see event.h. A table has the known fields. All others are ignored: of a later server's
 * events, the library understands the known part. */
#include "event.h"

#include "common/json_raw.h"
#include "event_kind.h"

#include <stdlib.h>
#include <string.h>

enum field_type {
    FIELD_TEXT,
    FIELD_NUMBER,
    FIELD_FLAG,
};

struct field {
    const char *key;
    enum field_type type;
    size_t offset;
};

#define FIELD(name, kind)                                                       \
    {                                                                           \
        .key = #name, .type = (kind), .offset = offsetof(tm_client_event, name) \
    }

static const struct field fields[] = {
    FIELD(job, FIELD_TEXT),
    FIELD(reason, FIELD_TEXT),
    FIELD(code, FIELD_TEXT),
    FIELD(message, FIELD_TEXT),
    FIELD(step, FIELD_TEXT),
    FIELD(signal, FIELD_TEXT),
    FIELD(exit_status, FIELD_NUMBER),
    FIELD(position, FIELD_NUMBER),
    FIELD(worker, FIELD_NUMBER),
    FIELD(order, FIELD_NUMBER),
    FIELD(wait_us, FIELD_NUMBER),
    FIELD(run_us, FIELD_NUMBER),
    FIELD(queued, FIELD_NUMBER),
    FIELD(running, FIELD_NUMBER),
    FIELD(retry_after_ms, FIELD_NUMBER),
    FIELD(op, FIELD_TEXT),
    FIELD(state, FIELD_TEXT),
    FIELD(fatal, FIELD_FLAG),
    FIELD(by, FIELD_TEXT),
    FIELD(by_name, FIELD_TEXT),
};

enum { FIELD_COUNT = sizeof fields / sizeof fields[0] };

static tm_client_status bad_field(const char *key, struct tmc_failure *failure)
{
    return tmc_failure_set(
        failure, TM_CLIENT_PROTOCOL,
        "the server's answer breaks the protocol: the field %s is not of its type", key);
}

/* Returns false if the value is not of the field's type. */
static bool set_field(tm_client_event *event, const struct field *field, const json_t *value)
{
    void *target = (char *)event + field->offset;
    switch (field->type) {
    case FIELD_TEXT:
        *(const char **)target = json_string_value(value);
        return json_is_string(value);
    case FIELD_NUMBER:
        *(int64_t *)target = json_integer_value(value);
        return json_is_integer(value) && json_integer_value(value) >= 0;
    case FIELD_FLAG:
        *(bool *)target = json_is_true(value);
        return json_is_boolean(value);
    }
    return false;
}

static tm_client_status set_fields(tm_client_event *event, const json_t *header,
                                   struct tmc_failure *failure)
{
    for (size_t i = 0; i < FIELD_COUNT; i++) {
        const json_t *value = json_object_get(header, fields[i].key);
        if (!value && fields[i].type == FIELD_NUMBER)
            *(int64_t *)((char *)event + fields[i].offset) = -1;
        else if (value && !set_field(event, &fields[i], value))
            return bad_field(fields[i].key, failure);
    }
    return TM_CLIENT_OK;
}

/* Our ids are integers from 1: another id answers no request of ours. */
static tm_client_status set_id(tm_client_event *event, const json_t *header,
                               struct tmc_failure *failure)
{
    const json_t *id = json_object_get(header, "id");
    if (!id)
        return TM_CLIENT_OK;
    if (!json_is_integer(id) || json_integer_value(id) < 1)
        return bad_field("id", failure);
    event->id = (uint64_t)json_integer_value(id);
    return TM_CLIENT_OK;
}

/* Keeps the text as received: jansson would write 1.10 as 1.1000000000000001. */
static tm_client_status set_context(struct tmc_event *event, struct tmc_failure *failure)
{
    const char *end, *raw = json_raw_value(event->message.line, "context", &end);
    if (!raw)
        return TM_CLIENT_OK;
    event->context = malloc((size_t)(end - raw) + 1);
    if (!event->context)
        return tmc_failure_memory(failure);
    size_t len = json_raw_compact(raw, end, event->context, (size_t)(end - raw));
    event->context[len] = '\0';
    event->shown.context = event->context;
    return TM_CLIENT_OK;
}

static tm_client_status fill(struct tmc_event *event, struct tmc_failure *failure)
{
    tm_client_event *shown = &event->shown;
    shown->header = event->message.line;
    shown->data = event->message.payload ? event->message.payload : "";
    shown->size = event->message.size;

    tm_client_status status = set_id(shown, event->message.header, failure);
    if (status == TM_CLIENT_OK)
        status = set_fields(shown, event->message.header, failure);
    if (status == TM_CLIENT_OK)
        status = set_context(event, failure);
    return status;
}

tm_client_status tmc_event_take(struct tmc_message *message, struct tmc_event **event,
                                struct tmc_failure *failure)
{
    const char *name = json_string_value(json_object_get(message->header, "event"));
    tm_client_event_type type;
    struct tmc_event *made = NULL;
    tm_client_status status = TM_CLIENT_OK;
    *event = NULL;
    if (!name)
        status = bad_field("event", failure);
    else if (tmc_event_kind_find(name, &type) && !(made = calloc(1, sizeof *made)))
        status = tmc_failure_memory(failure);
    if (!made) {
        tmc_message_clear(message);
        return status;
    }

    made->shown.type = type;
    made->message = *message;
    memset(message, 0, sizeof *message);
    status = fill(made, failure);
    if (status == TM_CLIENT_OK)
        *event = made;
    else
        tmc_event_free(made);
    return status;
}

void tmc_event_free(struct tmc_event *event)
{
    if (!event)
        return;
    tmc_message_clear(&event->message);
    free(event->context);
    free(event);
}

void tm_client_event_free(tm_client_event *event)
{
    tmc_event_free((struct tmc_event *)event);
}

bool tm_client_event_is_final(const tm_client_event *event)
{
    const struct tmc_event_kind *kind = tmc_event_kind_of(event->type);
    return kind && kind->role == TMC_EVENT_FINAL;
}
