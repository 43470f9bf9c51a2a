/* scrub: see scrub.h. */
#include "client/bundle/scrub.h"

#include "client/local/file.h"
#include "common/secrets.h"
#include "common/token_text.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static const char stars[] = "***";

enum {
    FILE_MAX = 1 << 20,
    NAME_MAX_LEN = 64, /* of a name before a value */
};

void scrub_open(struct scrub *scrub)
{
    *scrub = (struct scrub){0};
}

void scrub_close(struct scrub *scrub)
{
    for (size_t i = 0; i < scrub->count; i++) {
        explicit_bzero(scrub->secrets[i], strlen(scrub->secrets[i]));
        free(scrub->secrets[i]);
    }
    free(scrub->secrets);
}

/* ---- known secrets ---- */

static void add(struct scrub *scrub, const char *secret, size_t len)
{
    if (len < SCRUB_SECRET_MIN)
        return;
    char **secrets = reallocarray(scrub->secrets, scrub->count + 1, sizeof *secrets);
    if (!secrets)
        abort(); /* better no bundle than one with a secret */
    scrub->secrets = secrets;
    secrets[scrub->count] = strndup(secret, len);
    if (!secrets[scrub->count])
        abort();
    scrub->count++;
}

/* As JSON has it, too. */
void scrub_add(struct scrub *scrub, const char *secret)
{
    json_t *value = json_string(secret);
    char *text = value ? json_dumps(value, JSON_ENCODE_ANY) : NULL;
    add(scrub, secret, strlen(secret));
    if (text && strlen(text) != strlen(secret) + 2)
        add(scrub, text + 1, strlen(text) - 2);
    free(text);
    json_decref(value);
}

static char *second_word(char *line)
{
    static const char blanks[] = " \t";
    line += strcspn(line, blanks);
    line += strspn(line, blanks);
    line[strcspn(line, blanks)] = '\0';
    return line;
}

/* Reads lines as the daemon does: blanks around a token are not of it. */
static void add_lines(struct scrub *scrub, const char *path, bool named)
{
    size_t len;
    char *text = path ? file_read_head(path, FILE_MAX, &len) : NULL, *line;
    if (!text)
        return;
    struct token_text reader = token_text_begin(text, strlen(text));
    while ((line = token_text_line(&reader)))
        scrub_add(scrub, named ? second_word(line) : line);
    explicit_bzero(text, len);
    free(text);
}

void scrub_add_token_file(struct scrub *scrub, const char *path)
{
    add_lines(scrub, path, false);
}

void scrub_add_access_file(struct scrub *scrub, const char *path)
{
    add_lines(scrub, path, true);
}

/* ---- texts ---- */

/* A text that is written over itself. */
struct copy {
    const char *from, *end;
    char *to;
    const char *begin; /* of what is written */
};

static void hide(struct copy *copy, size_t len)
{
    size_t shown = len < sizeof stars - 1 ? len : sizeof stars - 1;
    memcpy(copy->to, stars, shown);
    copy->to += shown;
    copy->from += len;
}

static void keep(struct copy *copy, size_t len)
{
    memmove(copy->to, copy->from, len);
    copy->to += len;
    copy->from += len;
}

static bool starts_with(const struct copy *copy, const char *text)
{
    size_t len = strlen(text);
    return (size_t)(copy->end - copy->from) >= len && memcmp(copy->from, text, len) == 0;
}

/* One secret may be the beginning of another. */
static bool hide_known(struct copy *copy, const struct scrub *scrub)
{
    size_t longest = 0;
    for (size_t i = 0; i < scrub->count; i++)
        if (starts_with(copy, scrub->secrets[i]) && strlen(scrub->secrets[i]) > longest)
            longest = strlen(scrub->secrets[i]);
    hide(copy, longest);
    return longest > 0;
}

static bool is_of_value(char c)
{
    return c > ' ' && !strchr("\"',;&)}]<>", c);
}

static size_t value_len(const struct copy *copy)
{
    const char *end = copy->from;
    while (end < copy->end && is_of_value(*end))
        end++;
    return (size_t)(end - copy->from);
}

static void keep_blanks(struct copy *copy)
{
    while (copy->from < copy->end && (*copy->from == ' ' || *copy->from == '\t'))
        keep(copy, 1);
}

/* "Bearer TOKEN". */
static bool hide_bearer(struct copy *copy)
{
    static const char *const schemes[] = {"Bearer ", "bearer ", "BEARER ", "Basic "};
    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++)
        if (starts_with(copy, schemes[i])) {
            keep(copy, strlen(schemes[i]));
            keep_blanks(copy);
            hide(copy, value_len(copy));
            return true;
        }
    return false;
}

/* "scheme://user:password@host". A password may have an @, too. */
static bool hide_user(struct copy *copy)
{
    if (!starts_with(copy, "://"))
        return false;
    keep(copy, 3);
    size_t user_len = 0, left = (size_t)(copy->end - copy->from);
    for (size_t i = 0; i < left && copy->from[i] != '/' && is_of_value(copy->from[i]); i++)
        if (copy->from[i] == '@')
            user_len = i;
    hide(copy, user_len);
    return true;
}

static bool is_of_name(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '-' || c == '.';
}

static const char *without_end(const char *begin, const char *end, const char *characters)
{
    while (end > begin && strchr(characters, end[-1]))
        end--;
    return end;
}

/* Copies the name that ends what is written, but for blanks and quotes. Backslashes: JSON within a
 * text. */
