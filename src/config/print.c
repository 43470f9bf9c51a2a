/*
 * print: --help and the list of keys in the manual, both from the rows, so neither can differ from
 * the code.
 */
#include "config/print.h"

#include "common/xmalloc.h"
#include "config/expected.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { WIDTH = 78 };

/* Writes the words of `text` in lines of at most WIDTH bytes, `indent` blanks before each. */
static void print_wrapped(FILE *out, const char *text, int indent)
{
    int column = 0;
    while (*text) {
        int len = (int)strcspn(text, " ");
        if (column > 0 && column + 1 + len > WIDTH) {
            fputc('\n', out);
            column = 0;
        }
        int blanks = column > 0 ? 1 : indent;
        fprintf(out, "%*s%.*s", blanks, "", len, text);
        column += blanks + len;
        text += len + (text[len] == ' ');
    }
    fputc('\n', out);
}

static const char *placeholder(const struct option *option)
{
    switch (option->kind) {
    case OPTION_UINT32:
    case OPTION_UINT64:
    case OPTION_INT32:
        return !option->unit ? "NUMBER" : strcmp(option->unit, "ms") == 0 ? "MS" : "BYTES";
    case OPTION_BOOL:
        return "BOOL";
    case OPTION_STRING:
        return "TEXT";
    case OPTION_STRING_LIST:
        return "TEXT,...";
    case OPTION_MODE:
        return "OCTAL";
    case OPTION_ENUM:
        return "WORD";
    case OPTION_OBJECT:
    case OPTION_ENTRIES:
        return "JSON";
    }
    return "";
}

/* "an integer from 1 to 10000; default 4". The caller frees it. */
static char *values_text(const struct option *option)
{
    char expected[EXPECTED_MAX];
    config_expected(option, expected);
    bool unset = strcmp(option->default_text, "null") == 0;
    return xasprintf("%s%s%s; %s%s", expected, option->unit ? " " : "",
                     option->unit ? option->unit : "", unset ? "unset by default" : "default ",
                     unset ? "" : option->default_text);
}

static void print_help_row(FILE *out, const char *prefix, const struct option *option)
{
    char *values = values_text(option);
    char *what = xasprintf("%s (%s)", option->help, values);
    fprintf(out, "  %s%s=%s\n", prefix, option->key, placeholder(option));
    print_wrapped(out, what, 6);
    free(what);
    free(values);
}

/* Whether a field is a row of the top level, too: it is described there. */
static bool is_shared(const struct config_schema *schema, const struct option *field)
{
    struct config_key key;
    return config_schema_find(schema, field->key, &key) && key.option == field;
}

/* Returns a sentence about the shared fields of an entry, or NULL without any. The caller frees it.
 */
static char *shared_text(const struct config_schema *schema, const struct option_table *fields)
{
    char *list = NULL;
    for (size_t i = 0; i < fields->count; i++) {
        if (!is_shared(schema, &fields->rows[i]))
            continue;
        char *longer =
            list ? xasprintf("%s, %s", list, fields->rows[i].key) : xstrdup(fields->rows[i].key);
        free(list);
        list = longer;
    }
    char *text = list ? xasprintf("as at the top level, with the same defaults: %s", list) : NULL;
    free(list);
    return text;
}

static void print_help_fields(const struct config_schema *schema, FILE *out,
                              const struct option *option)
{
    const struct option_table *fields = &option->entry->options;
    char *shared = shared_text(schema, fields);
    if (shared) {
        fputs("    in it, NAME.KEY\n", out);
        print_wrapped(out, shared, 6);
    }
    for (size_t i = 0; i < fields->count; i++)
        if (!is_shared(schema, &fields->rows[i]))
            print_help_row(out, "  in it, NAME.", &fields->rows[i]);
    free(shared);
}

void config_print_help(const struct config_schema *schema, FILE *out)
{
    struct config_cursor cursor = {0};
    while (config_schema_next(schema, &cursor)) {
        const struct option *option = cursor.key.option;
        print_help_row(out, "--", option);
        if (option->kind == OPTION_ENTRIES)
            print_help_fields(schema, out, option);
    }
}

/* A sentence as a paragraph of its own line: capital, full stop. */
static void print_sentence(FILE *out, const char *text)
{
    char *sentence = xasprintf("%s.", text);
    sentence[0] = (char)toupper((unsigned char)sentence[0]);
    print_wrapped(out, sentence, 0);
    free(sentence);
}

static void print_manual_row(FILE *out, const char *prefix, const struct option *option)
{
    char *values = values_text(option);
    fprintf(out, ".It Cm %s%s\n", prefix, option->key);
    print_sentence(out, option->help);
    print_sentence(out, values);
    if (!option->reload)
        print_sentence(out, "a reload does not change it");
    free(values);
}

/* The fields of an entry: modules.NAME.enabled. */
static void print_manual_fields(const struct config_schema *schema, FILE *out,
                                const struct option *option)
{
    const struct option_table *fields = &option->entry->options;
    char *prefix = xasprintf("%s.NAME.", option->key);
    char *shared = shared_text(schema, fields);
    if (shared) {
        fprintf(out, ".It Cm %sKEY\n", prefix);
        print_sentence(out, shared);
    }
    for (size_t i = 0; i < fields->count; i++)
        if (!is_shared(schema, &fields->rows[i]))
            print_manual_row(out, prefix, &fields->rows[i]);
    free(shared);
    free(prefix);
}

void config_print_manual(const struct config_schema *schema, FILE *out)
{
    struct config_cursor cursor = {0};
    while (config_schema_next(schema, &cursor)) {
        const struct option *option = cursor.key.option;
        print_manual_row(out, "", option);
        if (option->kind == OPTION_ENTRIES)
            print_manual_fields(schema, out, option);
    }
}
