/* value_text: texts, lists of texts, and objects as text. */
#include "common/xmalloc.h"
#include "config/json_must.h"
#include "config/value.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LIST_TEXT_MAX = 4095 }; /* bytes of one text of a list */

static bool text_fits(const json_t *value, int64_t min, int64_t max)
{
    int64_t len = (int64_t)json_string_length(value); /* 0 for another type */
    return json_is_string(value) && len >= min && len <= max;
}

/* null unsets a setting that may be unset, so the output of -T can be read back. */
static int string_set(void *member, const struct option *option, json_t *value,
                      struct value_error *error)
{
    char **text = member;
    bool unset = json_is_null(value) && strcmp(option->default_text, "null") == 0;
    if (!unset && !text_fits(value, option->min, option->max))
        return config_expected_fail(error, option, value);
    free(*text);
    *text = unset ? NULL : xstrdup(json_string_value(value));
    return 0;
}

static json_t *string_get(const void *member, const struct option *option)
{
    (void)option;
    const char *text = *(char *const *)member;
    return text ? config_json_must(json_string(text)) : json_null();
}

static void string_release(void *member, const struct option *option)
{
    (void)option;
    char **text = member;
    free(*text);
    *text = NULL;
}

static void list_clear(struct option_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        free(list->items[i]);
    free(list->items);
    *list = (struct option_list){0};
}

static void list_release(void *member, const struct option *option)
{
    (void)option;
    list_clear(member);
}

static int list_check(const struct option *option, const json_t *value, struct value_error *error)
{
    int64_t count = (int64_t)json_array_size(value);
    char found[FOUND_MAX], item[FOUND_MAX + 32];
    if (count < option->min || count > option->max) {
        snprintf(found, sizeof found, "a list of %" PRId64, count);
        return config_expected_fail_found(error, option, found);
    }
    for (size_t i = 0; i < (size_t)count; i++) {
        if (text_fits(json_array_get(value, i), 1, LIST_TEXT_MAX))
            continue;
        config_describe(json_array_get(value, i), found);
        snprintf(item, sizeof item, "%s as item %zu", found, i + 1);
        return config_expected_fail_found(error, option, item);
    }
    return 0;
}

static int list_set(void *member, const struct option *option, json_t *value,
                    struct value_error *error)
{
    if (!json_is_array(value) && !json_is_string(value))
        return config_expected_fail(error, option, value);
    /* A lone text stands for a list of one. */
    json_t *texts =
        json_is_array(value) ? json_incref(value) : config_json_must(json_pack("[O]", value));
    int rc = list_check(option, texts, error);
    if (rc == 0) {
        struct option_list *list = member;
        list_clear(list);
        list->count = json_array_size(texts);
        list->items = xcalloc(list->count, sizeof *list->items);
        for (size_t i = 0; i < list->count; i++)
            list->items[i] = xstrdup(json_string_value(json_array_get(texts, i)));
    }
    json_decref(texts);
    return rc;
}

static json_t *list_get(const void *member, const struct option *option)
{
    (void)option;
    const struct option_list *list = member;
    json_t *texts = config_json_must(json_array());
    for (size_t i = 0; i < list->count; i++)
        config_json_append(texts, config_json_must(json_string(list->items[i])));
    return texts;
}

/* A text without any comma is a list of one, an empty one a list of none. */
static json_t *list_parse(const char *text)
{
    json_t *texts = config_json_must(json_array());
    while (*text) {
        size_t len = strcspn(text, ",");
        json_t *item = json_stringn(text, len);
        if (!item) {
            json_decref(texts);
            return NULL;
        }
        config_json_append(texts, item);
        text += len;
        if (*text == ',' && !*++text) /* a comma at the end has an empty text behind it */
            config_json_append(texts, config_json_must(json_string("")));
    }
    return texts;
}

static int object_set(void *member, const struct option *option, json_t *value,
                      struct value_error *error)
{
    char **text = member;
    if (!json_is_object(value))
        return config_expected_fail(error, option, value);
    free(*text);
    *text = config_json_dump(value, JSON_COMPACT);
    return 0;
}

static json_t *object_get(const void *member, const struct option *option)
{
    (void)option;
    return config_json_must(json_loads(*(char *const *)member, 0, NULL));
}

static json_t *object_parse(const char *text)
{
    json_t *value = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    if (!json_is_object(value)) {
        json_decref(value);
        return NULL;
    }
    return value;
}

const struct value_ops value_string = {string_set, string_get, json_string, string_release};
const struct value_ops value_list = {list_set, list_get, list_parse, list_release};
const struct value_ops value_object = {object_set, object_get, object_parse, string_release};
