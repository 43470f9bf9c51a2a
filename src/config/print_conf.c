/*
 * print_conf: the installed configuration file: each key is a comment, behind its help.
 *
 * The last key alone is no comment, with its default: so the commas of all others are right, and a
 * key is changed by removing the two slashes before it.
 */
#include "config/print.h"

#include "common/xmalloc.h"
#include "config/print_text.h"

#include <stdlib.h>

static const char prose[] = "  # ";

static void print_about(FILE *out, const char *about, const struct option *option)
{
    char *values = config_text_values(option);
    config_text_sentence(out, prose, about);
    config_text_sentence(out, prose, values);
    if (!option->reload)
        config_text_sentence(out, prose, "a reload does not change it");
    free(values);
}

static void print_shared(const struct config_schema *schema, FILE *out, const struct option *option)
{
    char *shared = config_text_shared(schema, &option->entry->options);
    char *about = shared ? xasprintf("In it, NAME.KEY: %s", shared) : NULL;
    if (about)
        config_text_sentence(out, prose, about);
    free(about);
    free(shared);
}

/* The fields of an entry: modules.NAME.enabled. */
static void print_fields(const struct config_schema *schema, FILE *out, const struct option *option)
{
    const struct option_table *fields = &option->entry->options;
    print_shared(schema, out, option);
    for (size_t i = 0; i < fields->count; i++) {
        const struct option *field = &fields->rows[i];
        if (config_text_is_shared(schema, field))
            continue;
        char *about = xasprintf("In it, NAME.%s: %s", field->key, field->help);
        print_about(out, about, field);
        free(about);
    }
}

static void print_key(const struct config_schema *schema, FILE *out, const struct option *option,
                      bool is_last)
{
    print_about(out, option->help, option);
    if (option->kind == OPTION_ENTRIES)
        print_fields(schema, out, option);
    fprintf(out, "  %s\"%s\": %s%s", is_last ? "" : "// ", option->key, option->default_text,
            is_last ? "\n" : ",\n\n");
}

void config_print_conf(const struct config_schema *schema, FILE *out)
{
    struct config_cursor cursor = {0};
    size_t left = config_schema_count(schema);
    fprintf(out,
            "# %s.conf: the settings of %s(8), as %s.conf(5) describes them.\n"
            "#\n"
            "# Each key stands here with its default. To change one, remove the // before it;\n"
            "# the comma behind it belongs there. %s -t -c FILE checks the file.\n"
            "{\n",
            schema->program, schema->program, schema->program, schema->program);
    while (config_schema_next(schema, &cursor))
        print_key(schema, out, cursor.key.option, --left == 0);
    fputs("}\n", out);
}
