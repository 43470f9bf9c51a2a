/*
 * redis_contents: counts and pauses of all nodes, as the last tick told them.
 *
 * Counts come as a list of names and numbers. A name has the letter of a state before the module's:
 * "wresize" are the waiting jobs of module resize.
 */
#include "queue/redis/redis_engine_internal.h"

#include "common/xmalloc.h"

#include <stdlib.h>
#include <string.h>

/* --- pauses --- */

static void free_paused(struct store_contents *contents)
{
    for (size_t i = 0; i < contents->paused_count; i++)
        free((char *)contents->paused[i]);
    free(contents->paused);
    contents->paused = NULL;
    contents->paused_count = 0;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static const char **sorted(const struct redis_reply *names)
{
    size_t len;
    const char **all = xcalloc(names->count + 1, sizeof *all);
    for (size_t i = 0; i < names->count; i++)
        all[i] = xstrdup(redis_reply_text_at(names, i, &len));
    qsort(all, names->count, sizeof *all, by_text);
    return all;
}

static bool is_same(const struct store_contents *contents, const char *const *paused, size_t count)
{
    bool same = contents->paused_count == count;
    for (size_t i = 0; same && i < count; i++)
        same = strcmp(contents->paused[i], paused[i]) == 0;
    return same;
}

bool redis_contents_set_paused(struct store_contents *contents, const struct redis_reply *names)
{
    struct store_contents news = {.paused = sorted(names), .paused_count = names->count};
    if (is_same(contents, news.paused, news.paused_count)) {
        free_paused(&news);
        return false;
    }
    free_paused(contents);
    contents->paused = news.paused;
    contents->paused_count = news.paused_count;
    return true;
}

/* --- counts --- */

static void free_counts(struct store_count *counts, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free((char *)counts[i].name);
    free(counts);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct store_count *)a)->name, ((const struct store_count *)b)->name);
}

static void add_to(struct store_count *count, char state, uint64_t jobs)
{
    if (state == 'w')
        count->waiting += jobs;
    else if (state == 'd')
        count->delayed += jobs;
    else if (state == 'h')
        count->handed += jobs;
    else if (state == 'e')
        count->ended += jobs;
}

static void merge(struct store_count *into, struct store_count *from)
{
    into->waiting += from->waiting;
    into->delayed += from->delayed;
    into->handed += from->handed;
    into->ended += from->ended;
    free((char *)from->name);
}

/* One of each name, in the order of names. */
static size_t merge_all(struct store_count *counts, size_t count)
{
    size_t kept = 0;
    qsort(counts, count, sizeof *counts, by_name);
    for (size_t i = 0; i < count; i++)
        if (kept && strcmp(counts[kept - 1].name, counts[i].name) == 0)
            merge(&counts[kept - 1], &counts[i]);
        else
            counts[kept++] = counts[i];
    return kept;
}

void redis_contents_set_modules(struct store_contents *contents, const struct redis_reply *counts)
{
    size_t count = counts->count / 2, len;
    struct store_count *all = xcalloc(count + 1, sizeof *all);
    for (size_t i = 0; i < count; i++) {
        const char *name = redis_reply_text_at(counts, 2 * i, &len);
        all[i].name = xstrdup(len ? name + 1 : "");
        add_to(&all[i], *name, redis_reply_number_at(counts, 2 * i + 1));
    }
    free_counts(contents->modules, contents->module_count);
    contents->modules = all;
    contents->module_count = merge_all(all, count);
}

void redis_contents_set_all(struct store_contents *contents, const struct redis_reply *numbers)
{
    contents->all = (struct store_count){.waiting = redis_reply_number_at(numbers, 0),
                                         .delayed = redis_reply_number_at(numbers, 1),
                                         .handed = redis_reply_number_at(numbers, 2),
                                         .ended = redis_reply_number_at(numbers, 3)};
}

/* Redis counts an owner's unfinished jobs as one. */
void redis_contents_set_owners(struct store_contents *contents, const struct redis_reply *owners)
{
    size_t count = owners->count / 2, len;
    struct store_count *all = xcalloc(count + 1, sizeof *all);
    for (size_t i = 0; i < count; i++) {
        all[i].name = xstrdup(redis_reply_text_at(owners, 2 * i, &len));
        all[i].waiting = redis_reply_number_at(owners, 2 * i + 1);
    }
    free_counts(contents->owners, contents->owner_count);
    contents->owners = all;
    contents->owner_count = count;
}

void redis_contents_free(struct store_contents *contents)
{
    free_paused(contents);
    free_counts(contents->modules, contents->module_count);
    free_counts(contents->owners, contents->owner_count);
    *contents = (struct store_contents){0};
}
