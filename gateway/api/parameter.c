/* parameter: see parameter.h. */
#include "gateway/api/parameter.h"

#include "gateway/api/api.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DIGITS_MAX = 19 }; /* so many always fit into 64 bits */

/* --- the check --- */

static bool is_text(const struct api_parameter *row, const char *value, char *expected)
{
    size_t len = strlen(value);
    snprintf(expected, PARAMETER_EXPECTED_MAX, "%" PRIu64 " to %" PRIu64 " bytes", row->min,
             row->max);
    return len >= row->min && len <= row->max;
}

static bool is_uint(const struct api_parameter *row, const char *value, char *expected)
{
    size_t len = strspn(value, "0123456789");
    uint64_t number = strtoull(value, NULL, 10);
    snprintf(expected, PARAMETER_EXPECTED_MAX,
             "an integer from %" PRIu64 " to %" PRIu64 ", in digits only", row->min, row->max);
    bool is_plain = len && len <= DIGITS_MAX && !value[len] && (len == 1 || *value != '0');
    return is_plain && number >= row->min && number <= row->max;
}

static bool is_word(const struct api_parameter *row, const char *value, char *expected)
{
    int len = 0;
    for (const char *const *word = row->words; *word; word++) {
        if (strcmp(*word, value) == 0)
            return true;
        if (len < PARAMETER_EXPECTED_MAX)
            len += snprintf(expected + len, PARAMETER_EXPECTED_MAX - (size_t)len, "%s%s",
                            len ? ", " : "one of ", *word);
    }
    return false;
}

static bool is_flag(const struct api_parameter *row, const char *value, char *expected)
{
    (void)row;
    snprintf(expected, PARAMETER_EXPECTED_MAX, "no value");
    return !*value;
}

bool parameter_permits(const struct api_parameter *row, const char *value,
                       char expected[PARAMETER_EXPECTED_MAX])
{
    static bool (*const checks[])(const struct api_parameter *, const char *, char *) = {
        [API_TEXT] = is_text, [API_UINT] = is_uint, [API_WORD] = is_word, [API_FLAG] = is_flag};
    return row->kind == API_ANY || checks[row->kind](row, value, expected);
}

/* --- the schema --- */

static json_t *schema_of_words(const struct api_parameter *row)
{
    json_t *list = json_array();
    for (const char *const *word = row->words; *word; word++)
        json_array_append_new(list, json_string(*word));
    return json_pack("{ssso}", "type", "string", "enum", list);
}

json_t *parameter_schema(const struct api_parameter *row)
{
    if (row->schema)
        return json_loads(row->schema, 0, NULL);
    switch (row->kind) {
    case API_TEXT:
        return json_pack("{sssIsI}", "type", "string", "minLength", (json_int_t)row->min,
                         "maxLength", (json_int_t)row->max);
    case API_UINT:
        return json_pack("{sssIsI}", "type", "integer", "minimum", (json_int_t)row->min, "maximum",
                         (json_int_t)row->max);
    case API_WORD:
        return schema_of_words(row);
    case API_FLAG:
        return json_pack("{sss[s]}", "type", "string", "enum", "");
    case API_ANY:
        break;
    }
    return json_pack("{ss}", "type", "string");
}
