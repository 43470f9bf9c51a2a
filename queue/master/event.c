/* master_event: see event.h. */
#include "queue/master/event.h"

#include "common/log.h"
#include "upstream/members.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- values --- */

/* Decodes a string with escapes. */
static void decode(const struct json_piece *value, char *to, size_t size)
{
    json_error_t error;
    json_t *text = json_loadb(value->text, value->len, JSON_DECODE_ANY, &error);
    const char *from = text ? json_string_value(text) : NULL;
    snprintf(to, size, "%s", from ? from : "");
    json_decref(text);
}

/* Without a string, `to` becomes "". */
static void take_text(const struct json_piece *value, char *to, size_t size)
{
    if (*value->text != '"' || memchr(value->text, '\\', value->len))
        decode(value, to, size);
    else
        snprintf(to, size, "%.*s", (int)(value->len - 2), value->text + 1);
}

/* --- members --- */

static void keep_field(struct master_event *event, const struct member *member)
{
    char *to = event->fields + event->fields_len;
    *to++ = ',';
    memcpy(to, member->key.text, member->key.len);
    to += member->key.len;
    *to++ = ':';
    memcpy(to, member->value.text, member->value.len);
    event->fields_len += member->key.len + member->value.len + 2;
}

static void take_event(struct master_event *event, const struct json_piece *value)
{
    static const struct {
        const char *name;
        enum master_event_type type;
    } types[] = {
        {"done", MASTER_EVENT_DONE},         {"started", MASTER_EVENT_STARTED},
        {"progress", MASTER_EVENT_PROGRESS}, {"failed", MASTER_EVENT_FAILED},
        {"overload", MASTER_EVENT_OVERLOAD}, {"error", MASTER_EVENT_ERROR},
        {"hello", MASTER_EVENT_HELLO},       {"draining", MASTER_EVENT_DRAINING},
    };
    event->has_event = true;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (member_is_word(value, types[i].name))
            event->type = types[i].type;
}

/* Great numbers of jobs are texts. (Within a header a quotation mark ends the digits.) */
static void take_id(struct master_event *event, const struct json_piece *value)
{
    bool is_text = *value->text == '"';
    event->is_answer = member_is_word(value, MASTER_ASK_ID);
    event->is_of_job = !event->is_answer;
    event->id = is_text ? strtoull(value->text + 1, NULL, 10) : member_number(value);
}

static void take_size(struct master_event *event, const struct json_piece *value)
{
    event->has_size = true;
    event->size = member_number(value);
}

static void take_run_us(struct master_event *event, const struct json_piece *value)
{
    event->run_us = member_number(value);
}

static void take_retry_after(struct master_event *event, const struct json_piece *value)
{
    event->has_retry_after = true;
    event->retry_after_ms = member_number(value);
}

static void take_reason(struct master_event *event, const struct json_piece *value)
{
    take_text(value, event->reason, sizeof event->reason);
}

static void take_code(struct master_event *event, const struct json_piece *value)
{
    take_text(value, event->code, sizeof event->code);
}

static void take_message(struct master_event *event, const struct json_piece *value)
{
    take_text(value, event->message, sizeof event->message);
}

static void take_op(struct master_event *event, const struct json_piece *value)
{
    event->is_submit = member_is_word(value, "submit");
}

static void take_fatal(struct master_event *event, const struct json_piece *value)
{
    event->is_fatal = *value->text == 't';
}

static void take_order(struct master_event *event, const struct json_piece *value)
{
    (void)value;
    event->has_order = true;
}

static void take_by(struct master_event *event, const struct json_piece *value)
{
    (void)value;
    event->has_by = true;
}

static void ignore(struct master_event *event, const struct json_piece *value)
{
    (void)event, (void)value;
}

#define KEY(text) (text), sizeof(text) - 1

/* Members with a meaning here; `is_field`: it stands among the fields as well. */
static const struct {
    const char *key;
    size_t len;
    void (*take)(struct master_event *event, const struct json_piece *value);
    bool is_field;
} rows[] = {
    {KEY("event"), take_event, false},    {KEY("id"), take_id, false},
    {KEY("job"), ignore, false},          {KEY("size"), take_size, false},
    {KEY("order"), take_order, true},     {KEY("run_us"), take_run_us, true},
    {KEY("reason"), take_reason, false},  {KEY("code"), take_code, true},
    {KEY("message"), take_message, true}, {KEY("retry_after_ms"), take_retry_after, true},
    {KEY("by"), take_by, true},           {KEY("op"), take_op, false},
    {KEY("fatal"), take_fatal, false},    {KEY("context"), ignore, false},
};

static void take_member(void *arg, const struct member *member)
{
    struct master_event *event = arg;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (member->key.len != rows[i].len + 2 ||
            memcmp(member->key.text + 1, rows[i].key, rows[i].len) != 0)
            continue;
        rows[i].take(event, &member->value);
        if (rows[i].is_field)
            keep_field(event, member);
        return;
    }
    keep_field(event, member);
}

/* --- a header --- */

static void clear(struct master_event *event)
{
    memset(event, 0, offsetof(struct master_event, message));
    event->message[0] = '\0';
    event->fields_len = 0;
}

const char *master_event_read(struct master_event *event, const char *header, size_t len)
{
    bug_on(len > HEADER_MAX);
    clear(event);
    if (!members_scan(header, len, take_member, event)) {
        clear(event);
        if (!members_are_valid(header, len))
            return "a header of the master is no JSON object";
        members_walk(header, take_member, event);
    }
    event->fields[event->fields_len] = '\0';
    return event->has_event ? NULL : "a header of the master is no event";
}
