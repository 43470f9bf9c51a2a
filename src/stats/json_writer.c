/* json_writer: see json_writer.h. */
#include "stats/json_writer.h"

#include "common/log.h"
#include "common/utf8.h"

#include <inttypes.h>
#include <string.h>
#include <sysexits.h>

void json_writer_open(struct json_writer *json)
{
    *json = (struct json_writer){0};
    if (!(json->out = open_memstream(&json->text, &json->len)))
        fatal(EX_OSERR, "cannot write a report");
}

char *json_writer_close(struct json_writer *json)
{
    if (fclose(json->out) != 0)
        fatal(EX_OSERR, "cannot write a report");
    return json->text;
}

static void put_key(struct json_writer *json, const char *key)
{
    if (json->more)
        putc_unlocked(',', json->out);
    json->more = true;
    if (!key)
        return;
    putc_unlocked('"', json->out);
    fputs_unlocked(key, json->out);
    fputs_unlocked("\":", json->out);
}

void json_writer_begin(struct json_writer *json, const char *key, char bracket)
{
    put_key(json, key);
    putc_unlocked(bracket, json->out);
    json->more = false;
}

void json_writer_end(struct json_writer *json, char bracket)
{
    putc_unlocked(bracket, json->out);
    json->more = true;
}

void json_writer_uint(struct json_writer *json, const char *key, uint64_t value)
{
    put_key(json, key);
    fprintf(json->out, "%" PRIu64, value);
}

void json_writer_bool(struct json_writer *json, const char *key, bool value)
{
    put_key(json, key);
    fputs_unlocked(value ? "true" : "false", json->out);
}

void json_writer_null(struct json_writer *json, const char *key)
{
    put_key(json, key);
    fputs_unlocked("null", json->out);
}

/* printf() would ask the locale for its decimal point. */
void json_writer_fraction(struct json_writer *json, const char *key, double value)
{
    uint32_t millionths = (uint32_t)(value * 1000000 + 0.5);
    put_key(json, key);
    fprintf(json->out, "%" PRIu32 ".%06" PRIu32, millionths / 1000000, millionths % 1000000);
}

/* One character of so many bytes; 0: one byte that is none. */
static void put_character(FILE *out, const char *text, size_t len)
{
    unsigned char c = (unsigned char)*text;
    if (len == 0)
        putc_unlocked('?', out);
    else if (c < 0x20 || c == 0x7f)
        fprintf(out, "\\u%04x", c);
    else if (c == '"' || c == '\\')
        fprintf(out, "\\%c", c);
    else
        fwrite_unlocked(text, 1, len, out);
}

void json_writer_text(struct json_writer *json, const char *key, const char *text)
{
    if (!text) {
        json_writer_null(json, key);
        return;
    }
    put_key(json, key);
    putc_unlocked('"', json->out);
    for (size_t left = strlen(text), len; left; text += len, left -= len) {
        len = utf8_length(text, left);
        put_character(json->out, text, len);
        len += !len;
    }
    putc_unlocked('"', json->out);
}

void json_writer_json(struct json_writer *json, const char *key, const char *text, size_t len)
{
    put_key(json, key);
    fwrite_unlocked(text, 1, len, json->out);
}
