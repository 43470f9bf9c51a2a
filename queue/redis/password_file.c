/* password_file: see password_file.h. */
#include "queue/redis/password_file.h"

#include "access/token_lines.h"

#include <stdio.h>
#include <string.h>

static void add_first(struct token_set *set, struct token_text *reader)
{
    const char *password = token_text_line(reader);
    if (password && strlen(password) > REDIS_PASSWORD_MAX)
        snprintf(reader->why, sizeof reader->why, "expected a password of at most %d bytes",
                 REDIS_PASSWORD_MAX);
    else if (password)
        token_set_add(set, password);
}

int redis_password_read(const char *path, enum file_kind kind, struct token_set *set, char *error,
                        size_t error_size)
{
    static const struct token_lines lines = {
        .size_max = TOKEN_FILE_MAX,
        .empty = "expected a password, in a line of its own",
        .add_all = add_first,
    };
    return token_lines_read(&lines, path, kind, set, error, error_size);
}
