/* top_screen: see top_screen.h. */
#include "top_screen.h"

#include "allocate.h"
#include "top_layout.h"
#include "top_summary.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    WIDTH_MIN = 10,
    BLANKS_FROM = 40,  /* rows: with a blank line between two sections */
    SUMMARY_FROM = 16, /* rows: with all lines of the summary */
    WORKERS_FROM = 8,  /* rows: with the line of workers */
    ROWS_LEAST = 8,    /* of all sections together; with fewer, only the one in focus is shown */
};

void top_screen_init(struct top_screen *screen)
{
    *screen = (struct top_screen){.lines = NULL};
    top_screen_resize(screen, 24, 80);
}

void top_screen_free(struct top_screen *screen)
{
    free(screen->lines);
}

static int within(int value, int least, int most)
{
    return value < least ? least : value > most ? most : value;
}

void top_screen_resize(struct top_screen *screen, int rows, int cols)
{
    screen->rows = within(rows, 1, TOP_HEIGHT_MAX);
    screen->cols = within(cols, WIDTH_MIN, TOP_WIDTH_MAX);
    screen->lines = allocate(screen->lines, (size_t)screen->rows * sizeof *screen->lines);
}

/* ---- lines ---- */

static struct top_line *new_line(struct top_screen *screen, enum top_look look)
{
    static struct top_line beyond;
    struct top_line *line = screen->used < screen->rows ? &screen->lines[screen->used++] : &beyond;
    *line = (struct top_line){.look = look};
    return line;
}

/* The text is printable ASCII. */
static void add_text(struct top_screen *screen, enum top_look look, const char *text)
{
    snprintf(new_line(screen, look)->text, (size_t)screen->cols + 1, "%s", text);
}

/* ---- tables ---- */

/* Appends a cell of its width; one that is too long ends with '~'. */
static void add_cell(char *text, int cols, const char *cell, int width, bool right)
{
    char cut[TOP_CELL_MAX];
    size_t len = strlen(text), room = (size_t)width;
    snprintf(cut, sizeof cut, "%s", cell);
    if (room > 0 && room < sizeof cut && strlen(cut) > room) {
        cut[room] = '\0';
        cut[room - 1] = '~';
    }
    snprintf(text + len, (size_t)cols + 1 - len, right ? "%*s%*s" : "%*s%-*s", len ? TOP_GAP : 0,
             "", width, cut);
}

static bool is_right(const struct top_column *column)
{
    return column->unit != TOP_TEXT;
}

/* "MODULE 50", or "MODULE 11-20/50"; "JOB 500+", if these are not all. */
static void name_title(char title[TOP_CELL_MAX], enum top_section section,
                       const struct top_place *place, size_t page)
{
    size_t count = json_array_size(place->list);
    const char *more = place->more ? "+" : "";
    if (page >= count || page == 0)
        snprintf(title, TOP_CELL_MAX, "%s %zu%s", top_tables[section].name, count, more);
    else
        snprintf(title, TOP_CELL_MAX, "%s %zu-%zu/%zu%s", top_tables[section].name,
                 place->first + 1, place->first + page, count, more);
}

static void draw_title(struct top_screen *screen, enum top_section section,
                       const struct top_view *view, const struct top_layout *layout, size_t page)
{
    const struct top_table *table = &top_tables[section];
    const struct top_place *place = &view->places[section];
    struct top_line *line = new_line(screen, view->focus == section ? TOP_FOCUS : TOP_TITLE);
    char title[TOP_CELL_MAX];
    for (size_t i = 0; i < table->count; i++) {
        if (!layout->width[i])
            continue;
        snprintf(title, sizeof title, "%s", table->columns[i].title);
        if (i == 0)
            name_title(title, section, place, page);
        add_cell(line->text, screen->cols, title, layout->width[i],
                 i > 0 && is_right(&table->columns[i]));
        if (i != place->sort)
            continue;
        line->mark_end = (int)strlen(line->text);
        line->mark = line->mark_end - layout->width[i];
    }
    add_cell(line->text, screen->cols, "", screen->cols, false); /* the bar goes on to the edge */
}

static void draw_row(struct top_screen *screen, enum top_section section, const json_t *row,
                     const struct top_layout *layout, bool cursor)
{
    const struct top_table *table = &top_tables[section];
    struct top_line *line = new_line(screen, cursor                       ? TOP_CURSOR
                                             : top_is_alarm(section, row) ? TOP_ALARM
                                                                          : TOP_PLAIN);
    char cell[TOP_CELL_MAX];
    for (size_t i = 0; i < table->count; i++)
        if (layout->width[i])
            add_cell(line->text, screen->cols, top_cell(cell, &table->columns[i], row),
                     layout->width[i], i > 0 && is_right(&table->columns[i]));
    if (cursor)
        add_cell(line->text, screen->cols, "", screen->cols, false);
}

/* The cursor is on the screen, and no row below is empty while others are above. */
static void scroll(struct top_place *place, size_t page)
{
    size_t count = json_array_size(place->list);
    if (page == 0)
        return;
    if (place->cursor < place->first)
        place->first = place->cursor;
    if (place->cursor >= place->first + page)
        place->first = place->cursor + 1 - page;
    if (place->first + page > count)
        place->first = count > page ? count - page : 0;
}

static void draw_section(struct top_screen *screen, enum top_section section, struct top_view *view,
                         size_t page, bool cursor)
{
    struct top_place *place = &view->places[section];
    struct top_layout layout = top_layout_columns(section, place->list, screen->cols);
    scroll(place, page);
    draw_title(screen, section, view, &layout, page);
    for (size_t i = place->first; i < place->first + page && i < json_array_size(place->list); i++)
        draw_row(screen, section, json_array_get(place->list, i), &layout,
                 cursor && view->focus == section && i == place->cursor);
    screen->page[section] = page;
}

