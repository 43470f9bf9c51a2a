/*
 * print: --help and the list of keys in the manual, both from the rows, so neither can differ from
 * the code.
 */
#include "config/print.h"

#include "common/xmalloc.h"
#include "config/print_text.h"

#include <stdlib.h>
#include <string.h>

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

static void print_help_row(FILE *out, const char *prefix, const struct option *option)
{
    char *values = config_text_values(option);
    char *what = xasprintf("%s (%s)", option->help, values);
    fprintf(out, "  %s%s=%s\n", prefix, option->key, placeholder(option));
    config_text_wrap(out, "      ", what);
    free(what);
    free(values);
}

static void print_help_fields(const struct config_schema *schema, FILE *out,
                              const struct option *option)
{
    const struct option_table *fields = &option->entry->options;
    char *shared = config_text_shared(schema, fields);
    if (shared) {
        fputs("    in it, NAME.KEY\n", out);
        config_text_wrap(out, "      ", shared);
    }
    for (size_t i = 0; i < fields->count; i++)
        if (!config_text_is_shared(schema, &fields->rows[i]))
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

static void print_manual_row(FILE *out, const char *prefix, const struct option *option)
{
    char *values = config_text_values(option);
    fprintf(out, ".It Cm %s%s\n", prefix, option->key);
    config_text_sentence(out, "", option->help);
    config_text_sentence(out, "", values);
    if (!option->reload)
        config_text_sentence(out, "", "a reload does not change it");
    free(values);
}

/* The fields of an entry: modules.NAME.enabled. */
static void print_manual_fields(const struct config_schema *schema, FILE *out,
                                const struct option *option)
{
    const struct option_table *fields = &option->entry->options;
    char *prefix = xasprintf("%s.NAME.", option->key);
    char *shared = config_text_shared(schema, fields);
    if (shared) {
        fprintf(out, ".It Cm %sKEY\n", prefix);
        config_text_sentence(out, "", shared);
    }
    for (size_t i = 0; i < fields->count; i++)
        if (!config_text_is_shared(schema, &fields->rows[i]))
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
