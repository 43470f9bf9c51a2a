/* schema: see schema.h. */
#include "config/schema.h"

#include "config/nearest.h"

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

const char *config_schema_nearest(const struct config_schema *schema, const char *name)
{
    struct config_cursor cursor = {0};
    struct nearest nearest;
    config_nearest_begin(&nearest, name);
    while (config_schema_next(schema, &cursor))
        config_nearest_offer(&nearest, cursor.key.option->key);
    return config_nearest_key(&nearest);
}

const char *config_table_nearest(const struct option_table *table, const char *name)
{
    struct nearest nearest;
    config_nearest_begin(&nearest, name);
    for (size_t i = 0; i < table->count; i++)
        config_nearest_offer(&nearest, table->rows[i].key);
    return config_nearest_key(&nearest);
}
