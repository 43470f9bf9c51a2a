/* upstream_header: reads the header of an event, and answers the questions about it. */
#include "gateway/upstream/upstream_internal.h"

#include "common/log.h"
#include "upstream/members.h"

#include <string.h>

/* --- reading --- */

static void take_event(struct upstream_reading *reading, const struct json_piece *value)
{
    size_t len = value->len - 2;
    reading->has_event = *value->text == '"' && len < sizeof reading->name;
    if (!reading->has_event)
        return;
    memcpy(reading->name, value->text + 1, len);
    reading->name[len] = '\0';
}

static void take_id(struct upstream_reading *reading, const struct json_piece *value)
{
    reading->is_of_call = *value->text != '"';
    reading->is_said = !reading->is_of_call;
    reading->id = member_number(value);
}

static void take_size(struct upstream_reading *reading, const struct json_piece *value)
{
    reading->size = member_number(value);
}

static void take_fatal(struct upstream_reading *reading, const struct json_piece *value)
{
    reading->is_fatal = *value->text == 't';
}

static void take_member(void *arg, const struct member *member)
{
    static const struct {
        const char *key; /* with its quotes */
        void (*take)(struct upstream_reading *reading, const struct json_piece *value);
    } rows[] = {{"event", take_event}, {"id", take_id}, {"size", take_size}, {"fatal", take_fatal}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (member_is_word(&member->key, rows[i].key))
            rows[i].take(arg, &member->value);
}

static enum upstream_event_type type_of(const char *name)
{
    static const struct {
        const char *name;
        enum upstream_event_type type;
    } types[] = {
        {"done", UPSTREAM_DONE},         {"failed", UPSTREAM_FAILED},
        {"started", UPSTREAM_STARTED},   {"progress", UPSTREAM_PROGRESS},
        {"part", UPSTREAM_PART},         {"retry", UPSTREAM_RETRY},
        {"accepted", UPSTREAM_ACCEPTED}, {"overload", UPSTREAM_OVERLOAD},
        {"error", UPSTREAM_ERROR},
    };
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (strcmp(name, types[i].name) == 0)
            return types[i].type;
    return UPSTREAM_OTHER;
}

static void clear(struct upstream_reading *reading)
{
    json_decref(reading->json);
    memset(reading, 0, offsetof(struct upstream_reading, header));
}

static void set_event(struct upstream_reading *reading, size_t len)
{
    reading->event = (struct upstream_event){.type = type_of(reading->name),
                                             .name = reading->name,
                                             .header = reading->header,
                                             .header_len = len};
}

const char *upstream_read(struct upstream_reading *reading, const char *header, size_t len)
{
    bug_on(len > HEADER_MAX);
    clear(reading);
    if (!members_scan(header, len, take_member, reading)) {
        clear(reading);
        if (!members_are_valid(header, len))
            return "a header of the daemon is no JSON object";
        members_walk(header, take_member, reading);
    }
    len -= len && header[len - 1] == '\n';
    memcpy(reading->header, header, len);
    reading->header[len] = '\0';
    set_event(reading, len);
    return reading->has_event ? NULL : "a header of the daemon is no event";
}

void upstream_read_end(struct upstream_reading *reading)
{
    json_decref(reading->json);
    reading->json = NULL;
}

/* --- questions --- */

const json_t *upstream_event_json(const struct upstream_event *event)
{
    struct upstream_reading *reading = (struct upstream_reading *)event; /* its first member */
    json_error_t error;
    if (!reading->json)
        reading->json = json_load_any(event->header, event->header_len, 0, &error);
    return reading->json;
}

struct search {
    const char *key;
    struct json_piece found; /* without a text: nothing yet */
};

static void look_at(void *arg, const struct member *member)
{
    struct search *search = arg;
    if (member_is_word(&member->key, search->key))
        search->found = member->value;
}

bool upstream_event_member(const struct upstream_event *event, const char *key, const char **text,
                           size_t *len)
{
    struct search search = {.key = key};
    members_walk(event->header, look_at, &search);
    *text = search.found.text;
    *len = search.found.len;
    return *text;
}

bool upstream_event_uint(const struct upstream_event *event, const char *key, uint64_t *value)
{
    struct json_piece piece;
    if (!upstream_event_member(event, key, &piece.text, &piece.len) || *piece.text < '0' ||
        *piece.text > '9')
        return false;
    *value = member_number(&piece);
    return true;
}
