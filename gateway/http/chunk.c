/* chunk: see chunk.h. */
#include "gateway/http/chunk.h"
#include "gateway/http/chars.h"

#include <string.h>
#include <strings.h>

ssize_t http_chunk_line_end(const char *data, size_t len, size_t max)
{
    const char *lf = memchr(data, '\n', len < max ? len : max);
    if (lf)
        return lf - data + 1;
    return len < max ? 0 : -1;
}

/* The line's length without CRLF; SIZE_MAX: it does not end so. */
static size_t without_end(const char *line, size_t len)
{
    return len >= 2 && line[len - 2] == '\r' && line[len - 1] == '\n' ? len - 2 : SIZE_MAX;
}

/* --- sizes and extensions --- */

static size_t parse_size(const char *line, size_t len, uint64_t *size)
{
    size_t at = 0;
    *size = 0;
    for (; at < len && http_hex(line[at]) >= 0; at++)
        *size = *size >> 60 ? UINT64_MAX : *size << 4 | (uint64_t)http_hex(line[at]);
    return at;
}

static size_t skip_token(const char *line, size_t at, size_t len)
{
    while (at < len && http_is_token(line[at]))
        at++;
    return at;
}

/* Behind the closing quote; 0 without one. */
static size_t skip_quoted(const char *line, size_t at, size_t len)
{
    for (at++; at < len && http_is_value(line[at]); at++) {
        if (line[at] == '"')
            return at + 1;
        if (line[at] == '\\' && (++at == len || !http_is_value(line[at])))
            return 0;
    }
    return 0;
}

/* Behind the extension at `at`: ;NAME, ;NAME=TOKEN or ;NAME="TEXT". 0: malformed. */
static size_t skip_extension(const char *line, size_t at, size_t len)
{
    size_t name = at + 1, end = skip_token(line, name, len);
    if (line[at] != ';' || end == name)
        return 0;
    if (end == len || line[end] != '=')
        return end;
    size_t value = end + 1;
    if (value < len && line[value] == '"')
        return skip_quoted(line, value, len);
    end = skip_token(line, value, len);
    return end > value ? end : 0;
}

bool http_chunk_parse(const char *line, size_t len, uint64_t *size)
{
    len = without_end(line, len);
    if (len == SIZE_MAX)
        return false;
    size_t at = parse_size(line, len, size);
    while (at && at < len)
        at = skip_extension(line, at, len);
    return at > 0;
}

/* --- trailers --- */

/* These belong before the body (RFC 9110, section 6.5.1): somebody may read them all the same. */
static bool is_early(const char *name, size_t len)
{
    static const char *const names[] = {"transfer-encoding", "content-length", "host",
                                        "connection"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (len == strlen(names[i]) && strncasecmp(name, names[i], len) == 0)
            return true;
    return false;
}

static bool is_header(const char *line, size_t len)
{
    size_t at = skip_token(line, 0, len);
    if (!at || at == len || line[at] != ':' || is_early(line, at))
        return false;
    while (at < len && http_is_value(line[at]))
        at++;
    return at == len;
}

bool http_chunk_is_trailer(const char *line, size_t len, bool *is_last)
{
    len = without_end(line, len);
    *is_last = len == 0;
    return len == 0 || (len != SIZE_MAX && is_header(line, len));
}
