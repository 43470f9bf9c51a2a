/* json_writer: see json_writer.h. */
#include "base/json_writer.h"

#include "common/digits.h"
#include "common/utf8.h"
#include "common/xmalloc.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { FIRST_SIZE = 1024, VALUE_MAX = 32 /* bytes of a fraction or an escape, the NUL included */ };

/* Returns room for so many bytes more. */
static char *room(struct json_writer *json, size_t len)
{
    if (json->size - json->len < len) {
        while (json->size - json->len < len)
            json->size = json->size ? 2 * json->size : FIRST_SIZE;
        json->text = xrealloc(json->text, json->size);
    }
    return json->text + json->len;
}

static inline void put_bytes(struct json_writer *json, const char *bytes, size_t len)
{
    memcpy(room(json, len), bytes, len);
    json->len += len;
}

static inline void put_char(struct json_writer *json, char c)
{
    *room(json, 1) = c;
    json->len++;
}

static inline void put_string(struct json_writer *json, const char *string)
{
    put_bytes(json, string, strlen(string));
}

__attribute__((format(printf, 2, 3))) static void put_value(struct json_writer *json,
                                                            const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    json->len += (size_t)vsnprintf(room(json, VALUE_MAX), VALUE_MAX, fmt, args);
    va_end(args);
}

void json_writer_open(struct json_writer *json)
{
    *json = (struct json_writer){0};
}

char *json_writer_close(struct json_writer *json)
{
    put_char(json, '\0');
    return xrealloc(json->text, json->len);
}

static void put_key(struct json_writer *json, const char *key)
{
    if (json->more)
        put_char(json, ',');
    json->more = true;
    if (!key)
        return;
    put_char(json, '"');
    put_string(json, key);
    put_string(json, "\":");
}

void json_writer_begin(struct json_writer *json, const char *key, char bracket)
{
    put_key(json, key);
    put_char(json, bracket);
    json->more = false;
}

void json_writer_end(struct json_writer *json, char bracket)
{
    put_char(json, bracket);
    json->more = true;
}

void json_writer_uint(struct json_writer *json, const char *key, uint64_t value)
{
    size_t count = digits_count(value);
    put_key(json, key);
    digits_write(room(json, count), count, value);
    json->len += count;
}

void json_writer_bool(struct json_writer *json, const char *key, bool value)
{
    put_key(json, key);
    put_string(json, value ? "true" : "false");
}

void json_writer_null(struct json_writer *json, const char *key)
{
    put_key(json, key);
    put_string(json, "null");
}

/* printf() would ask the locale for its decimal point. */
void json_writer_fraction(struct json_writer *json, const char *key, double value)
{
    uint32_t millionths = (uint32_t)(value * 1000000 + 0.5);
    put_key(json, key);
    put_value(json, "%" PRIu32 ".%06" PRIu32, millionths / 1000000, millionths % 1000000);
}

/* Bytes at the beginning, each a character that stands for itself. */
static size_t count_plain(const char *text)
{
    size_t len = 0;
    while (text[len] >= ' ' && text[len] < 0x7f && text[len] != '"' && text[len] != '\\')
        len++;
    return len;
}

/* One character of so many bytes; 0: one byte that is none. */
static void put_character(struct json_writer *json, const char *text, size_t len)
{
    unsigned char c = (unsigned char)*text;
    if (len == 0)
        put_char(json, '?');
    else if (c < 0x20 || c == 0x7f)
        put_value(json, "\\u%04x", c);
    else if (c == '"' || c == '\\')
        put_value(json, "\\%c", c);
    else
        put_bytes(json, text, len);
}

/* Returns how many bytes of the text were put. */
static size_t put_some(struct json_writer *json, const char *text, size_t left)
{
    size_t len = count_plain(text);
    if (len) {
        put_bytes(json, text, len);
        return len;
    }
    len = utf8_length(text, left);
    put_character(json, text, len);
    return len ? len : 1;
}

void json_writer_text(struct json_writer *json, const char *key, const char *text)
{
    if (!text) {
        json_writer_null(json, key);
        return;
    }
    put_key(json, key);
    put_char(json, '"');
    for (size_t left = strlen(text), len; left; text += len, left -= len)
        len = put_some(json, text, left);
    put_char(json, '"');
}

void json_writer_json(struct json_writer *json, const char *key, const char *text, size_t len)
{
    put_key(json, key);
    put_bytes(json, text, len);
}
