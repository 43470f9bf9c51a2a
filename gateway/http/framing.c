/*
 * framing: the headers that decide where a request ends, whose it is, and what becomes of its
 * connection.
 */
#include "gateway/http/chars.h"
#include "gateway/http/head_internal.h"

#include <string.h>
#include <strings.h>

struct framing {
    struct http_head *head;
    unsigned hosts, lengths, codings;
    bool close, keep_alive; /* options of Connection */
};

static bool take_host(struct framing *framing, char *value)
{
    struct http_request *request = &framing->head->request;
    if (framing->hosts++)
        return http_head_bad(framing->head, "there are two Host headers");
    if (!http_target_is_host(value))
        return http_head_bad(framing->head, "the Host is not NAME or NAME:PORT");
    if (!*request->host) /* the host of an absolute target comes first */
        request->host = value;
    return true;
}

static uint64_t add_digit(uint64_t number, char digit)
{
    uint64_t value = (uint64_t)(digit - '0');
    return number > (UINT64_MAX - value) / 10 ? UINT64_MAX : number * 10 + value;
}

static bool take_length(struct framing *framing, char *value)
{
    struct http_head *head = framing->head;
    if (framing->lengths++)
        return http_head_bad(head, "there are two Content-Length headers");
    const char *at = value;
    for (; http_is_digit(*at); at++)
        head->length = add_digit(head->length, *at);
    if (*at || at == value)
        return http_head_bad(head, "the Content-Length is not a number in digits only");
    head->has_length = true;
    return true;
}

static bool take_coding(struct framing *framing, char *value)
{
    struct http_head *head = framing->head;
    if (framing->codings++)
        return http_head_bad(head, "there are two Transfer-Encoding headers");
    if (head->minor == 0)
        return http_head_bad(head, "HTTP/1.0 has no Transfer-Encoding");
    if (!http_is_word(value, "chunked"))
        return http_head_fault(head, 501, "bad-request",
                               "the only Transfer-Encoding known here is chunked");
    head->is_chunked = true;
    return true;
}

/* The next member of a list, without white space around it, and its length; 0 at the end. */
static size_t next_member(const char **at, const char **member)
{
    *member = *at + strspn(*at, " \t,");
    size_t len = strcspn(*member, ",");
    *at = *member + len;
    while (len && ((*member)[len - 1] == ' ' || (*member)[len - 1] == '\t'))
        len--;
    return len;
}

static bool is_option(const char *member, size_t len, const char *name)
{
    return len == strlen(name) && strncasecmp(member, name, len) == 0;
}

static bool take_connection(struct framing *framing, char *value)
{
    const char *at = value, *member;
    size_t len;
    while ((len = next_member(&at, &member))) {
        framing->close |= is_option(member, len, "close");
        framing->keep_alive |= is_option(member, len, "keep-alive");
    }
    return true;
}

static bool take_expect(struct framing *framing, char *value)
{
    struct http_head *head = framing->head;
    if (!http_is_word(value, "100-continue"))
        return http_head_fault(head, 417, "bad-request",
                               "the only Expect known here is 100-continue");
    head->expects_continue = head->minor > 0;
    return true;
}

static const struct {
    const char *name;
    bool (*take)(struct framing *framing, char *value);
} headers[] = {
    {"host", take_host},
    {"content-length", take_length},
    {"transfer-encoding", take_coding},
    {"connection", take_connection},
    {"expect", take_expect},
};

static bool take(struct framing *framing, const struct http_header *header)
{
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++)
        if (http_is_word(header->name, headers[i].name))
            return headers[i].take(framing, (char *)header->value);
    return true;
}

/* Rules between the headers. */
static bool check(const struct framing *framing)
{
    struct http_head *head = framing->head;
    if (head->is_chunked && head->has_length)
        return http_head_bad(head, "there are both Transfer-Encoding and Content-Length");
    if (!framing->hosts && head->minor > 0)
        return http_head_bad(head, "there is no Host header");
    head->keep_alive = !framing->close && (head->minor > 0 || framing->keep_alive);
    return true;
}

bool http_framing_parse(struct http_head *head)
{
    struct framing framing = {.head = head};
    for (size_t i = 0; i < head->request.header_count; i++)
        if (!take(&framing, &head->headers[i]))
            return false;
    return check(&framing);
}
