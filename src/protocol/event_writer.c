/* event_writer: see event_writer.h. */
#include "protocol/event_writer.h"

#include "common/digits.h"
#include "common/limits.h"
#include "common/utf8.h"

#include <string.h>

static void begin(struct event_writer *event, struct conn *conn)
{
    event->conn = conn;
    event->start = event->at = conn_room(conn, HEADER_MAX);
    event->end = event->start + HEADER_MAX;
}

void event_begin(struct event_writer *event, struct conn *conn, const char *name)
{
    begin(event, conn);
    event_put(event, "{\"event\":\"", 10);
    event_put(event, name, strlen(name));
    event_put(event, "\"", 1);
}

void event_begin_request(struct event_writer *event, struct conn *conn, const char *op)
{
    begin(event, conn);
    event_put(event, "{\"op\":\"", 7);
    event_put(event, op, strlen(op));
    event_put(event, "\"", 1);
}

void event_end(struct event_writer *event)
{
    event_put(event, "}\n", 2);
    conn_commit(event->conn, (size_t)(event->at - event->start));
}

void event_digits(struct event_writer *event, uint64_t value)
{
    size_t n = digits_count(value);
    char *at = event->at;
    bug_on(n > (size_t)(event->end - at));
    event->at = at + n;
    digits_write(at, n, value);
}

/* printf() would ask the locale for its decimal point. */
void event_fraction(struct event_writer *event, const char *key, double value)
{
    char digits[] = "0.000000";
    size_t len = sizeof digits - 1;
    uint32_t millionths = (uint32_t)(value * 1000000 + 0.5);
    digits[0] = millionths == 1000000 ? '1' : '0';
    for (uint32_t rest = millionths % 1000000, at = 7; at > 1; at--, rest /= 10)
        digits[at] = (char)('0' + rest % 10);
    while (digits[len - 1] == '0' && len > 1)
        len--;
    event_key(event, key);
    event_put(event, digits, digits[len - 1] == '.' ? len - 1 : len);
}

void event_job(struct event_writer *event, const char *boot, uint64_t seq)
{
    event_put(event, ",\"job\":\"", 8);
    event_put(event, boot, strlen(boot));
    event_put(event, "-", 1);
    event_digits(event, seq);
    event_put(event, "\"", 1);
}

void event_bool(struct event_writer *event, const char *key, bool value)
{
    event_key(event, key);
    event_put(event, value ? "true" : "false", value ? 4 : 5);
}

void event_word(struct event_writer *event, const char *key, const char *text)
{
    event_key(event, key);
    event_put(event, "\"", 1);
    event_put(event, text, strlen(text));
    event_put(event, "\"", 1);
}

void event_json(struct event_writer *event, const char *key, const char *json, size_t len)
{
    if (!len)
        return;
    event_key(event, key);
    event_put(event, json, len);
}

void event_list_begin(struct event_writer *event, const char *key)
{
    event_key(event, key);
    event_put(event, "[", 1);
}

void event_item(struct event_writer *event, const char *prefix, const char *text)
{
    if (event->at[-1] != '[')
        event_put(event, ",", 1);
    event_put(event, "\"", 1);
    event_put(event, prefix, strlen(prefix));
    event_put(event, text, strlen(text));
    event_put(event, "\"", 1);
}

void event_list_end(struct event_writer *event)
{
    event_put(event, "]", 1);
}

void event_text(struct event_writer *event, const char *key, const char *text, size_t len,
                size_t max)
{
    event_key(event, key);
    event_put(event, "\"", 1);
    while (len) {
        size_t n = utf8_length(text, len);
        bool control = utf8_is_control(text, n);
        bool escape = n == 1 && (*text == '"' || *text == '\\');
        size_t needs = n == 0 || control ? 1 : n + escape;
        if (needs > max)
            break;
        if (escape)
            event_put(event, "\\", 1);
        if (n == 0 || control)
            event_put(event, n == 0 ? "?" : " ", 1);
        else
            event_put(event, text, n);
        max -= needs;
        text += n ? n : 1;
        len -= n ? n : 1;
    }
    event_put(event, "\"", 1);
}

void event_client(struct event_writer *event, const char *key, uint64_t number, const char *name)
{
    event_key(event, key);
    event_put(event, "{\"client\":", 10);
    event_digits(event, number);
    if (name)
        event_text(event, "name", name, strlen(name), CLIENT_NAME_SHOWN);
    else
        event_json(event, "name", "null", 4);
    event_put(event, "}", 1);
}
