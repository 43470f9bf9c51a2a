/*
 * token_file: one token a line, so that a new one can be added, handed out, and the old one removed
 * later. What was read is wiped before it is freed: a core dump or a stray pointer should not find
 * secrets that nobody uses any more.
 */
#include "token_file.h"

#include "common/xmalloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_MAX = 64 * 1024 };

static bool token_valid(const char *token)
{
    size_t len = strlen(token);
    for (const char *p = token; *p; p++)
        if (*p < 0x20 || *p > 0x7e)
            return false;
    return len >= TOKEN_LEN_MIN && len <= TOKEN_LEN_MAX;
}

/* Cuts the blanks off both ends, in place. A CR of a DOS line is one. */
static char *trim(char *s)
{
    static const char blanks[] = " \t\r";
    s += strspn(s, blanks);
    size_t len = strlen(s);
    while (len > 0 && strchr(blanks, s[len - 1]))
        s[--len] = '\0';
    return s;
}

/* NULL, or what is wrong with the line. Empty lines and comments are no tokens. */
static const char *add_line(struct config_list *tokens, char *line)
{
    char *token = trim(line);
    if (!*token || *token == '#')
        return NULL;
    if (!token_valid(token))
        return "expected a token of 8 to 256 printable ASCII characters";
    if (tokens->count == TOKEN_COUNT_MAX)
        return "expected at most 64 tokens";
    tokens->items[tokens->count++] = xstrdup(token);
    return NULL;
}

static int add_lines(struct config_list *tokens, const char *path, char *text, char *error,
                     size_t error_size)
{
    unsigned number = 0;
    for (char *line; (line = strsep(&text, "\n"));) {
        number++;
        const char *why = add_line(tokens, line);
        if (why) {
            snprintf(error, error_size, "%s:%u: %s", path, number, why);
            return -1;
        }
    }
    if (tokens->count == 0) {
        snprintf(error, error_size, "%s: expected at least one token, one a line", path);
        return -1;
    }
    return 0;
}

int token_file_read(const char *path, enum file_kind kind, struct config_list *tokens, char *error,
                    size_t error_size)
{
    size_t len;
    const char *unread;
    char *text = file_read(path, FILE_MAX, kind, &len, &unread);
    if (!text) {
        snprintf(error, error_size, "%s: %s", path, unread);
        return -1;
    }
    int rc = -1;
    tokens->items = xcalloc(TOKEN_COUNT_MAX, sizeof *tokens->items);
    if (memchr(text, '\0', len))
        snprintf(error, error_size, "%s: expected text, found a NUL", path);
    else
        rc = add_lines(tokens, path, text, error, error_size);
    explicit_bzero(text, len);
    free(text);
    return rc;
}

void token_list_free(struct config_list *tokens)
{
    for (size_t i = 0; i < tokens->count; i++) {
        explicit_bzero(tokens->items[i], strlen(tokens->items[i]));
        free(tokens->items[i]);
    }
    free(tokens->items);
    *tokens = (struct config_list){0};
}
