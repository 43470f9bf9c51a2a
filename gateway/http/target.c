/*
 * target: the target of a request: /path?query, or http://host/path?query.
 *
 * The path is decoded here, once. A path with dot segments or with an encoded slash would be
 * another one for the proxy before us than for our routes: such paths are refused.
 */
#include "gateway/http/chars.h"
#include "gateway/http/head_internal.h"

#include <string.h>

/* --- hosts --- */

/* The end of a host's name, or of an IPv6 address in brackets. */
static char *end_of_name(char *text)
{
    if (*text == '[') {
        text++;
        while (http_hex(*text) >= 0 || *text == ':' || *text == '.')
            text++;
        return *text == ']' ? text + 1 : text;
    }
    while (http_is_alnum(*text) || *text == '.' || *text == '-' || *text == '_') {
        *text = http_lower(*text);
        text++;
    }
    return text;
}

bool http_target_is_host(char *text)
{
    char *end = end_of_name(text);
    if (end == text || (*text == '[' && end[-1] != ']'))
        return false;
    for (char *at = text; at < end; at++)
        *at = http_lower(*at);
    if (*end == ':')
        for (end++; http_is_digit(*end);)
            end++;
    return !*end;
}

/* --- paths --- */

/* Decodes one byte at `*from`, and moves on. False: the escape is none, or of a byte that no path
 * may have. */
static bool decode_byte(const char **from, char *byte)
{
    const char *at = *from;
    if (*at != '%') {
        *byte = *at;
        *from = at + 1;
        return true;
    }
    int high = http_hex(at[1]), low = high < 0 ? -1 : http_hex(at[2]);
    if (low < 0)
        return false;
    *byte = (char)(high * 16 + low);
    *from = at + 3;
    return http_is_value(*byte) && *byte != '\t' && *byte != '/';
}

static bool decode(char *path)
{
    const char *from = path;
    char *to = path;
    while (*from)
        if (!decode_byte(&from, to++))
            return false;
    *to = '\0';
    return true;
}

/* Whether a segment of the path is "." or "..". */
static bool has_dots(const char *path)
{
    for (; path; path = strchr(path, '/')) {
        size_t dots = strspn(++path, ".");
        if ((dots == 1 || dots == 2) && (path[dots] == '/' || !path[dots]))
            return true;
    }
    return false;
}

static bool set_path(struct http_head *head, char *path)
{
    if (!decode(path))
        return http_head_bad(head, "the path has a broken escape, or an escape of a control "
                                   "character or of a slash");
    if (has_dots(path))
        return http_head_bad(head, "the path has a segment of dots");
    head->request.path = path;
    return true;
}

/* --- targets --- */

static bool is_plain(const char *target)
{
    while (*target > ' ' && *target < 0x7f && *target != '#')
        target++;
    return !*target;
}

static void cut_query(struct http_head *head, char *target)
{
    char *mark = strchr(target, '?');
    if (!mark)
        return;
    *mark = '\0';
    head->request.query = mark + 1;
}

/* The place behind http:// or https://, or NULL. */
static char *end_of_scheme(char *target)
{
    static const char *const schemes[] = {"http://", "https://"};
    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
        size_t at = 0;
        while (schemes[i][at] && http_lower(target[at]) == schemes[i][at])
            at++;
        if (!schemes[i][at])
            return target + at;
    }
    return NULL;
}

/* The authority moves one byte to the left, onto its scheme's last slash: so the NUL behind it
 * leaves the path its first slash. */
static bool set_authority(struct http_head *head, char *authority, char **path)
{
    size_t len = strcspn(authority, "/");
    char *host = authority - 1;
    *path = authority[len] ? authority + len : NULL;
    memmove(host, authority, len);
    host[len] = '\0';
    if (!http_target_is_host(host))
        return http_head_bad(head, "the target's host is not NAME or NAME:PORT");
    head->request.host = host;
    return true;
}

static bool parse_absolute(struct http_head *head, char *authority)
{
    static char root[] = "/";
    char *path;
    cut_query(head, authority);
    if (!set_authority(head, authority, &path))
        return false;
    head->request.path = root;
    return !path || set_path(head, path);
}

bool http_target_parse(struct http_head *head, char *target)
{
    char *authority;
    if (!is_plain(target))
        return http_head_bad(head, "the target has a character that must be escaped");
    if (*target == '/') {
        cut_query(head, target);
        return set_path(head, target);
    }
    if ((authority = end_of_scheme(target)))
        return parse_absolute(head, authority);
    if (strcmp(target, "*") == 0 && head->request.method == HTTP_OPTIONS) {
        head->request.path = target;
        return true;
    }
    return http_head_bad(head, "the target begins neither with a slash nor with http://");
}
