/*
 * rows: see rows.h.
 *
 * The entries of an object have rows of their own, so their kind is here, beside the rows.
 */
#include "config/rows.h"

#include "common/log.h"
#include "common/xmalloc.h"
#include "config/json_must.h"
#include "config/schema.h"
#include "config/value.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct value_ops value_entries;

static const struct value_ops *const ops_by_kind[] = {
    [OPTION_UINT32] = &value_uint32, [OPTION_UINT64] = &value_uint64,
    [OPTION_INT32] = &value_int32,   [OPTION_BOOL] = &value_bool,
    [OPTION_STRING] = &value_string, [OPTION_STRING_LIST] = &value_list,
    [OPTION_MODE] = &value_mode,     [OPTION_ENUM] = &value_enum,
    [OPTION_OBJECT] = &value_object, [OPTION_ENTRIES] = &value_entries,
};

static int row_set(void *part, const struct option *option, json_t *value,
                   struct value_error *error)
{
    return ops_by_kind[option->kind]->set((char *)part + option->offset, option, value, error);
}

json_t *config_rows_get(const void *part, const struct option *option)
{
    return ops_by_kind[option->kind]->get((const char *)part + option->offset, option);
}

/* --- the entries of an object --- */

static const char *name_of(const void *entry)
{
    return *(char *const *)entry;
}

static void *entry_at(const struct option_entries *entries, const struct option_entry *type,
                      size_t i)
{
    return (char *)entries->items + i * type->size;
}

static void entries_clear(struct option_entries *entries, const struct option_entry *type)
{
    for (size_t i = 0; i < entries->count; i++) {
        void *entry = entry_at(entries, type, i);
        free(*(char **)entry);
        config_rows_release(entry, &type->options);
    }
    free(entries->items);
    *entries = (struct option_entries){0};
}

static void entries_release(void *member, const struct option *option)
{
    entries_clear(member, option->entry);
}

static int fail_unknown_field(struct value_error *error, const struct option_table *fields,
                              const char *key)
{
    const char *near = config_table_nearest(fields, key);
    if (near) {
        snprintf(error->text, sizeof error->text, "unknown key, did you mean %s?", near);
        return -1;
    }
    size_t len = (size_t)snprintf(error->text, sizeof error->text, "unknown key; expected ");
    for (size_t i = 0; i < fields->count; i++)
        len += (size_t)snprintf(error->text + len, sizeof error->text - len, "%s%s",
                                fields->rows[i].key,
                                i + 2 < fields->count   ? ", "
                                : i + 1 < fields->count ? " or "
                                                        : "");
    return -1;
}

static int set_fields(void *entry, const struct option_table *fields, json_t *object,
                      struct value_error *error)
{
    const char *key;
    json_t *value;
    json_object_foreach (object, key, value) {
        const struct option *option = config_table_find(fields, key);
        snprintf(error->field, sizeof error->field, "%s", key);
        if (!option)
            return fail_unknown_field(error, fields, key);
        if (row_set(entry, option, value, error) < 0)
            return -1;
    }
    return 0;
}

/* `entry` is zeroed. It owns its values on failure as well. */
static int entry_set(void *entry, const struct option_entry *type, const char *name, json_t *value,
                     struct value_error *error)
{
    static const struct option object = {.kind = OPTION_OBJECT};
    *(char **)entry = xstrdup(name);
    config_rows_default(entry, &type->options);
    snprintf(error->entry, sizeof error->entry, "%s", name);
    const char *expected = type->name_fault(name);
    if (expected) {
        snprintf(error->text, sizeof error->text, "%s", expected);
        return -1;
    }
    if (!json_is_object(value))
        return config_expected_fail(error, &object, value);
    if (set_fields(entry, &type->options, value, error) < 0)
        return -1;
    error->entry[0] = error->field[0] = '\0';
    return 0;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(name_of(a), name_of(b));
}

static int fail_count(struct value_error *error, const struct option *option, size_t count)
{
    char found[FOUND_MAX];
    snprintf(found, sizeof found, "an object with %zu", count);
    return config_expected_fail_found(error, option, found);
}

static int entries_set(void *member, const struct option *option, json_t *value,
                       struct value_error *error)
{
    const struct option_entry *type = option->entry;
    const char *name;
    json_t *item;
    if (!json_is_object(value))
        return config_expected_fail(error, option, value);
    size_t count = json_object_size(value);
    if (option->max && count > (size_t)option->max)
        return fail_count(error, option, count);
    struct option_entries made = {.items = xcalloc(count, type->size)};
    json_object_foreach (value, name, item) {
        if (entry_set(entry_at(&made, type, made.count++), type, name, item, error) < 0) {
            entries_clear(&made, type);
            return -1;
        }
    }
    qsort(made.items, made.count, type->size, compare_names);
    entries_clear(member, type);
    *(struct option_entries *)member = made;
    return 0;
}

static json_t *entries_get(const void *member, const struct option *option)
{
    const struct option_entries *entries = member;
    const struct option_table *fields = &option->entry->options;
    json_t *object = config_json_must(json_object());
    for (size_t i = 0; i < entries->count; i++) {
        const void *entry = entry_at(entries, option->entry, i);
        json_t *shown = config_json_must(json_object());
        for (size_t j = 0; j < fields->count; j++)
            config_json_put(shown, fields->rows[j].key, config_rows_get(entry, &fields->rows[j]));
        config_json_put(object, name_of(entry), shown);
    }
    return object;
}

static json_t *entries_parse(const char *text)
{
    return value_object.parse(text);
}

static const struct value_ops value_entries = {entries_set, entries_get, entries_parse,
                                               entries_release};

/* --- rows --- */

void config_rows_release(void *part, const struct option_table *table)
{
    for (size_t i = 0; i < table->count; i++) {
        const struct option *option = &table->rows[i];
        const struct value_ops *ops = ops_by_kind[option->kind];
        if (ops->release)
            ops->release((char *)part + option->offset, option);
    }
}

/* A default refused by its own row is a bug of the row. */
void config_rows_default(void *part, const struct option_table *table)
{
    struct value_error error;
    for (size_t i = 0; i < table->count; i++) {
        const struct option *option = &table->rows[i];
        json_t *value = config_json_must(json_loads(option->default_text, JSON_DECODE_ANY, NULL));
        bug_on(row_set(part, option, value, &error) < 0);
        json_decref(value);
    }
}

int config_rows_set(void *part, const struct option *option, json_t *value,
                    struct value_error *error)
{
    *error = (struct value_error){0};
    return row_set(part, option, value, error);
}

int config_rows_set_text(void *part, const struct option *option, const char *text,
                         struct value_error *error)
{
    *error = (struct value_error){0};
    json_t *value = ops_by_kind[option->kind]->parse(text);
    json_t *shown = value ? NULL : json_string(text);
    int rc;
    if (value)
        rc = row_set(part, option, value, error);
    else if (shown)
        rc = config_expected_fail(error, option, shown);
    else
        rc = config_expected_fail_found(error, option, "bytes that are no UTF-8");
    json_decref(shown);
    json_decref(value);
    return rc;
}
