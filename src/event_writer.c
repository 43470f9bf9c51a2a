/* event_writer: see event_writer.h. */
#include "event_writer.h"

#include "common/limits.h"
#include "common/log.h"

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

/* The length of the UTF-8 sequence that `text` begins with; 0 if it is none (RFC 3629, table in
 * section 4). */
static size_t utf8_len(const unsigned char *text, size_t len)
{
    unsigned char c = text[0], low = 0x80, high = 0xbf;
    size_t n = c < 0x80 ? 1 : c < 0xc2 ? 0 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : c < 0xf5 ? 4 : 0;
    if (n < 2 || n > len)
        return n == 1 ? 1 : 0;
    if (c == 0xe0)
        low = 0xa0;
    if (c == 0xed)
        high = 0x9f;
    if (c == 0xf0)
        low = 0x90;
    if (c == 0xf4)
        high = 0x8f;
    if (text[1] < low || text[1] > high)
        return 0;
    for (size_t i = 2; i < n; i++)
        if ((text[i] & 0xc0) != 0x80)
            return 0;
    return n;
}

/* U+0000 to U+001F, U+007F, and U+0080 to U+009F, which some terminals obey as well. */
static bool is_control(const unsigned char *text, size_t n)
{
    return (n == 1 && (*text < 0x20 || *text == 0x7f)) ||
           (n == 2 && text[0] == 0xc2 && text[1] < 0xa0);
}

void event_text(struct event_writer *event, const char *key, const char *text, size_t len,
                size_t max)
{
    const unsigned char *from = (const unsigned char *)text;
    put_key(event, key);
    put(event, "\"", 1);
    while (len) {
        size_t n = utf8_len(from, len);
        bool control = is_control(from, n);
        bool escape = n == 1 && (*from == '"' || *from == '\\');
        size_t needs = n == 0 || control ? 1 : n + escape;
        if (needs > max)
            break;
        if (escape)
            put(event, "\\", 1);
        if (n == 0 || control)
            put(event, n == 0 ? "?" : " ", 1);
        else
            put(event, (const char *)from, n);
        max -= needs;
        from += n ? n : 1;
        len -= n ? n : 1;
    }
    put(event, "\"", 1);
}
