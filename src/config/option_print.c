/*
 * option_print: --help and the list of keys in taskmasterd.conf(5), both from the table's rows, so
 * that neither can say something else than the code does.
 */
#include "common/log.h"
#include "common/xmalloc.h"
#include "config/options.h"

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

static const char *placeholder(const struct option_spec *spec)
{
    switch (spec->type) {
    case OPTION_UINT32:
    case OPTION_UINT64:
        return strcmp(spec->unit, "ms") == 0      ? "MS"
               : strcmp(spec->unit, "bytes") == 0 ? "BYTES"
                                                  : "NUMBER";
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
    case OPTION_MODULES:
        return "JSON";
    }
    return "";
}

/* "an integer from 1 to 10000; default 4". The caller frees it. */
static char *values_text(const struct option_spec *spec)
{
    char expected[OPTION_EXPECTED_MAX];
    option_expected(spec, expected);
    bool unset = strcmp(spec->default_text, "null") == 0;
    return xasprintf("%s%s%s; %s%s", expected, *spec->unit ? " " : "", spec->unit,
                     unset ? "unset by default" : "default ", unset ? "" : spec->default_text);
}

static void print_help_row(FILE *out, const char *prefix, const struct option_spec *spec)
{
    char *values = values_text(spec);
    char *what = xasprintf("%s (%s)", spec->help, values);
    fprintf(out, "  %s%s=%s\n", prefix, spec->key, placeholder(spec));
    print_wrapped(out, what, 6);
    free(what);
    free(values);
}

void options_print_help(FILE *out)
{
    for (size_t i = 0; i < option_count; i++) {
        print_help_row(out, "--", &option_table[i]);
        for (size_t j = 0; option_table[i].type == OPTION_MODULES && j < option_module_count; j++)
            print_help_row(out, "  in it, NAME.", &option_module_table[j]);
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

static void print_manual_row(FILE *out, const char *prefix, const struct option_spec *spec)
{
    char *values = values_text(spec);
    fprintf(out, ".It Cm %s%s\n", prefix, spec->key);
    print_sentence(out, spec->help);
    print_sentence(out, values);
    if (!spec->reload)
        print_sentence(out, "a reload does not change it");
    free(values);
}

void options_print_manual(FILE *out)
{
    for (size_t i = 0; i < option_count; i++) {
        print_manual_row(out, "", &option_table[i]);
        for (size_t j = 0; option_table[i].type == OPTION_MODULES && j < option_module_count; j++)
            print_manual_row(out, "modules.NAME.", &option_module_table[j]);
    }
}
