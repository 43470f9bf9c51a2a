/* top_view: see top_view.h. */
#include "top_view.h"

#include <stdio.h>
#include <string.h>

void top_view_init(struct top_view *view)
{
    *view = (struct top_view){.focus = TOP_JOBS};
    for (int section = 0; section < TOP_SECTIONS; section++) {
        view->places[section].sort = top_tables[section].sort;
        view->places[section].list = json_array();
    }
}

void top_view_free(struct top_view *view)
{
    for (int section = 0; section < TOP_SECTIONS; section++)
        json_decref(view->places[section].list);
}

/* ---- the cursor ---- */

static void key_of(enum top_section section, const json_t *row, char key[TOP_CELL_MAX])
{
    const json_t *value = json_object_get(row, top_tables[section].key);
    if (json_is_string(value))
        snprintf(key, TOP_CELL_MAX, "%s", json_string_value(value));
    else
        snprintf(key, TOP_CELL_MAX, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
}

static void put_cursor(struct top_view *view, enum top_section section, size_t row)
{
    struct top_place *place = &view->places[section];
    size_t count = json_array_size(place->list);
    place->key[0] = '\0';
    place->cursor = count == 0 ? 0 : row < count ? row : count - 1;
    if (count > 0)
        key_of(section, json_array_get(place->list, place->cursor), place->key);
}

/* An untouched cursor stays at the top: the first row is the one to see. */
static void follow_row(struct top_view *view, enum top_section section)
{
    struct top_place *place = &view->places[section];
    char key[TOP_CELL_MAX];
    json_t *row;
    size_t i;
    if (place->cursor == 0) {
        put_cursor(view, section, 0);
        return;
    }
    json_array_foreach (place->list, i, row) {
        key_of(section, row, key);
        if (strcmp(key, place->key) == 0) {
            place->cursor = i;
            return;
        }
    }
    put_cursor(view, section, place->cursor);
}

void top_view_update(struct top_view *view, const struct top_model *model)
{
    for (int i = 0; i < TOP_SECTIONS; i++) {
        enum top_section section = (enum top_section)i;
        struct top_place *place = &view->places[section];
        json_decref(place->list);
        place->list = top_model_select(model, section, view->filter, place->sort, place->reverse);
        place->more = section == TOP_JOBS && model->more_jobs;
        follow_row(view, section);
    }
}

static void move(struct top_view *view, size_t rows, bool down)
{
    size_t at = view->places[view->focus].cursor;
    put_cursor(view, view->focus, down ? at + rows : at > rows ? at - rows : 0);
}

/* ---- jobs ---- */

/* Of the row in a section of jobs or workers. NULL: there is none. */
static const char *job_at_cursor(const struct top_view *view)
{
    const struct top_place *place = &view->places[view->focus];
    if (view->focus != TOP_JOBS && view->focus != TOP_WORKERS)
        return NULL;
    return json_string_value(json_object_get(json_array_get(place->list, place->cursor), "job"));
}

static void ask(struct top_view *view, bool kill)
{
    const char *job = job_at_cursor(view);
    if (!job) {
        snprintf(view->notice, sizeof view->notice, "%s",
                 "no job is selected: go to JOB or WORKER with tab, to a job with the arrows");
        return;
    }
    snprintf(view->job, sizeof view->job, "%s", job);
    view->kill = kill;
    view->mode = TOP_ASKING;
}

static enum top_wish answer(struct top_view *view, enum top_key key)
{
    view->mode = TOP_TABLES;
    if (key == (enum top_key)'y' || key == (enum top_key)'Y')
        return view->kill ? TOP_KILL_JOB : TOP_CANCEL_JOB;
    snprintf(view->notice, sizeof view->notice, "nothing was done");
    return TOP_NOTHING;
}

/* ---- keys ---- */

static void type_filter(struct top_view *view, enum top_key key)
{
    size_t len = strlen(view->filter);
    if (key == TOP_KEY_ESCAPE)
        view->filter[0] = '\0';
    if (key == TOP_KEY_ESCAPE || key == TOP_KEY_ENTER)
        view->mode = TOP_TABLES;
    else if (key == TOP_KEY_BACKSPACE && len > 0)
        view->filter[len - 1] = '\0';
    else if (key >= (enum top_key)' ' && key < TOP_KEY_BACKSPACE && len < TOP_FILTER_MAX)
        snprintf(view->filter + len, 2, "%c", (char)key);
}

static void sort_next(struct top_view *view, bool back)
{
    struct top_place *place = &view->places[view->focus];
    size_t count = top_tables[view->focus].count;
    place->sort = (place->sort + (back ? count - 1 : 1)) % count;
    place->reverse = false;
}

static void focus_next(struct top_view *view, bool back)
{
    unsigned next = (unsigned)view->focus + (back ? TOP_SECTIONS - 1 : 1);
    view->focus = (enum top_section)(next % TOP_SECTIONS);
}

static bool move_key(struct top_view *view, enum top_key key, size_t page)
{
    switch (key) {
    case TOP_KEY_UP:
    case TOP_KEY_DOWN:
        move(view, 1, key == TOP_KEY_DOWN);
        return true;
    case TOP_KEY_PAGE_UP:
    case TOP_KEY_PAGE_DOWN:
        move(view, page > 1 ? page : 1, key == TOP_KEY_PAGE_DOWN);
        return true;
    case TOP_KEY_HOME:
    case TOP_KEY_END:
        move(view, json_array_size(view->places[view->focus].list), key == TOP_KEY_END);
        return true;
    case TOP_KEY_TAB:
    case TOP_KEY_RIGHT:
    case TOP_KEY_LEFT:
    case TOP_KEY_BACK_TAB:
        focus_next(view, key == TOP_KEY_LEFT || key == TOP_KEY_BACK_TAB);
        return true;
    default:
        return false;
    }
}

static enum top_wish table_key(struct top_view *view, int key)
{
    if (key >= '1' && key < '1' + TOP_SECTIONS)
        view->focus = (enum top_section)(key - '1');
    else if (key == 's' || key == 'S')
        sort_next(view, key == 'S');
    else if (key == 'r')
        view->places[view->focus].reverse ^= true;
    else if (key == '/')
        view->mode = TOP_FILTERING;
    else if (key == TOP_KEY_ESCAPE)
        view->filter[0] = '\0';
    else if (key == 'c' || key == 'k')
        ask(view, key == 'k');
    else if (key == ' ')
        view->frozen ^= true;
    else if (key == 'h' || key == '?')
        view->mode = TOP_HELP;
    return key == 'q' ? TOP_QUIT : key == TOP_KEY_REDRAW ? TOP_REPAINT : TOP_NOTHING;
}

static enum top_wish key_in_mode(struct top_view *view, enum top_key key, size_t page)
{
    enum top_mode mode = view->mode;
    view->notice[0] = '\0';
    if (mode == TOP_ASKING)
        return answer(view, key);
    if (mode == TOP_FILTERING)
        type_filter(view, key);
    else if (mode == TOP_HELP)
        view->mode = TOP_TABLES;
    else if (!move_key(view, key, page))
        return table_key(view, (int)key);
    return TOP_NOTHING;
}

enum top_wish top_view_key(struct top_view *view, const struct top_model *model, enum top_key key,
                           size_t page)
{
    if (key == TOP_KEY_QUIT)
        return TOP_QUIT;
    enum top_wish wish = key_in_mode(view, key, page);
    top_view_update(view, model);
    return wish;
}
