/* shown: see shown.h. */
#include "shown.h"

#include "units.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { NAME_MAX_SHOWN = 128 };

/* Members counting bytes. */
static const char *const sizes[] = {"size", "bytes", "output", "rss", "worker_rss"};

static bool ends_with(const char *text, const char *end)
{
    size_t len = strlen(text), end_len = strlen(end);
    return len > end_len && strcmp(text + len - end_len, end) == 0;
}

static bool is_size(const char *member)
{
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        if (strcmp(member, sizes[i]) == 0)
            return true;
    return false;
}

static json_t *show_ms(uint64_t ms)
{
    char text[UNITS_MAX];
    if (ms == 0)
        return json_string("0ms");
    return json_string(units_time(text, ms > UINT64_MAX / 1000 ? UINT64_MAX : ms * 1000));
}

static json_t *show_fraction(double fraction)
{
    return json_sprintf("%d%%", (int)(fraction * 100));
}

json_t *shown_value(const char *member, const json_t *value)
{
    char text[UNITS_MAX];
    uint64_t number = (uint64_t)json_integer_value(value);
    if (json_is_number(value) && strcmp(member, "fraction") == 0)
        return show_fraction(json_number_value(value));
    if (!json_is_integer(value) || json_integer_value(value) < 0)
        return json_incref((json_t *)value);
    if (ends_with(member, "_us"))
        return json_string(units_time(text, number));
    if (ends_with(member, "_ms"))
        return show_ms(number);
    if (is_size(member))
        return json_string(units_size(text, number));
    return json_incref((json_t *)value);
}

int shown_name_len(const char *member)
{
    bool has_unit = ends_with(member, "_us") || ends_with(member, "_ms");
    return (int)(strlen(member) - (has_unit ? 3 : 0));
}

json_t *shown_object(const json_t *object)
{
    char name[NAME_MAX_SHOWN];
    json_t *shown = json_object(), *value;
    const char *key;
    json_object_foreach ((json_t *)object, key, value) {
        snprintf(name, sizeof name, "%.*s", shown_name_len(key), key);
        json_object_set_new(shown, name,
                            json_is_object(value) ? shown_object(value) : shown_value(key, value));
    }
    return shown;
}

json_t *shown_member(const json_t *object, const struct shown *column)
{
    const json_t *part = column->part ? json_object_get(object, column->part) : object;
    return json_object_get(part, column->member);
}

/* NULL: not told, or null. */
static const json_t *value_of(const json_t *object, const struct shown *column)
{
    const json_t *value = shown_member(object, column);
    return json_is_null(value) ? NULL : value;
}

static bool has_value(const json_t *list, const struct shown *column)
{
    size_t i;
    json_t *object;
    json_array_foreach ((json_t *)list, i, object)
        if (value_of(object, column))
            return true;
    return false;
}

static void add_column(json_t *rows, const json_t *list, const struct shown *column)
{
    size_t i;
    json_t *row;
    json_array_foreach (rows, i, row) {
        const json_t *value = value_of(json_array_get(list, i), column);
        json_object_set_new(row, column->column,
                            value ? shown_value(column->member, value) : json_null());
    }
}

/* Each row has all columns: a table has them in the order of the first row. */
json_t *shown_rows(const json_t *list, const struct shown *columns)
{
    json_t *rows = json_array();
    for (size_t i = 0; i < json_array_size(list); i++)
        json_array_append_new(rows, json_object());
    for (; columns->member; columns++)
        if (has_value(list, columns))
            add_column(rows, list, columns);
    return rows;
}
