/* top_layout: see top_layout.h. */
#include "top_layout.h"

#include <stdio.h>
#include <string.h>

enum { TEXT_MAX = 40, TEXT_LEAST = 16, RANKS = 10 };

/* Texts take the width of the longest one, numbers always the same: columns do not jump about. */
static int wanted_width(const struct top_column *column, const json_t *rows, int cols)
{
    char cell[TOP_CELL_MAX];
    int width = column->width, most = cols / 4 < TEXT_LEAST ? TEXT_LEAST : cols / 4;
    json_t *row;
    size_t i;
    if (column->unit != TOP_TEXT)
        return width;
    json_array_foreach ((json_t *)rows, i, row) {
        int len = (int)strlen(top_cell(cell, column, row));
        if (len > width)
            width = len;
    }
    most = most < TEXT_MAX ? most : TEXT_MAX;
    return width < most ? width : most;
}

/* For "MODULE 11-20/50", or "JOB 11-20/500+". */
static int title_width(const struct top_table *table, const json_t *rows)
{
    char text[64];
    size_t count = json_array_size(rows);
    return snprintf(text, sizeof text, "%s %zu-%zu/%zu%s", table->name, count, count, count,
                    table == &top_tables[TOP_JOBS] ? "+" : "");
}

/* A text without a word in any row comes last. */
static int rank_of(const struct top_column *column, const json_t *rows)
{
    char cell[TOP_CELL_MAX];
    json_t *row;
    size_t i;
    if (column->unit != TOP_TEXT)
        return column->rank;
    json_array_foreach ((json_t *)rows, i, row) {
        if (strcmp(top_cell(cell, column, row), "-") != 0)
            return column->rank;
    }
    return RANKS - 1;
}

struct top_layout top_layout_columns(enum top_section section, const json_t *rows, int cols)
{
    const struct top_table *table = &top_tables[section];
    struct top_layout layout = {.width = {0}};
    int used = wanted_width(&table->columns[0], rows, cols);
    int least = title_width(table, rows);
    used = used < least ? least : used;
    layout.width[0] = used < cols ? used : cols;
    for (int rank = 0; rank < RANKS; rank++) {
        for (size_t i = 1; i < table->count; i++) {
            int width = wanted_width(&table->columns[i], rows, cols) + TOP_GAP;
            if (rank_of(&table->columns[i], rows) != rank || used + width > cols)
                continue;
            layout.width[i] = width - TOP_GAP;
            used += width;
        }
    }
    return layout;
}

/* Gives one row to each section that wants more. Returns the number of rows left. */
static size_t give_round(const size_t wanted[TOP_SECTIONS], enum top_section focus, size_t room,
                         size_t rows[TOP_SECTIONS])
{
    for (int turn = 0; turn <= TOP_SECTIONS && room > 0; turn++) {
        int section = turn == 0 ? (int)focus : turn - 1;
        if (rows[section] < wanted[section]) {
            rows[section]++;
            room--;
        }
    }
    return room;
}

void top_layout_rows(const size_t wanted[TOP_SECTIONS], enum top_section focus, size_t room,
                     size_t rows[TOP_SECTIONS])
{
    size_t before = room + 1;
    memset(rows, 0, TOP_SECTIONS * sizeof *rows);
    while (room > 0 && room < before) {
        before = room;
        room = give_round(wanted, focus, room, rows);
    }
}
