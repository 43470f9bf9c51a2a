/*
 * token_file: see token_file.h. A file holds several tokens for rotation: an operator adds a new
 * token, hands it out, and removes the old one later.
 */
#include "access/token_file.h"

#include "access/token_lines.h"

#include <stdio.h>

static void add_all(struct token_set *set, struct token_text *reader)
{
    const char *token;
    while ((token = token_text_next(reader))) {
        if (set->count == TOKEN_COUNT_MAX)
            snprintf(reader->why, sizeof reader->why, "expected at most %d tokens",
                     TOKEN_COUNT_MAX);
        else
            token_set_add(set, token);
    }
}

int token_file_read(const char *path, enum file_kind kind, struct token_set *set, char *error,
                    size_t error_size)
{
    static const struct token_lines lines = {
        .size_max = TOKEN_FILE_MAX,
        .empty = "expected at least one token, one a line",
        .add_all = add_all,
    };
    return token_lines_read(&lines, path, kind, set, error, error_size);
}
