/* event_writer: see event_writer.h. */
#include "protocol/event_writer.h"

#include "common/limits.h"
#include "common/log.h"
#include "common/utf8.h"

#include <string.h>

static void put(struct event_writer *event, const char *bytes, size_t len)
{
    bug_on(len > (size_t)(event->end - event->at));
    memcpy(event->at, bytes, len);
    event->at += len;
}

static void put_key(struct event_writer *event, const char *key)
{
    put(event, ",\"", 2);
    put(event, key, strlen(key));
    put(event, "\":", 2);
}

void event_begin(struct event_writer *event, struct conn *conn, const char *name)
{
    event->conn = conn;
    event->start = event->at = conn_room(conn, HEADER_MAX);
    event->end = event->start + HEADER_MAX;
    put(event, "{\"event\":\"", 10);
    put(event, name, strlen(name));
    put(event, "\"", 1);
}

void event_end(struct event_writer *event)
{
    put(event, "}\n", 2);
    conn_commit(event->conn, (size_t)(event->at - event->start));
}

static void put_digits(struct event_writer *event, uint64_t value)
{
    char digits[20];
    size_t n = sizeof digits;
    do
        digits[--n] = (char)('0' + value % 10);
    while (value /= 10);
    put(event, digits + n, sizeof digits - n);
}

void event_uint(struct event_writer *event, const char *key, uint64_t value)
{
    put_key(event, key);
    put_digits(event, value);
}

void event_job(struct event_writer *event, const char *boot, uint64_t seq)
{
    put(event, ",\"job\":\"", 8);
    put(event, boot, strlen(boot));
    put(event, "-", 1);
    put_digits(event, seq);
    put(event, "\"", 1);
}

void event_bool(struct event_writer *event, const char *key, bool value)
{
    put_key(event, key);
    put(event, value ? "true" : "false", value ? 4 : 5);
}

void event_word(struct event_writer *event, const char *key, const char *text)
{
    put_key(event, key);
    put(event, "\"", 1);
    put(event, text, strlen(text));
    put(event, "\"", 1);
}

void event_json(struct event_writer *event, const char *key, const char *json, size_t len)
{
    if (!len)
        return;
    put_key(event, key);
    put(event, json, len);
}

void event_list_begin(struct event_writer *event, const char *key)
{
    put_key(event, key);
    put(event, "[", 1);
}

void event_item(struct event_writer *event, const char *prefix, const char *text)
{
    if (event->at[-1] != '[')
        put(event, ",", 1);
    put(event, "\"", 1);
    put(event, prefix, strlen(prefix));
    put(event, text, strlen(text));
    put(event, "\"", 1);
}

void event_list_end(struct event_writer *event)
{
    put(event, "]", 1);
}

void event_text(struct event_writer *event, const char *key, const char *text, size_t len,
                size_t max)
{
    put_key(event, key);
    put(event, "\"", 1);
    while (len) {
        size_t n = utf8_length(text, len);
        bool control = utf8_is_control(text, n);
        bool escape = n == 1 && (*text == '"' || *text == '\\');
        size_t needs = n == 0 || control ? 1 : n + escape;
        if (needs > max)
            break;
        if (escape)
            put(event, "\\", 1);
        if (n == 0 || control)
            put(event, n == 0 ? "?" : " ", 1);
        else
            put(event, text, n);
        max -= needs;
        text += n ? n : 1;
        len -= n ? n : 1;
    }
    put(event, "\"", 1);
}
