/*
 * top_screen: model and view of `top` as lines of a screen. Above top_view and top_layout.
 *
 * A line has printable ASCII alone, and never more than the screen's columns. A look belongs to a
 * whole line.
 */
#ifndef TASKMASTER_CLIENT_CLI_TOP_SCREEN_H
#define TASKMASTER_CLIENT_CLI_TOP_SCREEN_H

#include "top_view.h"

enum { TOP_WIDTH_MAX = 500, TOP_HEIGHT_MAX = 1000 };

enum top_look { TOP_PLAIN, TOP_HEAD, TOP_TITLE, TOP_FOCUS, TOP_CURSOR, TOP_ALARM, TOP_DIM };

struct top_line {
    enum top_look look;
    int mark, mark_end; /* columns of the title by which the section is sorted; equal: none */
    char text[TOP_WIDTH_MAX + 1];
};

struct top_screen {
    int rows, cols;
    int used;                  /* lines */
    size_t page[TOP_SECTIONS]; /* rows of each section on the screen */
    struct top_line *lines;    /* owned */
};

void top_screen_init(struct top_screen *screen);
void top_screen_free(struct top_screen *screen);

/* Other sizes are cut to the largest, and to one row and ten columns at least. */
void top_screen_resize(struct top_screen *screen, int rows, int cols);

/* Draws everything. `server`: its address. */
void top_screen_draw(struct top_screen *screen, const struct top_model *model,
                     struct top_view *view, const char *server);

/* Draws the tables with all rows, for a file: without keys and cursor, as many lines as needed. */
void top_screen_draw_all(struct top_screen *screen, const struct top_model *model,
                         struct top_view *view, const char *server);

#endif
