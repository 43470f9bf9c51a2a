/*
 * token_file: see token_file.h. A file holds several tokens for rotation: an operator adds a new
 * token, hands it out, and removes the old one later.
 */
#include "access/token_file.h"

#include "common/token_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int add_all(struct token_set *set, const char *path, struct token_text *reader, char *error,
                   size_t error_size)
{
    const char *token;
    while ((token = token_text_next(reader))) {
        if (set->count == TOKEN_COUNT_MAX) {
            snprintf(error, error_size, "%s:%u: expected at most %d tokens", path, reader->line,
                     TOKEN_COUNT_MAX);
            return -1;
        }
        token_set_add(set, token);
    }
    if (reader->why[0] && reader->line)
        snprintf(error, error_size, "%s:%u: %s", path, reader->line, reader->why);
    else if (reader->why[0])
        snprintf(error, error_size, "%s: %s", path, reader->why);
    else if (!set->count)
        snprintf(error, error_size, "%s: expected at least one token, one a line", path);
    return reader->why[0] || !set->count ? -1 : 0;
}

int token_file_read(const char *path, enum file_kind kind, struct token_set *set, char *error,
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
    int rc = add_all(set, path, &reader, error, error_size);
    explicit_bzero(text, len);
    free(text);
    return rc;
}
