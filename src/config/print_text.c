/* print_text: see print_text.h. */
#include "config/print_text.h"

#include "common/xmalloc.h"
#include "config/expected.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { WIDTH = 78 };

/* The prefix counts towards the width. */
void config_text_wrap(FILE *out, const char *prefix, const char *text)
{
    int column = 0;
    while (*text) {
        int len = (int)strcspn(text, " ");
        if (column > 0 && column + 1 + len > WIDTH) {
            fputc('\n', out);
            column = 0;
        }
        const char *before = column > 0 ? " " : prefix;
        fprintf(out, "%s%.*s", before, len, text);
        column += (int)strlen(before) + len;
        text += len + (text[len] == ' ');
    }
    fputc('\n', out);
}

void config_text_sentence(FILE *out, const char *prefix, const char *text)
{
    char *sentence = xasprintf("%s.", text);
    sentence[0] = (char)toupper((unsigned char)sentence[0]);
    config_text_wrap(out, prefix, sentence);
    free(sentence);
}

char *config_text_values(const struct option *option)
{
    char expected[EXPECTED_MAX];
    config_expected(option, expected);
    bool unset = strcmp(option->default_text, "null") == 0;
    return xasprintf("%s%s%s; %s%s", expected, option->unit ? " " : "",
                     option->unit ? option->unit : "", unset ? "unset by default" : "default ",
                     unset ? "" : option->default_text);
}

bool config_text_is_shared(const struct config_schema *schema, const struct option *field)
{
    struct config_key key;
    return config_schema_find(schema, field->key, &key) && key.option == field;
}

char *config_text_shared(const struct config_schema *schema, const struct option_table *fields)
{
    char *list = NULL;
    for (size_t i = 0; i < fields->count; i++) {
        if (!config_text_is_shared(schema, &fields->rows[i]))
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