/* On a low screen, the section in focus has all rows. */
static void draw_alone(struct top_screen *screen, struct top_view *view, int bottom)
{
    if (bottom > screen->used)
        draw_section(screen, view->focus, view, (size_t)(bottom - screen->used - 1), true);
}

static void draw_tables(struct top_screen *screen, struct top_view *view, int bottom)
{
    size_t wanted[TOP_SECTIONS], rows[TOP_SECTIONS];
    if (bottom - screen->used < TOP_SECTIONS + ROWS_LEAST) {
        draw_alone(screen, view, bottom);
        return;
    }
    bool blanks = screen->rows >= BLANKS_FROM;
    int room = bottom - screen->used - TOP_SECTIONS - (blanks ? TOP_SECTIONS : 0);
    for (int i = 0; i < TOP_SECTIONS; i++)
        wanted[i] = json_array_size(view->places[i].list);
    top_layout_rows(wanted, view->focus, room > 0 ? (size_t)room : 0, rows);
    for (int i = 0; i < TOP_SECTIONS && screen->used < bottom; i++) {
        if (blanks)
            new_line(screen, TOP_PLAIN);
        draw_section(screen, (enum top_section)i, view, rows[i], true);
    }
}

/* ---- the rest ---- */

static void draw_summary(struct top_screen *screen, const struct top_model *model, bool frozen,
                         const char *server, int rows)
{
    char text[TOP_SUMMARY_MAX];
    top_summary_server(text, screen->cols, model, server, frozen);
    if (rows >= SUMMARY_FROM || frozen || top_summary_is_late(model))
        add_text(screen, TOP_HEAD, text);
    top_summary_jobs(text, screen->cols, model);
    add_text(screen, TOP_PLAIN, text);
    if (rows < WORKERS_FROM)
        return;
    top_summary_workers(text, screen->cols, model);
    add_text(screen, top_model_figure(model, "pool.dead") ? TOP_ALARM : TOP_PLAIN, text);
    if (rows < SUMMARY_FROM)
        return;
    top_summary_process(text, screen->cols, model);
    add_text(screen, TOP_PLAIN, text);
}

static void draw_help(struct top_screen *screen)
{
    static const char *const lines[] = {
        "",
        "  arrows, page up and down, home, end    move the cursor",
        "  tab, 1 2 3 4                           go to POOL, MODULE, JOB, WORKER",
        "  s S                                    sort by the next column, or back",
        "  r                                      sort the other way",
        "  /                                      rows with these words; escape: all",
        "  c                                      cancel the job under the cursor",
        "  k                                      kill it: SIGKILL at once",
        "  space                                  freeze the figures, or go on",
        "  q                                      quit",
        "",
        "  W.P50 W.P99  half and 99 % of the jobs of the last 5 s waited no longer",
        "  R.P50 R.P99  likewise: ran; R.MAX: the longest run since the start",
        "  LONGEST      the job that runs now and began first has run so long",
        "  lag          a request waits so long at most until the server reads it",
        "",
        "  any key      back to the figures",
    };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        add_text(screen, TOP_PLAIN, lines[i]);
}

static void draw_footer(struct top_screen *screen, const struct top_view *view)
{
    static const char keys[] =
        "q quit  h help  tab section  s sort  / filter  c cancel  k kill  space freeze";
    char text[TOP_WIDTH_MAX], clean[TOP_WIDTH_MAX];
    bool important = true;
    if (view->mode == TOP_ASKING)
        snprintf(text, sizeof text, "%s job %s? y: yes, any other key: no",
                 view->kill ? "Kill" : "Cancel", view->job);
    else if (view->mode == TOP_FILTERING)
        snprintf(text, sizeof text, "Rows with: %s_   (enter: keep, escape: all rows)",
                 view->filter);
    else if (view->notice[0])
        snprintf(text, sizeof text, "%s", view->notice);
    else if (view->filter[0])
        snprintf(text, sizeof text, "Only rows with \"%s\"; escape: all rows", view->filter);
    else
        important = snprintf(text, sizeof text, "%s", keys) < 0;
    top_clean(clean, sizeof clean, text);
    add_text(screen, important ? TOP_HEAD : TOP_DIM, clean);
}

void top_screen_draw(struct top_screen *screen, const struct top_model *model,
                     struct top_view *view, const char *server)
{
    int bottom = screen->rows - 1;
    screen->used = 0;
    draw_summary(screen, model, view->frozen, server, screen->rows);
    if (view->mode == TOP_HELP)
        draw_help(screen);
    else
        draw_tables(screen, view, bottom);
    if (screen->used > bottom)
        screen->used = bottom;
    while (screen->used < bottom)
        new_line(screen, TOP_PLAIN);
    draw_footer(screen, view);
}

void top_screen_draw_all(struct top_screen *screen, const struct top_model *model,
                         struct top_view *view, const char *server)
{
    int rows = TOP_SUMMARY_LINES + 2 * TOP_SECTIONS;
    for (int i = 0; i < TOP_SECTIONS; i++)
        rows += (int)json_array_size(view->places[i].list);
    screen->rows = rows;
    screen->lines = allocate(screen->lines, (size_t)rows * sizeof *screen->lines);
    screen->used = 0;
    draw_summary(screen, model, false, server, SUMMARY_FROM);
    for (int i = 0; i < TOP_SECTIONS; i++) {
        new_line(screen, TOP_PLAIN);
        draw_section(screen, (enum top_section)i, view, json_array_size(view->places[i].list),
                     false);
    }
}
