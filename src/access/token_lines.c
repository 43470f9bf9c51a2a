/* token_lines: see token_lines.h. */
#include "access/token_lines.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int add_all(const struct token_lines *lines, const char *path, struct token_text *reader,
                   struct token_set *set, char *error, size_t error_size)
{
    size_t before = set->count;
    lines->add_all(set, reader);
    if (reader->why[0] && reader->line)
        snprintf(error, error_size, "%s:%u: %s", path, reader->line, reader->why);
    else if (reader->why[0])
        snprintf(error, error_size, "%s: %s", path, reader->why);
    else if (set->count == before)
        snprintf(error, error_size, "%s: %s", path, lines->empty);
    return reader->why[0] || set->count == before ? -1 : 0;
}

int token_lines_read(const struct token_lines *lines, const char *path, enum file_kind kind,
                     struct token_set *set, char *error, size_t error_size)
{
    size_t len;
    const char *unread;
    char *text = file_read(path, lines->size_max, kind, &len, &unread);
    if (!text) {
        snprintf(error, error_size, "%s: %s", path, unread);
        return -1;
    }
    struct token_text reader = token_text_begin(text, len);
    int rc = add_all(lines, path, &reader, set, error, error_size);
    explicit_bzero(text, len);
    free(text);
    return rc;
}
