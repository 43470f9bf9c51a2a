/*
 * top_view: what the user of `top` looks at: section, row, sorting, filter, and the question asked.
 * Keys change it. Above top_model and top_keys.
 */
#ifndef TASKMASTER_CLIENT_CLI_TOP_VIEW_H
#define TASKMASTER_CLIENT_CLI_TOP_VIEW_H

#include "top_keys.h"
#include "top_model.h"

enum { TOP_FILTER_MAX = 40, TOP_NOTICE_MAX = 256 };

enum top_mode {
    TOP_TABLES,
    TOP_FILTERING, /* the words are being typed */
    TOP_ASKING,    /* is the job to be cancelled or killed? */
    TOP_HELP,
};

/* What a key asks of the program. */
enum top_wish { TOP_NOTHING, TOP_CANCEL_JOB, TOP_KILL_JOB, TOP_REPAINT, TOP_QUIT };

struct top_place {
    json_t *list; /* the shown rows; owned */
    bool more;    /* the server has others */
    size_t sort;  /* column */
    bool reverse;
    size_t cursor;          /* row */
    size_t first;           /* row on the screen */
    char key[TOP_CELL_MAX]; /* of the cursor's row: the cursor follows the row; "": none */
};

struct top_view {
    enum top_mode mode;
    enum top_section focus;
    struct top_place places[TOP_SECTIONS];
    char filter[TOP_FILTER_MAX + 1];
    char job[TOP_CELL_MAX];      /* ASKING: the job */
    bool kill;                   /* ASKING: kill, not cancel */
    bool frozen;                 /* new figures are not shown */
    char notice[TOP_NOTICE_MAX]; /* the bottom line; "": the keys */
};

void top_view_init(struct top_view *view);
void top_view_free(struct top_view *view);

/* Selects the rows anew: the model has changed. */
void top_view_update(struct top_view *view, const struct top_model *model);

/* A key was pressed. `page`: rows of the section on the screen. */
enum top_wish top_view_key(struct top_view *view, const struct top_model *model, enum top_key key,
                           size_t page);

#endif
