/*
 * access_file: see access_file.h. A fault names its line and word by number: whatever stands at the
 * place of a name or a right may be a token.
 */
#include "access/access_file.h"

#include "access/token_lines.h"
#include "common/name.h"
#include "common/token_text.h"
#include "common/xmalloc.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char blanks[] = " \t\r";

/* Notes the fault of the line. Returns -1. */
__attribute__((format(printf, 2, 3))) static int wrong(struct token_text *reader, const char *fmt,
                                                       ...)
{
    va_list args;
    va_start(args, fmt);
    vsnprintf(reader->why, sizeof reader->why, fmt, args);
    va_end(args);
    return -1;
}

/* The next word of the line; NULL at its end. */
static char *next_word(char **line)
{
    char *word;
    do
        word = strsep(line, blanks);
    while (word && !*word);
    return word;
}

/* --- the words of a line --- */

static bool is_alnum(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* Safe in the log and in JSON. */
static bool is_name(const char *text)
{
    size_t len = strlen(text);
    for (const char *at = text; *at; at++)
        if (!is_alnum(*at) && !strchr("_.@-", *at))
            return false;
    return len <= ACCESS_NAME_MAX && is_alnum(*text);
}

static bool is_token(const char *text)
{
    size_t len = strlen(text);
    for (const char *at = text; *at; at++)
        if (*at < 0x21 || *at > 0x7e)
            return false;
    return len >= ACCESS_TOKEN_MIN && len <= TOKEN_LEN_MAX;
}

static bool has_name(const struct token_set *set, const char *name)
{
    for (size_t i = 0; i < set->count; i++)
        if (set->tokens[i].grant.name && strcmp(set->tokens[i].grant.name, name) == 0)
            return true;
    return false;
}

static int check_name(struct token_text *reader, const struct token_set *set, const char *name)
{
    if (!is_name(name))
        return wrong(reader,
                     "word 1 is no name; expected 1 to %d letters, digits and _.@-, with a "
                     "letter or digit first",
                     ACCESS_NAME_MAX);
    if (has_name(set, name))
        return wrong(reader, "another line has this name");
    return 0;
}

static int check_token(struct token_text *reader, const struct token_set *set, const char *token)
{
    if (!is_token(token))
        return wrong(reader,
                     "word 2 has %zu bytes; expected a token of %d to %d printable ASCII "
                     "characters",
                     strlen(token), ACCESS_TOKEN_MIN, TOKEN_LEN_MAX);
    if (set->count && token_set_find(set, token))
        return wrong(reader, "another line, or the token-file, has this token");
    return 0;
}

/* The NAME of a right with a limit, "module:NAME" or "serve:NAME"; NULL: the word is none of the
 * kind. */
static const char *limit_of(const char *word, const char *kind)
{
    size_t len = strlen(kind);
    return strncmp(word, kind, len) == 0 ? word + len : NULL;
}

static unsigned limited_right(const char *word)
{
    const char *module = limit_of(word, GRANT_MODULE), *service = limit_of(word, GRANT_SERVICE);
    if (module && module_name_valid(module, strlen(module)))
        return RIGHT_SUBMIT;
    if (service && service_name_valid(service, strlen(service)))
        return RIGHT_SERVE;
    return RIGHT_NONE;
}

/* False if the word is no right. */
static bool add_right(struct grant *grant, const char *word)
{
    unsigned right = right_of_word(word, strlen(word));
    unsigned limited = limited_right(word);
    if (limited)
        grant_limit(grant, word);
    grant->rights |= right | limited;
    return right || limited;
}

static int read_rights(struct token_text *reader, struct grant *grant, char *line)
{
    unsigned number = 2;
    for (char *word; (word = next_word(&line));) {
        number++;
        if (!add_right(grant, word))
            return wrong(reader,
                         "word %u is no right; expected submit, module:NAME, observe, "
                         "control, serve, serve:NAME, admin, relay or all",
                         number);
    }
    return number > 2 ? 0 : wrong(reader, "found no right; expected NAME TOKEN RIGHT...");
}

/* --- the file --- */

static int check_line(struct token_text *reader, const struct token_set *set, const char *name,
                      const char *token)
{
    if (!token)
        return wrong(reader, "found one word; expected NAME TOKEN RIGHT...");
    if (set->count == ACCESS_COUNT_MAX)
        return wrong(reader, "expected at most %d tokens, with those of the token-file",
                     ACCESS_COUNT_MAX);
    return check_name(reader, set, name) < 0 ? -1 : check_token(reader, set, token);
}

static void add_line(struct token_set *set, struct token_text *reader, char *line)
{
    const char *name = next_word(&line), *token = next_word(&line);
    struct grant grant = {0};
    if (check_line(reader, set, name, token) < 0)
        return;
    if (read_rights(reader, &grant, line) < 0) {
        grant_free(&grant);
        return;
    }
    grant.name = xstrdup(name);
    token_set_add_grant(set, token, grant);
}

static void add_all(struct token_set *set, struct token_text *reader)
{
    char *line;
    while ((line = token_text_line(reader)))
        add_line(set, reader, line);
}

int access_file_read(const char *path, enum file_kind kind, struct token_set *set, char *error,
                     size_t error_size)
{
    static const struct token_lines lines = {
        .size_max = ACCESS_FILE_MAX,
        .empty = "expected at least one line: NAME TOKEN RIGHT...",
        .add_all = add_all,
    };
    return token_lines_read(&lines, path, kind | FILE_PRIVATE, set, error, error_size);
}
