/*
 * kept_window: the next jobs of a module in memory, in their order: higher priorities first, first
 * in first out among equals.
 *
 * A window has all waiting jobs up to its `reach`, and only these may be handed on: none behind may
 * overtake one that is in the store alone. It may have jobs behind its reach as well. A waiting job
 * without a place in memory is left to the store, where it is found by the next TAKE. While a TAKE
 * is in progress, it may have looked already: so the first job left to the store meanwhile is
 * noted, and the reach ends before it.
 */
#include "queue/kept/kept_internal.h"

enum {
    WINDOW_BYTES = 1024 * 1024, /* of inputs in one window, but for its last job */
    WINDOWS_JOBS = 16 * 1024,   /* in all windows; with more, each gets little more */
    WINDOWS_BYTES = 16 * 1024 * 1024,
    SHORT_JOBS = 8,
    SHORT_BYTES = 64 * 1024,
};

static bool is_before(struct kept_spot a, struct kept_spot b)
{
    return a.priority > b.priority || (a.priority == b.priority && a.seq < b.seq);
}

static bool reaches(const struct kept_window *window, struct kept_spot spot)
{
    return window->is_whole || !is_before(window->reach, spot);
}

/* The reach ends before the spot. */
static void lower(struct kept_window *window, struct kept_spot spot)
{
    if (!reaches(window, spot))
        return;
    window->is_whole = false;
    window->reach = (struct kept_spot){spot.priority, spot.seq - 1};
}

void kept_window_miss(struct kept_module *module, struct kept_spot spot)
{
    struct kept_window *window = &module->window;
    lower(window, spot);
    kept_touch_module(module);
    if (!window->is_taking || (window->has_missed && is_before(window->missed, spot)))
        return;
    window->has_missed = true;
    window->missed = spot;
}

void kept_window_raise(struct kept_module *module, const struct kept_spot *reach)
{
    struct kept_window *window = &module->window;
    window->is_whole = !reach;
    if (reach && is_before(window->reach, *reach))
        window->reach = *reach;
    if (window->has_missed)
        lower(window, window->missed);
    window->has_missed = false;
    kept_touch_module(module);
}

/* New jobs come last, and returned ones first. */
static void insert(struct kept_list *line, struct kept *job)
{
    struct kept *last = TAILQ_LAST(line, kept_list), *next;
    if (!last || last->stored->seq < job->stored->seq) {
        TAILQ_INSERT_TAIL(line, job, of_place);
        return;
    }
    next = TAILQ_FIRST(line);
    while (next->stored->seq < job->stored->seq)
        next = TAILQ_NEXT(next, of_place);
    TAILQ_INSERT_BEFORE(next, job, of_place);
}

void kept_window_remove(struct kept *job)
{
    struct kept_window *window = &job->module->window;
    TAILQ_REMOVE(&window->lines[job->stored->wish.priority], job, of_place);
    window->count--;
    window->bytes -= job->stored->input.size;
    job->keep->windows_count--;
    job->keep->windows_bytes -= job->stored->input.size;
    kept_set_place(job, KEPT_NOWHERE);
    kept_touch(job);
    kept_touch_module(job->module);
}

void kept_window_leave(struct kept *job)
{
    if (job->place == KEPT_IN_WINDOW)
        kept_window_remove(job);
    else if (!job->is_late)
        kept_set_place(job, KEPT_NOWHERE);
}

static struct kept *last_of(const struct kept_window *window)
{
    for (size_t i = 0; i < KEPT_PRIORITIES; i++)
        if (!TAILQ_EMPTY(&window->lines[i]))
            return TAILQ_LAST(&window->lines[i], kept_list);
    return NULL;
}

/* A window that has much without its last job. That one may be large: were it left to the store,
 * the next TAKE would read it again, since it reads one job in any case. */
static bool has_too_much(const struct kept_window *window, const struct kept *last, size_t most)
{
    return window->count > most || window->bytes - last->stored->input.size > WINDOW_BYTES;
}

static void trim(struct kept_module *module)
{
    struct kept_window *window = &module->window;
    size_t most = 16 * (size_t)module->keep->settings.window;
    struct kept *last;
    while ((last = last_of(window)) && has_too_much(window, last, most)) {
        kept_window_remove(last);
        kept_record_drop_input(last);
        kept_window_miss(module, kept_spot_of(last));
    }
}

/* All windows together have much: each takes little more. None is trimmed for that: it would read
 * the same jobs again. */
static bool is_short(const struct keep *keep)
{
    return keep->windows_count >= WINDOWS_JOBS || keep->windows_bytes >= WINDOWS_BYTES;
}

static bool is_full(const struct kept_module *module)
{
    const struct kept_window *window = &module->window;
    return is_short(module->keep) && (window->count >= SHORT_JOBS || window->bytes >= SHORT_BYTES);
}

struct kept_window_room kept_window_wants(const struct kept_module *module)
{
    const struct kept_window *window = &module->window;
    size_t ahead = module->keep->settings.window;
    bool is_short_one = is_short(module->keep);
    bool is_low = !is_short_one && window->count < 2 * ahead && window->bytes < WINDOW_BYTES / 2;
    if (!is_low && kept_window_first(module))
        return (struct kept_window_room){0, 0};
    if (is_short_one)
        return (struct kept_window_room){SHORT_JOBS, SHORT_BYTES};
    return (struct kept_window_room){4 * ahead, WINDOW_BYTES / 2};
}

void kept_window_add(struct kept *job)
{
    struct kept_window *window = &job->module->window;
    bug_on(job->state != KEPT_WAITING);
    insert(&window->lines[job->stored->wish.priority], job);
    window->count++;
    window->bytes += job->stored->input.size;
    job->keep->windows_count++;
    job->keep->windows_bytes += job->stored->input.size;
    kept_set_place(job, KEPT_IN_WINDOW);
    kept_touch_module(job->module);
    trim(job->module);
}

void kept_window_put(struct kept *job)
{
    bool has_input = job->input || !job->stored->input.size;
    bool may_stay = has_input && !kept_is_shared(job->keep);
    if (may_stay && reaches(&job->module->window, kept_spot_of(job)) && !is_full(job->module))
        kept_window_add(job);
    else
        kept_window_miss(job->module, kept_spot_of(job));
}

struct kept *kept_window_first(const struct kept_module *module)
{
    const struct kept_window *window = &module->window;
    for (size_t i = KEPT_PRIORITIES; i-- > 0;) {
        struct kept *first = TAILQ_FIRST(&window->lines[i]);
        if (first)
            return reaches(window, kept_spot_of(first)) ? first : NULL;
    }
    return NULL;
}
