/*
 * token_file: one token a line, so that a new one can be added, handed out, and the old one removed
 * later. What was read is wiped before it is freed: a core dump or a stray pointer should not find
 * secrets that nobody uses any more.
 */
#include "access/token_file.h"

#include "common/token_text.h"
#include "common/xmalloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int add_all(struct config_list *tokens, const char *path, struct token_text *reader,
                   char *error, size_t error_size)
{
    const char *token;
    while ((token = token_text_next(reader))) {
        if (tokens->count == TOKEN_COUNT_MAX) {
            snprintf(error, error_size, "%s:%u: expected at most %d tokens", path, reader->line,
                     TOKEN_COUNT_MAX);
            return -1;
        }
        tokens->items[tokens->count++] = xstrdup(token);
    }
    if (reader->why[0] && reader->line)
        snprintf(error, error_size, "%s:%u: %s", path, reader->line, reader->why);
    else if (reader->why[0])
        snprintf(error, error_size, "%s: %s", path, reader->why);
    else if (!tokens->count)
        snprintf(error, error_size, "%s: expected at least one token, one a line", path);
    return reader->why[0] || !tokens->count ? -1 : 0;
}

int token_file_read(const char *path, enum file_kind kind, struct config_list *tokens, char *error,
                    size_t error_size)
{
    size_t len;
    const char *unread;
    char *text = file_read(path, TOKEN_FILE_MAX, kind, &len, &unread);
    if (!text) {
        snprintf(error, error_size, "%s: %s", path, unread);
        return -1;
    }
    struct token_text reader = token_text_begin(text, len);
    tokens->items = xcalloc(TOKEN_COUNT_MAX, sizeof *tokens->items);
    int rc = add_all(tokens, path, &reader, error, error_size);
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
