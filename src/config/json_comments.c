/* json_comments: see json_comments.h. */
#include "config/json_comments.h"

#include <stdbool.h>
#include <string.h>

/* Behind a quoted text. JSON has no line end in one, so an open quote ends there. */
static char *skip_text(char *at, const char *end)
{
    while (at < end && *at != '"' && *at != '\n')
        at += *at == '\\' && at + 1 < end && at[1] != '\n' ? 2 : 1;
    return at < end ? at + 1 : at;
}

static bool begins_comment(const char *at, const char *end)
{
    return *at == '#' || (*at == '/' && at + 1 < end && at[1] == '/');
}

static char *blank_line(char *at, const char *end)
{
    while (at < end && *at != '\n')
        *at++ = ' ';
    return at;
}

void json_comments_blank(char *text, size_t len)
{
    const char *end = text + len;
    for (char *at = text; at < end;) {
        if (*at == '"')
            at = skip_text(at + 1, end);
        else if (begins_comment(at, end))
            at = blank_line(at, end);
        else
            at++;
    }
}
