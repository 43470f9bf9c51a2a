/* value_number: numbers, booleans, permissions and enums. */
#include "config/json_must.h"
#include "config/value.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool number_of(const struct option *option, const json_t *value, int64_t *number)
{
    *number = json_integer_value(value); /* 0 for another type */
    if (!json_is_integer(value))
        return false;
    return *number >= option->min && *number <= option->max;
}

static int uint32_set(void *member, const struct option *option, json_t *value,
                      struct value_error *error)
{
    int64_t number;
    if (!number_of(option, value, &number))
        return config_expected_fail(error, option, value);
    *(uint32_t *)member = (uint32_t)number;
    return 0;
}

static json_t *uint32_get(const void *member, const struct option *option)
{
    (void)option;
    return config_json_must(json_integer(*(const uint32_t *)member));
}

static int uint64_set(void *member, const struct option *option, json_t *value,
                      struct value_error *error)
{
    int64_t number;
    if (!number_of(option, value, &number))
        return config_expected_fail(error, option, value);
    *(uint64_t *)member = (uint64_t)number;
    return 0;
}

static json_t *uint64_get(const void *member, const struct option *option)
{
    (void)option;
    return config_json_must(json_integer((json_int_t) * (const uint64_t *)member));
}

static int int32_set(void *member, const struct option *option, json_t *value,
                     struct value_error *error)
{
    int64_t number;
    if (!number_of(option, value, &number))
        return config_expected_fail(error, option, value);
    *(int32_t *)member = (int32_t)number;
    return 0;
}

static json_t *int32_get(const void *member, const struct option *option)
{
    (void)option;
    return config_json_must(json_integer(*(const int32_t *)member));
}

static json_t *parse_digits(const char *text, const char *digits)
{
    if (!*digits || digits[strspn(digits, "0123456789")])
        return NULL;
    errno = 0;
    long long number = strtoll(text, NULL, 10);
    return errno ? NULL : config_json_must(json_integer(number));
}

/* Digits only: strtoll alone would take blanks, a sign and more. */
static json_t *number_parse(const char *text)
{
    return parse_digits(text, text);
}

/* Digits, and a minus before them. */
static json_t *signed_parse(const char *text)
{
    return parse_digits(text, text + (*text == '-'));
}

static int bool_set(void *member, const struct option *option, json_t *value,
                    struct value_error *error)
{
    if (!json_is_boolean(value))
        return config_expected_fail(error, option, value);
    *(bool *)member = json_is_true(value);
    return 0;
}

static json_t *bool_get(const void *member, const struct option *option)
{
    (void)option;
    return json_boolean(*(const bool *)member);
}

static json_t *bool_parse(const char *text)
{
    if (strcmp(text, "true") != 0 && strcmp(text, "false") != 0)
        return NULL;
    return json_boolean(text[0] == 't');
}

/* Three digits or four: a shorter one is more likely a slip than a mode. */
static int mode_set(void *member, const struct option *option, json_t *value,
                    struct value_error *error)
{
    const char *text = json_string_value(value); /* NULL for another type */
    size_t len = json_string_length(value);
    if (!text || len < 3 || len > 4 || strspn(text, "01234567") != len)
        return config_expected_fail(error, option, value);
    unsigned long mode = strtoul(text, NULL, 8);
    if (mode < (unsigned long)option->min || mode > (unsigned long)option->max)
        return config_expected_fail(error, option, value);
    *(uint32_t *)member = (uint32_t)mode;
    return 0;
}

static json_t *mode_get(const void *member, const struct option *option)
{
    char text[16];
    (void)option;
    snprintf(text, sizeof text, "%04" PRIo32, *(const uint32_t *)member);
    return config_json_must(json_string(text));
}

static int enum_set(void *member, const struct option *option, json_t *value,
                    struct value_error *error)
{
    for (unsigned i = 0; json_is_string(value) && option->names[i]; i++)
        if (strcmp(json_string_value(value), option->names[i]) == 0) {
            memcpy(member, &i, sizeof i);
            return 0;
        }
    return config_expected_fail(error, option, value);
}

static json_t *enum_get(const void *member, const struct option *option)
{
    unsigned i;
    memcpy(&i, member, sizeof i);
    return config_json_must(json_string(option->names[i]));
}

const struct value_ops value_uint32 = {uint32_set, uint32_get, number_parse, NULL};
const struct value_ops value_uint64 = {uint64_set, uint64_get, number_parse, NULL};
const struct value_ops value_int32 = {int32_set, int32_get, signed_parse, NULL};
const struct value_ops value_bool = {bool_set, bool_get, bool_parse, NULL};
const struct value_ops value_mode = {mode_set, mode_get, json_string, NULL};
const struct value_ops value_enum = {enum_set, enum_get, json_string, NULL};
