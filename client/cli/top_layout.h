/* top_layout: which columns and rows of `top` find room on a screen. Above top_columns. */
#ifndef TASKMASTER_CLIENT_CLI_TOP_LAYOUT_H
#define TASKMASTER_CLIENT_CLI_TOP_LAYOUT_H

#include "top_columns.h"

enum { TOP_COLUMNS_MAX = 20, TOP_GAP = 2 };

/* The columns of one section, from left to right. */
struct top_layout {
    int width[TOP_COLUMNS_MAX]; /* 0: left out */
};

/* Chooses columns by their rank, as many as fit into `cols`. The first one is always there. */
struct top_layout top_layout_columns(enum top_section section, const json_t *rows, int cols);

/* Shares `room` rows out: no section gets more than it wants, and the one in focus gets twice as
 * much as another. */
void top_layout_rows(const size_t wanted[TOP_SECTIONS], enum top_section focus, size_t room,
                     size_t rows[TOP_SECTIONS]);

#endif
