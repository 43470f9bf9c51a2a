/* table: see table.h. */
#include "table.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum {
    COLUMN_MAX = 32,
    ROW_MAX =
        20000, /* over twice the largest pool; without a limit, padding could fill terabytes */
    CELL_MAX = 256,
    LABEL_WIDTH = 14,
};

/* Copies the text, in printable ASCII: a byte is a column wide. */
static const char *clean_text(const char *text, char *cell)
{
    snprintf(cell, CELL_MAX, "%s", *text ? text : "-");
    for (char *c = cell; *c; c++)
        if ((unsigned char)*c < 0x20 || (unsigned char)*c >= 0x7f)
            *c = '?';
    return cell;
}

/* Copies the value as text, likewise. */
static const char *cell_text(const json_t *value, char *cell)
{
    char *other = NULL;
    const char *text = "-";
    if (json_is_string(value)) {
        text = json_string_value(value);
    } else if (value && !json_is_null(value)) {
        other = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY | JSON_ENSURE_ASCII);
        text = other ? other : "?";
    }
    clean_text(text, cell);
    free(other);
    return cell;
}

struct column {
    const char *key; /* borrowed */
    int width;
    bool right; /* numbers are aligned at their last digit */
};

static size_t find_column(struct column *columns, size_t count, const char *key)
{
    size_t i = 0;
    while (i < count && strcmp(columns[i].key, key) != 0)
        i++;
    return i;
}

/* Fills in the columns of the rows. Returns their number. */
static size_t measure(const json_t *rows, struct column *columns)
{
    char cell[CELL_MAX];
    size_t count = 0, i;
    json_t *row, *value;
    const char *key;
    json_array_foreach ((json_t *)rows, i, row) {
        json_object_foreach (row, key, value) {
            size_t c = find_column(columns, count, key);
            if (c == COLUMN_MAX)
                continue;
            if (c == count)
                columns[count++] =
                    (struct column){.key = key, .width = (int)strlen(clean_text(key, cell))};
            int width = (int)strlen(cell_text(value, cell));
            if (width > columns[c].width)
                columns[c].width = width;
            columns[c].right |= json_is_number(value);
        }
    }
    return count;
}

static void print_cell(FILE *out, const struct column *column, const char *text, bool last)
{
    if (column->right)
        fprintf(out, "%*s", column->width, text);
    else
        fprintf(out, "%-*s", last ? 0 : column->width, text);
    fputs(last ? "\n" : "  ", out);
}

void table_print_rows(FILE *out, const json_t *rows)
{
    struct column columns[COLUMN_MAX];
    char cell[CELL_MAX];
    size_t count = measure(rows, columns), i;
    json_t *row;
    for (size_t c = 0; c < count; c++)
        print_cell(out, &columns[c], clean_text(columns[c].key, cell), c + 1 == count);
    json_array_foreach ((json_t *)rows, i, row) {
        if (i == ROW_MAX) {
            fprintf(out, "and %zu more\n", json_array_size(rows) - i);
            break;
        }
        for (size_t c = 0; c < count; c++)
            print_cell(out, &columns[c], cell_text(json_object_get(row, columns[c].key), cell),
                       c + 1 == count);
    }
}

static bool is_table(const json_t *value)
{
    const char *key;
    json_t *member;
    if (!json_is_object(value) || json_object_size(value) == 0)
        return false;
    json_object_foreach ((json_t *)value, key, member)
        if (!json_is_object(member))
            return false;
    return true;
}

/* Adds the plain members, and those of the objects among them: {"pool":{"max":4}} as "pool_max".
 * Deeper ones are left out: a row would be too wide. */
static void add_members(json_t *row, const json_t *object)
{
    char name[CELL_MAX];
    const char *key, *inner_key;
    json_t *member, *inner;
    json_object_foreach ((json_t *)object, key, member) {
        if (!json_is_object(member))
            json_object_set(row, key, member);
        json_object_foreach (member, inner_key, inner) {
            snprintf(name, sizeof name, "%.100s_%.100s", key, inner_key);
            if (!json_is_object(inner))
                json_object_set(row, name, inner);
        }
    }
}

/* Prints {"fib":{"done":1}} as rows: {"modules":"fib","done":1}. */
void table_print_named_rows(FILE *out, const char *name, const json_t *value)
{
    json_t *rows = json_array(), *member;
    const char *key;
    json_object_foreach ((json_t *)value, key, member) {
        json_t *row = json_object();
        json_object_set_new(row, name, json_string(key));
        add_members(row, member);
        json_array_append_new(rows, row);
    }
    table_print_rows(out, rows);
    json_decref(rows);
}

static void print_figure(FILE *out, const char *label, const json_t *value);

/* Prints the plain members in one line, then a line for each object among them. */
static void print_members(FILE *out, const char *label, const json_t *object)
{
    char cell[CELL_MAX], nested[CELL_MAX];
    const char *key;
    json_t *member;
    fprintf(out, "%-*s", LABEL_WIDTH, clean_text(label, cell));
    if (json_object_size(object) == 0)
        fputs("  -", out);
    json_object_foreach ((json_t *)object, key, member)
        if (!json_is_object(member))
            fprintf(out, "  %s %s", clean_text(key, nested), cell_text(member, cell));
    fputc('\n', out);
    json_object_foreach ((json_t *)object, key, member) {
        snprintf(nested, sizeof nested, "%.100s %.100s", label, key);
        if (json_is_object(member))
            print_figure(out, nested, member);
    }
}

static void print_figure(FILE *out, const char *label, const json_t *value)
{
    char name[CELL_MAX], cell[CELL_MAX];
    if (json_is_object(value))
        print_members(out, label, value);
    else
        fprintf(out, "%-*s  %s\n", LABEL_WIDTH, clean_text(label, name), cell_text(value, cell));
}

void table_print_figures(FILE *out, const json_t *figures)
{
    const char *key;
    json_t *value;
    json_object_foreach ((json_t *)figures, key, value)
        if (!is_table(value))
            print_figure(out, key, value);
    json_object_foreach ((json_t *)figures, key, value)
        if (is_table(value)) {
            fputc('\n', out);
            table_print_named_rows(out, key, value);
        }
}
