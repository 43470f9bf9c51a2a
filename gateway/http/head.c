/* head: see head.h. This file cuts a head into its lines, and reads the line of each. */
#include "gateway/http/head.h"
#include "gateway/http/chars.h"
#include "gateway/http/head_internal.h"

#include <string.h>

enum { TLS_HANDSHAKE = 0x16 }; /* the first byte of a client that speaks TLS */

/* --- the end of a head --- */

/* `at` is behind an LF. The length of an empty line there: 0 if there is none, -1 if one more byte
 * has to be seen. */
static int empty_line(const char *at, size_t left)
{
    if (left && at[0] == '\n')
        return 1;
    if (left && at[0] != '\r')
        return 0;
    if (left < 2)
        return -1;
    return at[1] == '\n' ? 2 : 0;
}

static ssize_t find_end(const char *data, size_t len)
{
    const char *at = data, *end = data + len;
    while ((at = memchr(at, '\n', (size_t)(end - at)))) {
        at++;
        int empty = empty_line(at, (size_t)(end - at));
        if (empty < 0)
            return 0;
        if (empty > 0)
            return at - data + empty;
    }
    return 0;
}

ssize_t http_head_end(const char *data, size_t len)
{
    if (!http_is_token(data[0]))
        return data[0] != '\r' ? 1 : len < 2 ? 0 : 2;
    size_t most = len < HTTP_HEAD_MAX ? len : HTTP_HEAD_MAX;
    ssize_t end = find_end(data, most);
    return end || len < HTTP_HEAD_MAX ? end : -1;
}

/* --- lines --- */

/* Ends the line at `*at` with a NUL, and moves on to the next one. NULL: not ended by CRLF. */
static char *next_line(char **at, const char *end)
{
    char *line = *at;
    char *lf = memchr(line, '\n', (size_t)(end - line));
    if (!lf || lf == line || lf[-1] != '\r')
        return NULL;
    lf[-1] = '\0';
    *at = lf + 1;
    return line;
}

/* Whether the line is as long as it looks: a NUL would hide its rest. */
static bool has_nul(const char *line, const char *next)
{
    return line + strlen(line) + 2 != next;
}

/* --- the request line --- */

static void set_method(struct http_request *request, const char *name)
{
    static const struct {
        const char *name;
        enum http_method method;
    } methods[] = {
        {"GET", HTTP_GET},         {"HEAD", HTTP_GET},    {"POST", HTTP_POST},
        {"PUT", HTTP_PUT},         {"PATCH", HTTP_PATCH}, {"DELETE", HTTP_DELETE},
        {"OPTIONS", HTTP_OPTIONS},
    };
    request->method_name = name;
    request->is_head = strcmp(name, "HEAD") == 0;
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
        if (strcmp(name, methods[i].name) == 0)
            request->method = methods[i].method;
}

static bool fault_line(struct http_head *head)
{
    return http_head_bad(head, "the request line is not METHOD, a space, a target, a space, "
                               "HTTP/1.1");
}

static bool set_version(struct http_head *head, const char *version)
{
    bool is_http = strncmp(version, "HTTP/", 5) == 0 && http_is_digit(version[5]) &&
                   version[6] == '.' && http_is_digit(version[7]) && !version[8];
    if (!is_http)
        return fault_line(head);
    if (version[5] != '1' || version[7] > '1')
        return http_head_fault(head, 505, "bad-request",
                               "the version is neither HTTP/1.1 nor HTTP/1.0");
    head->minor = (unsigned)(version[7] - '0');
    return true;
}

/* The word at `*at`, ended by a space; the NUL takes the place of the space. NULL: there is none.
 */
static char *next_word(char **at)
{
    char *word = *at, *space = strchr(word, ' ');
    if (!space || space == word)
        return NULL;
    *space = '\0';
    *at = space + 1;
    return word;
}

static bool is_token(const char *text)
{
    while (http_is_token(*text))
        text++;
    return !*text;
}

static bool parse_request_line(struct http_head *head, char *line)
{
    char *method = next_word(&line);
    char *target = method ? next_word(&line) : NULL;
    if (!target)
        return fault_line(head);
    if (!is_token(method))
        return http_head_bad(head, "the method has a character that no method may have");
    set_method(&head->request, method);
    return set_version(head, line) && http_target_parse(head, target);
}

/* --- header lines --- */

/* The colon behind the name, or NULL. White space before the colon is not allowed. */
static char *end_of_name(char *line)
{
    char *at = line;
    while (http_is_token(*at))
        at++;
    return at > line && *at == ':' ? at : NULL;
}

/* Takes white space off both ends. */
static char *trim(char *value)
{
    size_t len;
    while (*value == ' ' || *value == '\t')
        value++;
    len = strlen(value);
    while (len && (value[len - 1] == ' ' || value[len - 1] == '\t'))
        value[--len] = '\0';
    return value;
}

static bool is_value(const char *value)
{
    while (*value && http_is_value(*value))
        value++;
    return !*value;
}

static bool parse_header(struct http_head *head, char *line, const char *next)
{
    struct http_request *request = &head->request;
    if (*line == ' ' || *line == '\t')
        return http_head_bad(head, "a header line begins with white space");
    char *colon = end_of_name(line);
    if (!colon)
        return http_head_bad(head, "a header line is not NAME, a colon at once, a value");
    if (has_nul(line, next) || !is_value(colon + 1))
        return http_head_bad(head, "a header has a control character");
    if (request->header_count == HTTP_HEADERS_MAX)
        return http_head_fault(head, 431, "header-too-long", "there are over 100 headers");
    *colon = '\0';
    head->headers[request->header_count++] = (struct http_header){line, trim(colon + 1)};
    return true;
}

static bool parse_headers(struct http_head *head, char *at, const char *end)
{
    char *line;
    while ((line = next_line(&at, end)) && at != line + 2)
        if (!parse_header(head, line, at))
            return false;
    if (!line)
        return http_head_bad(head, "a line does not end with CR and LF");
    return at == end || http_head_bad(head, "a line is empty, and more lines follow");
}

/* --- the head --- */

void http_head_clear(struct http_head *head)
{
    head->request = (struct http_request){
        .method = HTTP_OTHER, .method_name = "", .path = "", .host = "", .headers = head->headers};
    head->minor = 1;
    head->keep_alive = head->expects_continue = head->is_chunked = head->has_length = false;
    head->length = 0;
    head->fault = (struct http_fault){0};
}

bool http_head_parse(struct http_head *head, char *text, size_t len)
{
    char *at = text, *line;
    http_head_clear(head);
    if (*text == TLS_HANDSHAKE)
        return http_head_bad(head, "this is TLS; the gateway speaks plain HTTP");
    line = next_line(&at, text + len);
    if (!line)
        return http_head_bad(head, "the request line does not end with CR and LF");
    if (has_nul(line, at))
        return http_head_bad(head, "the request line has a NUL");
    return parse_request_line(head, line) && parse_headers(head, at, text + len) &&
           http_framing_parse(head);
}
