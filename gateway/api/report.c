/* report: see report.h. */
#include "gateway/api/report.h"

#include "base/json_writer.h"
#include "base/payload.h"
#include "common/base64.h"
#include "common/utf8.h"
#include "common/xmalloc.h"
#include "gateway/upstream/upstream.h"

#include <stdlib.h>
#include <string.h>

void report_members(struct json_writer *json, const struct upstream_event *event,
                    const char *const *names)
{
    for (; *names; names++) {
        const char *text;
        size_t len;
        if (upstream_event_member(event, *names, &text, &len))
            json_writer_json(json, *names, text, len);
    }
}

bool report_word(const struct upstream_event *event, const char *name, char *to, size_t size)
{
    const char *text;
    size_t len;
    if (!upstream_event_member(event, name, &text, &len) || len < 2 || len - 2 >= size)
        return false;
    if (*text != '"' || memchr(text, '\\', len))
        return false;
    memcpy(to, text + 1, len - 2);
    to[len - 2] = '\0';
    return true;
}

size_t report_whole(const char *text, size_t len)
{
    size_t start = len;
    while (start > 0 && len - start < UTF8_MAX && (text[start - 1] & 0xc0) == 0x80)
        start--;
    /* The last character begins one byte before `start`, if at all. */
    if (start == 0 || !(text[start - 1] & 0x80))
        return len;
    return utf8_length(text + start - 1, len - start + 1) ? len : start - 1;
}

/* JSON allows a NUL, but few readers survive one: such bytes are not text. */
static bool is_text(const char *bytes, size_t len)
{
    size_t width;
    for (size_t i = 0; i < len; i += width) {
        width = bytes[i] ? utf8_length(bytes + i, len - i) : 0;
        if (!width)
            return false;
    }
    return true;
}

static void write_base64(struct json_writer *json, const char *bytes, size_t len)
{
    size_t size = BASE64_LEN(len) + 2;
    char *text = xmalloc(size);
    text[0] = text[size - 1] = '"';
    base64_write(text + 1, bytes, len);
    json_writer_json(json, "payload_base64", text, size);
    free(text);
}

void report_bytes(struct json_writer *json, const char *bytes, size_t len)
{
    if (is_text(bytes, len))
        json_writer_text(json, "payload", bytes);
    else
        write_base64(json, bytes, len);
}

char *report_copy(const struct payload *payload, size_t from, size_t len)
{
    char *bytes = xmalloc(len + 1);
    bytes[payload_copy(payload, from, bytes, len)] = '\0';
    return bytes;
}
