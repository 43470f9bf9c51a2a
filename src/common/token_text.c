/* token_text: see token_text.h. */
#include "common/token_text.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static const char blanks[] = " \t\r"; /* with the CR of a DOS line */

struct token_text token_text_begin(char *text, size_t len)
{
    struct token_text reader = {.rest = text};

    /* A NUL would hide the rest of the text. */
    if (len >= 2 && (memcmp(text, "\xff\xfe", 2) == 0 || memcmp(text, "\xfe\xff", 2) == 0))
        snprintf(reader.why, sizeof(reader.why),
                 "found UTF-16 text; expected plain ASCII: save the file as that");
    else if (memchr(text, '\0', len))
        snprintf(reader.why, sizeof(reader.why), "expected text, found a NUL at byte %zu",
                 strlen(text));
    return reader;
}

/* Cuts the blanks off both ends, in place. */
static char *trim(char *s)
{
    s += strspn(s, blanks);
    size_t len = strlen(s);
    while (len > 0 && strchr(blanks, s[len - 1]))
        s[--len] = '\0';
    return s;
}

/* Returns NULL, for the caller to return. */
__attribute__((format(printf, 2, 3))) static const char *wrong(struct token_text *reader,
                                                               const char *fmt, ...)
{
    va_list args;
    size_t len;

    va_start(args, fmt);
    vsnprintf(reader->why, sizeof(reader->why), fmt, args);
    va_end(args);
    len = strlen(reader->why);
    snprintf(reader->why + len, sizeof(reader->why) - len,
             "; expected a token of %d to %d printable ASCII characters", TOKEN_LEN_MIN,
             TOKEN_LEN_MAX);
    return NULL;
}

static bool is_printable(char c)
{
    return c >= 0x20 && c <= 0x7e;
}

static const char *check(struct token_text *reader, const char *token)
{
    size_t len = strlen(token), at = 0;

    while (is_printable(token[at]))
        at++;
    if (strncmp(token + at, "\xef\xbb\xbf", 3) == 0)
        return wrong(reader, "found a byte order mark (BOM)");
    if (token[at] == '\r')
        return wrong(reader, "found a CR inside the line, which ends in LF or CR LF");
    if (token[at])
        return wrong(reader, "found the byte 0x%02x", (unsigned)(unsigned char)token[at]);
    if (len < TOKEN_LEN_MIN || len > TOKEN_LEN_MAX)
        return wrong(reader, "found %zu characters", len);
    return token;
}

char *token_text_line(struct token_text *reader)
{
    char *line;

    if (reader->why[0])
        return NULL;
    while ((line = strsep(&reader->rest, "\n"))) {
        char *text = trim(line);
        reader->line++;
        if (*text && *text != '#')
            return text;
    }
    return NULL;
}

const char *token_text_next(struct token_text *reader)
{
    const char *token = token_text_line(reader);

    return token ? check(reader, token) : NULL;
}
