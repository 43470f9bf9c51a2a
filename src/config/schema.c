/* schema: see schema.h. */
#include "config/schema.h"

#include <string.h>

bool config_schema_next(const struct config_schema *schema, struct config_cursor *cursor)
{
    while (cursor->part < schema->part_count) {
        const struct config_part *part = &schema->parts[cursor->part];
        if (cursor->row < part->options->count) {
            cursor->key = (struct config_key){.option = &part->options->rows[cursor->row++],
                                              .part = part->offset,
                                              .row = cursor->next++};
            return true;
        }
        cursor->part++;
        cursor->row = 0;
    }
    return false;
}

size_t config_schema_count(const struct config_schema *schema)
{
    size_t count = 0;
    for (size_t i = 0; i < schema->part_count; i++)
        count += schema->parts[i].options->count;
    return count;
}

bool config_schema_find(const struct config_schema *schema, const char *name,
                        struct config_key *found)
{
    struct config_cursor cursor = {0};
    while (config_schema_next(schema, &cursor))
        if (strcmp(cursor.key.option->key, name) == 0) {
            *found = cursor.key;
            return true;
        }
    return false;
}

const struct option *config_table_find(const struct option_table *table, const char *name)
{
    for (size_t i = 0; i < table->count; i++)
        if (strcmp(table->rows[i].key, name) == 0)
            return &table->rows[i];
    return NULL;
}

const struct option *config_schema_find_any(const struct config_schema *schema, const char *name)
{
    struct config_cursor cursor = {0};
    const struct option *found = NULL;
    struct config_key key;
    if (config_schema_find(schema, name, &key))
        return key.option;
    while (!found && config_schema_next(schema, &cursor))
        if (cursor.key.option->kind == OPTION_ENTRIES)
            found = config_table_find(&cursor.key.option->entry->options, name);
    return found;
}

enum { KEY_MAX = 32 }; /* a longer text is no slip of any key */

/* Levenshtein's distance of two texts of at most KEY_MAX bytes: the least number of bytes to
 * insert, remove or replace. */
static size_t edit_distance(const char *a, const char *b)
{
    size_t row[KEY_MAX + 1];
    size_t b_len = strlen(b);
    for (size_t j = 0; j <= b_len; j++)
        row[j] = j;
    for (size_t i = 0; a[i]; i++) {
        size_t diagonal = row[0];
        row[0] = i + 1;
        for (size_t j = 0; j < b_len; j++) {
            size_t best = diagonal + (a[i] != b[j]);
            diagonal = row[j + 1];
            if (row[j] + 1 < best)
                best = row[j] + 1;
            if (diagonal + 1 < best)
                best = diagonal + 1;
            row[j + 1] = best;
        }
    }
    return row[b_len];
}

/* The only key with the beginning `name-`: timeout-ms for timeout. NULL if there is none or more
 * than one. */
static const char *completed(const struct config_schema *schema, const char *name, size_t len)
{
    struct config_cursor cursor = {0};
    const char *found = NULL;
    while (config_schema_next(schema, &cursor)) {
        const char *key = cursor.key.option->key;
        if (strncmp(key, name, len) != 0 || key[len] != '-')
            continue;
        if (found)
            return NULL;
        found = key;
    }
    return found;
}

const char *config_schema_nearest(const struct config_schema *schema, const char *name)
{
    struct config_cursor cursor = {0};
    const char *nearest = NULL;
    size_t len = strnlen(name, KEY_MAX + 1);
    if (len > KEY_MAX)
        return NULL;
    size_t best = len / 3 + 1; /* with a third of it wrong, another text was meant */
    while (config_schema_next(schema, &cursor)) {
        size_t distance = edit_distance(name, cursor.key.option->key);
        if (distance < best) {
            best = distance;
            nearest = cursor.key.option->key;
        }
    }
    if (nearest)
        return nearest;
    return len ? completed(schema, name, len) : NULL;
}
