/* http_reference: the trace of llhttp, out of Debian's package node-llhttp. */
#include "tests/fuzz/http_trace.h"

#include <llhttp.h>
#include <stdio.h>
#include <string.h>

/* --- traces --- */

void http_trace_add(struct http_trace *trace, const char *bytes, size_t len)
{
    if (len > sizeof trace->text - trace->len)
        len = sizeof trace->text - trace->len;
    memcpy(trace->text + trace->len, bytes, len);
    trace->len += len;
}

void http_trace_add_text(struct http_trace *trace, const char *text)
{
    http_trace_add(trace, text, strlen(text));
}

void http_trace_add_number(struct http_trace *trace, uint64_t number)
{
    char digits[24];
    http_trace_add(trace, digits,
                   (size_t)snprintf(digits, sizeof digits, "%llu", (unsigned long long)number));
}

void http_trace_end_request(struct http_trace *trace)
{
    if (trace->count < TRACE_REQUESTS)
        trace->starts[++trace->count] = trace->len;
}

/* --- the request in progress --- */

enum { PART_MAX = 64 * 1024 };

struct part {
    char bytes[PART_MAX];
    size_t len;
};

static struct http_trace *current;
static struct part url, headers, body;
static bool is_trailing; /* headers behind the body are no headers of the request */

static int add(struct part *part, const char *bytes, size_t len)
{
    if (len > sizeof part->bytes - part->len)
        return -1;
    memcpy(part->bytes + part->len, bytes, len);
    part->len += len;
    return 0;
}

static int on_begin(llhttp_t *parser)
{
    (void)parser;
    url.len = headers.len = body.len = 0;
    is_trailing = false;
    return 0;
}

static int on_url(llhttp_t *parser, const char *bytes, size_t len)
{
    (void)parser;
    return add(&url, bytes, len);
}

static int on_field(llhttp_t *parser, const char *bytes, size_t len)
{
    (void)parser;
    return is_trailing ? 0 : add(&headers, bytes, len);
}

static int on_field_complete(llhttp_t *parser)
{
    (void)parser;
    return is_trailing ? 0 : add(&headers, "=", 1);
}

static int on_value(llhttp_t *parser, const char *bytes, size_t len)
{
    (void)parser;
    return is_trailing ? 0 : add(&headers, bytes, len);
}

static int on_value_complete(llhttp_t *parser)
{
    (void)parser;
    while (!is_trailing && headers.len &&
           (headers.bytes[headers.len - 1] == ' ' || headers.bytes[headers.len - 1] == '\t'))
        headers.len--;
    return is_trailing ? 0 : add(&headers, "\n", 1);
}

/* The gateway changes to no other protocol. */
static int on_head(llhttp_t *parser)
{
    parser->upgrade = 0;
    is_trailing = true;
    return 0;
}

static int on_body(llhttp_t *parser, const char *bytes, size_t len)
{
    (void)parser;
    return add(&body, bytes, len);
}

/* --- the request as text --- */

static int digit(char c)
{
    const char *digits = "0123456789abcdef0123456789ABCDEF", *at = c ? strchr(digits, c) : NULL;
    return at ? (int)((at - digits) % 16) : -1;
}

static void add_decoded(const char *path, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        char c = path[i];
        if (c == '%' && i + 2 < len && digit(path[i + 1]) >= 0 && digit(path[i + 2]) >= 0) {
            c = (char)(digit(path[i + 1]) * 16 + digit(path[i + 2]));
            i += 2;
        }
        http_trace_add(current, &c, 1);
    }
}

/* The target without its scheme and host. */
static const char *find_path(void)
{
    url.bytes[url.len < PART_MAX ? url.len : PART_MAX - 1] = '\0';
    const char *mark = strstr(url.bytes, "://");
    if (*url.bytes == '/' || !mark)
        return url.bytes;
    return mark + 3 + strcspn(mark + 3, "/?");
}

static void add_target(void)
{
    const char *path = find_path();
    size_t len = strcspn(path, "?");
    http_trace_add_text(current, len ? "" : "/");
    add_decoded(path, len);
    http_trace_add_text(current, " ");
    http_trace_add_text(current, path[len] ? path + len + 1 : "-");
}

static int on_complete(llhttp_t *parser)
{
    http_trace_add_text(current, llhttp_method_name((llhttp_method_t)parser->method));
    http_trace_add_text(current, " ");
    add_target();
    http_trace_add_text(current, "\n");
    http_trace_add(current, headers.bytes, headers.len);
    http_trace_add_number(current, body.len);
    http_trace_add_text(current, "\n");
    http_trace_add(current, body.bytes, body.len);
    http_trace_end_request(current);
    return llhttp_should_keep_alive(parser) ? 0 : HPE_PAUSED;
}

void http_reference_read(struct http_trace *trace, const char *bytes, size_t len)
{
    llhttp_t parser;
    llhttp_settings_t settings;
    llhttp_settings_init(&settings);
    settings.on_message_begin = on_begin;
    settings.on_url = on_url;
    settings.on_header_field = on_field;
    settings.on_header_field_complete = on_field_complete;
    settings.on_header_value = on_value;
    settings.on_header_value_complete = on_value_complete;
    settings.on_headers_complete = on_head;
    settings.on_body = on_body;
    settings.on_message_complete = on_complete;
    *trace = (struct http_trace){0};
    current = trace;
    llhttp_init(&parser, HTTP_REQUEST, &settings);
    llhttp_errno_t error = llhttp_execute(&parser, bytes, len);
    trace->is_closed = error != HPE_OK;
    if (error != HPE_OK && error != HPE_PAUSED)
        snprintf(trace->fault, sizeof trace->fault, "%s", llhttp_errno_name(error));
}
