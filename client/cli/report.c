/* report: see report.h. */
#include "report.h"

#include "client/lib/clean.h"
#include "command.h"
#include "common/json_load.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Bytes of a lost worker's output: no server of this protocol sends more. */
enum { OUTPUT_SHOWN_MAX = 2048 };

static bool reason_is(const tm_client_event *event, const char *reason)
{
    return event->reason && strcmp(event->reason, reason) == 0;
}

int report_exit_status(const tm_client_event *event)
{
    switch (event->type) {
    case TM_CLIENT_EVENT_DONE:
        return EXIT_DONE;
    case TM_CLIENT_EVENT_OVERLOAD:
        return EXIT_TRY_AGAIN;
    case TM_CLIENT_EVENT_FAILED:
        if (reason_is(event, "error"))
            return EXIT_WORKER_LOST;
        if (reason_is(event, "shutdown")) /* another server, or this one's successor, may do it */
            return EXIT_TRY_AGAIN;
        return reason_is(event, "timeout") ? EXIT_TIMED_OUT : EXIT_JOB_FAILED;
    default:
        return EXIT_JOB_FAILED;
    }
}

/* Appends in printf form; what does not fit is cut. */
__attribute__((format(printf, 3, 4))) static void append(char *text, size_t size, const char *fmt,
                                                         ...)
{
    size_t len = strlen(text);
    va_list args;
    va_start(args, fmt);
    vsnprintf(text + len, size - len, fmt, args);
    va_end(args);
}

/* "(module, code bad-input)": whatever of it the event has. */
static void append_details(char *text, size_t size, const tm_client_event *event)
{
    const char *reason = event->reason ? event->reason : event->code;
    append(text, size, " (%s", reason ? reason : "no reason given");
    if (event->reason && event->code)
        append(text, size, ", code %s", event->code);
    if (event->signal)
        append(text, size, ", signal %s", event->signal);
    if (event->exit_status >= 0)
        append(text, size, ", exit status %" PRId64, event->exit_status);
    if (event->step)
        append(text, size, ", step %s", event->step);
    if (event->queued >= 0)
        append(text, size, ", %" PRId64 " queued", event->queued);
    if (event->running >= 0)
        append(text, size, ", %" PRId64 " running", event->running);
    if (event->retry_after_ms >= 0)
        append(text, size, ", try again after %" PRId64 " ms", event->retry_after_ms);
    append(text, size, ")");
}

void report_failure(const tm_client_event *event, uint64_t line)
{
    char text[1536] = "";
    if (line)
        append(text, sizeof text, "line %" PRIu64 ": ", line);
    if (event->job)
        append(text, sizeof text, "job %s ", event->job);
    append(text, sizeof text, "%s",
           event->type == TM_CLIENT_EVENT_FAILED     ? "failed"
           : event->type == TM_CLIENT_EVENT_OVERLOAD ? "overload"
                                                     : "refused");
    append_details(text, sizeof text, event);
    if (event->message && *event->message)
        append(text, sizeof text, ": %s", event->message);
    complain("%s", text);
}

void report_output(const tm_client_event *event)
{
    if (!reason_is(event, "error"))
        return;
    json_t *details = json_loadb(event->data, event->size, JSON_ALLOW_NUL, NULL);
    const json_t *output = json_object_get(details, "output");
    const char *line = json_string_value(output), *end = line + json_string_length(output);
    if (end - line > OUTPUT_SHOWN_MAX)
        line = end - OUTPUT_SHOWN_MAX;
    while (line < end) {
        const char *lf = memchr(line, '\n', (size_t)(end - line));
        complain_further("it printed: %.*s", (int)((lf ? lf : end) - line), line);
        line = lf ? lf + 1 : end;
    }
    json_decref(details);
}

/* NUL-terminated base64 (RFC 4648), the caller's. */
static char *base64(const unsigned char *data, size_t size)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    char *text = allocate(NULL, (size + 2) / 3 * 4 + 1), *out = text;
    for (size_t i = 0; i < size; i += 3) {
        size_t left = size - i;
        uint32_t bits = (uint32_t)data[i] << 16;
        bits |= left > 1 ? (uint32_t)data[i + 1] << 8 : 0;
        bits |= left > 2 ? data[i + 2] : 0;
        *out++ = digits[bits >> 18];
        *out++ = digits[bits >> 12 & 63];
        *out++ = left > 1 ? digits[bits >> 6 & 63] : '=';
        *out++ = left > 2 ? digits[bits & 63] : '=';
    }
    *out = '\0';
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

/* A NUL could stand in JSON text, but few readers would survive it. */
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

/* How many bytes at `text` are a control character that JSON allows as it stands: U+007F or U+0080
 * to U+009F. */
static size_t bare_control(const char *text)
{
    if (*text == 0x7f)
        return 1;
    return tmc_clean_is_c1(text) ? 2 : 0;
}

/* Takes the text, and escapes what could steer a terminal and may: in JSON it stands in strings
 * only, where \\u009b is the same. */
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

char *report_json_line(json_t *value, size_t *len)
{
    char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
    json_decref(value);
    *len = text ? strlen(text) : 0;
    text = allocate(text, *len + 2);
    text[(*len)++] = '\n';
    text[*len] = '\0';
    return escape_controls(text, len);
}

/* Takes the line, and puts the context behind its last field as it stands: jansson would write it
 * anew, 1.10 as 1.1000000000000001. */
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

/* The id is the library's own, which whoever reads the line has not seen. */
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

char *report_json(const tm_client_event *event, uint64_t line, size_t *len)
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
