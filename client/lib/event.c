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
    FIELD_REAL,
    FIELD_FLAG,
};

struct field {
    const char *key;
    enum field_type type;
    size_t offset;
    const char *object; /* the member of the header holding the field; NULL: the header itself */
};

#define FIELD_IN(parent, name, kind)                                             \
    {                                                                            \
        .key = #name, .type = (kind), .offset = offsetof(tm_client_event, name), \
        .object = (parent)                                                       \
    }
#define FIELD(name, kind) FIELD_IN(NULL, name, kind)

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
    FIELD(undelivered, FIELD_FLAG),
    FIELD(service, FIELD_TEXT),
    FIELD(from, FIELD_TEXT),
    FIELD(pool, FIELD_TEXT),
    FIELD(seq, FIELD_NUMBER),
    FIELD(fraction, FIELD_REAL),
    FIELD_IN("usage", cpu_us, FIELD_NUMBER),
    FIELD_IN("usage", worker_rss, FIELD_NUMBER),
    FIELD(count, FIELD_NUMBER),
    FIELD(attempt, FIELD_NUMBER),
    FIELD(delay_ms, FIELD_NUMBER),
    FIELD(poison, FIELD_FLAG),
    FIELD(joined, FIELD_FLAG),
};

enum { FIELD_COUNT = sizeof fields / sizeof fields[0] };

/* Fields kept as JSON text, as received: jansson would write 1.10 as 1.1000000000000001. */
static const struct field raw_fields[] = {
    FIELD(context, FIELD_TEXT),
    FIELD(ref, FIELD_TEXT),
    FIELD(submit_id, FIELD_TEXT),
};

_Static_assert(sizeof raw_fields / sizeof raw_fields[0] == TMC_EVENT_RAW_MAX, "a text for each");

static tm_client_status bad_field(const char *key, struct tmc_failure *failure)
{
    return tmc_failure_set(
        failure, TM_CLIENT_PROTOCOL,
        "the server's answer breaks the protocol: the field %s is not of its type", key);
}

static void *member(tm_client_event *event, const struct field *field)
{
    return (char *)event + field->offset;
}

/* Returns false if the value is not of the field's type. */
static bool set_field(tm_client_event *event, const struct field *field, const json_t *value)
{
    void *target = member(event, field);
    switch (field->type) {
    case FIELD_TEXT:
        *(const char **)target = json_string_value(value);
        return json_is_string(value);
    case FIELD_NUMBER:
        *(int64_t *)target = json_integer_value(value);
        return json_is_integer(value) && json_integer_value(value) >= 0;
    case FIELD_REAL:
        *(double *)target = json_number_value(value);
        return json_is_number(value);
    case FIELD_FLAG:
        *(bool *)target = json_is_true(value);
        return json_is_boolean(value);
    }
    return false;
}

static void set_absent(tm_client_event *event)
{
    for (size_t i = 0; i < FIELD_COUNT; i++)
        if (fields[i].type == FIELD_NUMBER)
            *(int64_t *)member(event, &fields[i]) = -1;
        else if (fields[i].type == FIELD_REAL)
            *(double *)member(event, &fields[i]) = -1;
}

/* A null counts as absent. */
static tm_client_status set_fields(tm_client_event *event, const json_t *header,
                                   struct tmc_failure *failure)
{
    for (size_t i = 0; i < FIELD_COUNT; i++) {
        const struct field *field = &fields[i];
        const json_t *object = field->object ? json_object_get(header, field->object) : header;
        const json_t *value = json_object_get(object, field->key);
        if (value && !json_is_null(value) && !set_field(event, field, value))
            return bad_field(field->key, failure);
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

static tm_client_status set_raw(struct tmc_event *event, size_t index, struct tmc_failure *failure)
{
    const char *end = NULL;
    const char *raw = json_raw_value(event->message.line, raw_fields[index].key, &end);
    char *text = malloc((size_t)(end - raw) + 1);
    if (!text)
        return tmc_failure_memory(failure);
    size_t len = json_raw_compact(raw, end, text, (size_t)(end - raw));
    text[len] = '\0';
    event->raw[index] = text;
    *(const char **)member(&event->shown, &raw_fields[index]) = text;
    return TM_CLIENT_OK;
}

static tm_client_status set_raws(struct tmc_event *event, struct tmc_failure *failure)
{
    tm_client_status status = TM_CLIENT_OK;
    for (size_t i = 0; i < TMC_EVENT_RAW_MAX && status == TM_CLIENT_OK; i++)
        if (json_object_get(event->message.header, raw_fields[i].key))
            status = set_raw(event, i, failure);
    return status;
}

/* An unknown event may mean anything by the names of its fields: of those only the id counts. */
static tm_client_status fill(struct tmc_event *event, struct tmc_failure *failure)
{
    tm_client_event *shown = &event->shown;
    shown->header = event->message.line;
    shown->data = event->message.payload ? event->message.payload : "";
    shown->size = event->message.size;
    set_absent(shown);

    tm_client_status status = set_id(shown, event->message.header, failure);
    if (shown->type == TM_CLIENT_EVENT_OTHER)
        return TM_CLIENT_OK;
    if (status == TM_CLIENT_OK)
        status = set_fields(shown, event->message.header, failure);
    if (status == TM_CLIENT_OK)
        status = set_raws(event, failure);
    return status;
}

tm_client_status tmc_event_take(struct tmc_message *message, struct tmc_event **event,
                                struct tmc_failure *failure)
{
    const char *name = json_string_value(json_object_get(message->header, "event"));
    struct tmc_event *made = NULL;
    tm_client_status status = TM_CLIENT_OK;
    *event = NULL;
    if (!name)
        status = bad_field("event", failure);
    else if (!(made = calloc(1, sizeof *made)))
        status = tmc_failure_memory(failure);
    if (!made) {
        tmc_message_clear(message);
        return status;
    }

    made->shown.type = tmc_event_kind_find(name);
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
    for (size_t i = 0; i < TMC_EVENT_RAW_MAX; i++)
        free(event->raw[i]);
    free(event);
}

void tm_client_event_free(tm_client_event *event)
{
    tmc_event_free((struct tmc_event *)event);
}

bool tm_client_event_is_final(const tm_client_event *event)
{
    const struct tmc_event_kind *kind = tmc_event_kind_of(event->type);
    return event->last || (kind && kind->role == TMC_EVENT_FINAL);
}