static void name_before(const struct copy *copy, char name[NAME_MAX_LEN + 1])
{
    const char *end = without_end(copy->begin, copy->to, " \t");
    end = without_end(copy->begin, end, "\"'\\");
    const char *start = end;
    while (start > copy->begin && is_of_name(start[-1]) && end - start < NAME_MAX_LEN)
        start--;
    memcpy(name, start, (size_t)(end - start));
    name[end - start] = '\0';
}

/* A name of a file is no secret, and its content is not here. */
static bool names_file(const char *name)
{
    size_t len = strlen(name);
    return len > 5 &&
           (strcmp(name + len - 5, "-file") == 0 || strcmp(name + len - 5, "_file") == 0);
}

/* Not at a comma or an ampersand: a password may have them. */
static size_t word_len(const struct copy *copy)
{
    const char *end = copy->from;
    while (end<copy->end && * end> ' ' && *end != '"')
        end++;
    return (size_t)(end - copy->from);
}

/* A value with quotes ends at the quote; one behind a colon ("Cookie: a=b; c=d") at any quote; an
 * array or object with the line, as both. Another one ends at a blank. */
static size_t named_len(const struct copy *copy, char separator, char quote)
{
    const char *end = copy->from;
    if (separator != ':' && !quote)
        return word_len(copy);
    bool is_nested = end < copy->end && (*end == '[' || *end == '{');
    while (end < copy->end && *end != '\n' &&
           (quote ? *end != quote || end[-1] == '\\' : *end != '"' || is_nested))
        end++;
    return (size_t)(end - copy->from);
}

static void hide_value(struct copy *copy, char separator)
{
    keep_blanks(copy);
    while (copy->from < copy->end && *copy->from == '\\')
        keep(copy, 1);
    char quote = copy->from < copy->end ? *copy->from : '\0';
    if (quote != '"' && quote != '\'')
        quote = '\0';
    keep(copy, quote ? 1 : 0);
    hide(copy, named_len(copy, separator, quote));
}

/* "--password VALUE": an option of a command line. */
static bool ends_option(const struct copy *copy, const char *name)
{
    return *copy->from == ' ' && name[0] == '-' && copy->to > copy->begin && copy->to[-1] != ' ';
}

/* "password=VALUE", "token: VALUE", "key => VALUE", with quotes or without. */
static bool hide_named(struct copy *copy)
{
    char name[NAME_MAX_LEN + 1];
    char separator = *copy->from;
    if (separator != '=' && separator != ':' && separator != ' ')
        return false;
    name_before(copy, name);
    if (!secrets_is_key(name) || names_file(name) || (separator == ' ' && !ends_option(copy, name)))
        return false;
    keep(copy, 1);
    if (separator == '=' && copy->from < copy->end && *copy->from == '>')
        keep(copy, 1);
    hide_value(copy, separator);
    return true;
}

static size_t scrub_with(const struct scrub *scrub, char *text, size_t len, bool named)
{
    struct copy copy = {.from = text, .end = text + len, .to = text, .begin = text};
    while (copy.from < copy.end)
        if (!hide_known(&copy, scrub) && !hide_bearer(&copy) && !hide_user(&copy) &&
            !(named && hide_named(&copy)))
            keep(&copy, 1);
    *copy.to = '\0';
    return (size_t)(copy.to - text);
}

size_t scrub_text(const struct scrub *scrub, char *text, size_t len)
{
    return scrub_with(scrub, text, len, true);
}

size_t scrub_json(const struct scrub *scrub, char *text, size_t len)
{
    return scrub_with(scrub, text, len, false);
}

/* ---- values ---- */

/* Settings of modules: only their authors know which are secrets. */
static json_t *without_texts(const json_t *value)
{
    const char *key;
    json_t *member, *copy;
    size_t i;
    if (json_is_string(value))
        return json_string(stars);
    copy = json_is_object(value)  ? json_object()
           : json_is_array(value) ? json_array()
                                  : json_incref((json_t *)value);
    json_object_foreach ((json_t *)value, key, member) {
        json_object_set_new(copy, key,
                            secrets_is_key(key) ? json_string(stars) : without_texts(member));
    }
    json_array_foreach ((json_t *)value, i, member) {
        json_array_append_new(copy, without_texts(member));
    }
    return copy;
}

/* What a client or a module has written: its name, why it failed. */
static json_t *without_secrets(const struct scrub *scrub, const json_t *string)
{
    char *text = strdup(json_string_value(string));
    if (!text)
        abort(); /* as in add() */
    json_t *copy = json_stringn(text, scrub_text(scrub, text, json_string_length(string)));
    free(text);
    return copy ? copy : json_string(stars);
}

static void scrub_object(const struct scrub *scrub, json_t *object)
{
    const char *key;
    json_t *member;
    void *next;
    json_object_del(object, "context");
    json_object_foreach_safe (object, next, key, member) {
        if (strcmp(key, "config") == 0)
            json_object_set_new(object, key, without_texts(member));
        else if (secrets_is_key(key) && !names_file(key) && !json_is_object(member))
            json_object_set_new(object, key, json_string(stars));
        else if (json_is_string(member))
            json_object_set_new(object, key, without_secrets(scrub, member));
        else
            scrub_value(scrub, member);
    }
}

void scrub_value(const struct scrub *scrub, json_t *value)
{
    size_t i;
    json_t *item;
    if (json_is_object(value))
        scrub_object(scrub, value);
    json_array_foreach (value, i, item) {
        if (json_is_string(item))
            json_array_set_new(value, i, without_secrets(scrub, item));
        else
            scrub_value(scrub, item);
    }
}
