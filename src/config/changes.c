/* changes: the difference between the values of two configs. */
#include "config/config_internal.h"

#include "common/xmalloc.h"
#include "config/rows.h"

#include <stdlib.h>

bool config_key_equal(const struct config *a, const struct config *b, const struct config_key *key)
{
    json_t *one = config_rows_get(config_part(a, key), key->option);
    json_t *other = config_rows_get(config_part(b, key), key->option);
    bool equal = json_equal(one, other);
    json_decref(other);
    json_decref(one);
    return equal;
}

static bool differs(const struct config *before, const struct config *after,
                    const struct config_key *key)
{
    const struct option *option = key->option;
    return !config_key_equal(before, after, key) ||
           (option->differs && option->differs(config_part(before, key), config_part(after, key)));
}

/* The listener for keys, and the name of the object under comparison. */
struct listener {
    config_visit *visit;
    void *arg;
    const char *key;
};

/* "pools.reports", or with a field "pools.reports.pool-max". */
static void tell(const struct listener *listener, const char *entry, const char *field)
{
    char *name = xasprintf("%s.%s%s%s", listener->key, entry, field ? "." : "", field ? field : "");
    listener->visit(name, listener->arg);
    free(name);
}

/* Entries have all their fields. */
static void compare_fields(const struct listener *listener, const char *entry, json_t *before,
                           const json_t *after)
{
    const char *field;
    json_t *value;
    json_object_foreach (before, field, value)
        if (!json_equal(value, json_object_get(after, field)))
            tell(listener, entry, field);
}

/* Those of before first, then the new ones. */
static void compare_entries(const struct listener *listener, json_t *before, json_t *after)
{
    const char *entry;
    json_t *value;
    json_object_foreach (before, entry, value) {
        const json_t *now = json_object_get(after, entry);
        if (now)
            compare_fields(listener, entry, value, now);
        else
            tell(listener, entry, NULL);
    }
    json_object_foreach (after, entry, value)
        if (!json_object_get(before, entry))
            tell(listener, entry, NULL);
}

static void tell_entries(const struct listener *listener, const struct config *before,
                         const struct config *after, const struct config_key *key)
{
    json_t *old = config_rows_get(config_part(before, key), key->option);
    json_t *new = config_rows_get(config_part(after, key), key->option);
    compare_entries(listener, old, new);
    json_decref(new);
    json_decref(old);
}

void config_changes(const struct config *before, const struct config *after, config_visit *visit,
                    void *arg)
{
    struct config_cursor cursor = {0};
    while (config_schema_next(before->schema, &cursor)) {
        const struct option *option = cursor.key.option;
        const struct listener listener = {.visit = visit, .arg = arg, .key = option->key};
        if (!differs(before, after, &cursor.key))
            continue;
        if (option->kind == OPTION_ENTRIES && option->entry->fields_told)
            tell_entries(&listener, before, after, &cursor.key);
        else
            visit(option->key, arg);
    }
}
