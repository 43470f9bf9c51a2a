/* report_json: see report_json.h. */
#include "report_json.h"

#include "allocate.h"
#include "client/lib/clean.h"
#include "common/base64.h"
#include "common/json_load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Returns base64, NUL-terminated, the caller's. */
static char *base64(const void *data, size_t size)
{
    char *text = allocate(NULL, BASE64_LEN(size) + 1);
    base64_write(text, data, size);
    text[BASE64_LEN(size)] = '\0';
    return text;
}

json_t *report_json_text(const char *text)
{
    json_t *value = json_string(text);
    if (value)
        return value;
    size_t size = strlen(text) + 1;
    char *copy = allocate(NULL, size);
    memcpy(copy, text, size);
    for (char *c = copy; *c; c++)
        if (*c & 0x80)
            *c = '?';
    value = json_string(copy);
    free(copy);
    return value;
}

/* JSON allows a NUL, but few readers survive one: such a payload is not text. */
static void add_payload(json_t *object, const tm_client_event *event)
{
    json_t *text = NULL;
    if (!memchr(event->data, '\0', event->size))
        text = json_stringn(event->data, event->size);
    if (text) {
        json_object_set_new(object, "payload", text);
        return;
    }
    char *encoded = base64(event->data, event->size);
    json_object_set_new(object, "payload_base64", json_string(encoded));
    free(encoded);
}

/* Returns the length of a control character allowed in JSON, U+007F or U+0080 to U+009F; 0 at any
 * other text. */
static size_t bare_control(const char *text)
{
    if (*text == 0x7f)
        return 1;
    return tmc_clean_is_c1(text) ? 2 : 0;
}

/* Takes the text. Escapes control characters, as they could steer a terminal: JSON has them in
 * strings alone, and \\u009b means the same there. */
static char *escape_controls(char *text, size_t *len)
{
    size_t count = 0, width;
    for (const char *c = text; *c; c++)
        count += bare_control(c) > 0;
    if (count == 0)
        return text;
    char *escaped = allocate(NULL, *len + count * 5 + 1), *out = escaped;
    for (const char *c = text; *c; c += width ? width : 1) {
        width = bare_control(c);
        if (width)
            out += sprintf(out, "\\u%04x", (unsigned char)c[width - 1]);
        else
            *out++ = *c;
    }
    *out = '\0';
    *len = (size_t)(out - escaped);
    free(text);
    return escaped;
}

/* With all 17 digits a fraction of 0.3 would come out as 0.29999999999999999. */
enum { DIGITS = 15 };

char *report_json_line(json_t *value, size_t *len)
{
    char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(DIGITS));
    json_decref(value);
    *len = text ? strlen(text) : 0;
    text = allocate(text, *len + 2);
    text[(*len)++] = '\n';
    text[*len] = '\0';
    return escape_controls(text, len);
}

/* Takes the line. Puts the context behind its last field as received: jansson would write 1.10 as
 * 1.1000000000000001. */
static char *add_context(char *line, size_t *len, const char *context)
{
    size_t room = *len + sizeof ",\"context\":" + strlen(context);
    line = allocate(line, room);
    *len += (size_t)snprintf(line + *len - 2, room - *len + 2, ",\"context\":%s}\n", context) - 2;
    return escape_controls(line, len);
}

static json_t *begin_object(uint64_t line)
{
    json_t *object = json_object();
    if (line)
        json_object_set_new(object, "line", json_integer((json_int_t)line));
    return object;
}

/* Adds the fields of a header. Leaves out the id, the library's own. */
static void add_header(json_t *object, const char *text)
{
    json_error_t error;
    json_t *header = json_load_any(text, strlen(text), 0, &error);
    json_object_update(object, header);
    json_decref(header);
    json_object_del(object, "id");
}

char *report_json_error(const tm_client *client, size_t *len)
{
    json_t *object = json_object();
    add_header(object, tm_client_error_event(client));
    return report_json_line(object, len);
}

char *report_json_event(const tm_client_event *event, uint64_t line, size_t *len)
{
    json_t *object = begin_object(line);
    add_header(object, event->header);
    if (json_object_get(object, "size"))
        add_payload(object, event);
    json_object_del(object, "context");
    char *text = report_json_line(object, len);
    return event->context ? add_context(text, len, event->context) : text;
}

char *report_json_fault(const char *name, const char *message, uint64_t line, size_t *len)
{
    json_t *object = begin_object(line);
    json_object_set_new(object, "event", json_string(name));
    json_object_set_new(object, "message", report_json_text(message));
    return report_json_line(object, len);
}
