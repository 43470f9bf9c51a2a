/* expected: see expected.h. */
#include "config/expected.h"

#include "config/json_must.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *type_name(const json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        return "an object";
    case JSON_ARRAY:
        return "a list";
    case JSON_STRING:
        return "a text";
    case JSON_INTEGER:
    case JSON_REAL:
        return "a number";
    case JSON_TRUE:
    case JSON_FALSE:
        return "a boolean";
    case JSON_NULL:
        break;
    }
    return "null";
}

void config_describe(const json_t *value, char out[FOUND_MAX])
{
    if (json_is_object(value) || json_is_array(value)) {
        snprintf(out, FOUND_MAX, "%s", type_name(value));
        return;
    }
    char *text = config_json_dump(value, JSON_ENCODE_ANY | JSON_ENSURE_ASCII);
    if (snprintf(out, FOUND_MAX, "%s", text) >= FOUND_MAX)
        memcpy(out + FOUND_MAX - 4, "...", 4);
    free(text);
}

int config_expected_fail_found(struct value_error *error, const struct option *option,
                               const char *found)
{
    char expected[EXPECTED_MAX];
    config_expected(option, expected);
    snprintf(error->text, sizeof error->text, "found %s, expected %s", found, expected);
    return -1;
}

int config_expected_fail(struct value_error *error, const struct option *option,
                         const json_t *value)
{
    char found[FOUND_MAX];
    if (option->kind == OPTION_OBJECT) /* a module's settings may hold secrets: do not show them */
        return config_expected_fail_found(error, option, type_name(value));
    config_describe(value, found);
    return config_expected_fail_found(error, option, found);
}

static void expected_names(const struct option *option, char out[EXPECTED_MAX])
{
    size_t len = (size_t)snprintf(out, EXPECTED_MAX, "%s", option->names[0]);
    for (size_t i = 1; option->names[i] && len < EXPECTED_MAX; i++)
        len += (size_t)snprintf(out + len, EXPECTED_MAX - len, "%s%s",
                                option->names[i + 1] ? ", " : " or ", option->names[i]);
}

static void expected_entries(const struct option *option, char out[EXPECTED_MAX])
{
    int len =
        snprintf(out, EXPECTED_MAX, "an object with an entry for each %s", option->entry->noun);
    if (option->max)
        snprintf(out + len, EXPECTED_MAX - (size_t)len, ", at most %" PRId64, option->max);
}

void config_expected(const struct option *option, char out[EXPECTED_MAX])
{
    const size_t size = EXPECTED_MAX;
    switch (option->kind) {
    case OPTION_UINT32:
    case OPTION_UINT64:
    case OPTION_INT32:
        snprintf(out, size, "an integer from %" PRId64 " to %" PRId64, option->min, option->max);
        break;
    case OPTION_BOOL:
        snprintf(out, size, "true or false");
        break;
    case OPTION_STRING:
        snprintf(out, size, "a text of %" PRId64 " to %" PRId64 " bytes", option->min, option->max);
        break;
    case OPTION_STRING_LIST:
        snprintf(out, size, "a text or a list of %" PRId64 " to %" PRId64 " texts", option->min,
                 option->max);
        break;
    case OPTION_MODE:
        snprintf(out, size, "an octal text from \"%04o\" to \"%04o\"", (unsigned)option->min,
                 (unsigned)option->max);
        break;
    case OPTION_ENUM:
        expected_names(option, out);
        break;
    case OPTION_OBJECT:
        snprintf(out, size, "an object");
        break;
    case OPTION_ENTRIES:
        expected_entries(option, out);
        break;
    }
}
