/* worker_preloads: see preloads.h. */
#include "workers/preloads.h"

#include "common/xmalloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void add(struct worker_preloads *preloads, const char *pool, const struct option_list *list)
{
    if (!list->count)
        return;
    struct worker_preload *preload = xcalloc(1, sizeof *preload);
    snprintf(preload->pool, sizeof preload->pool, "%s", pool);
    preload->text = worker_welcome_preload(list);
    SLIST_INSERT_HEAD(preloads, preload, link);
}

static bool is_removed(const struct worker_preload *preload, const struct job_settings *settings,
                       const struct pools *pools)
{
    return !job_settings_pool(settings, preload->pool) && pools_named(pools, preload->pool);
}

/* Moves the entries of removed pools; the others are replaced. */
static void keep_removed(struct worker_preloads *to, struct worker_preloads *from,
                         const struct job_settings *settings, const struct pools *pools)
{
    struct worker_preload *preload, *next;
    struct worker_preloads rest = SLIST_HEAD_INITIALIZER(rest);
    for (preload = SLIST_FIRST(from); preload; preload = next) {
        next = SLIST_NEXT(preload, link);
        struct worker_preloads *list = is_removed(preload, settings, pools) ? to : &rest;
        SLIST_INSERT_HEAD(list, preload, link);
    }
    worker_preloads_free(&rest);
}

void worker_preloads_configure(struct worker_preloads *preloads,
                               const struct job_settings *settings, const struct pools *pools)
{
    const struct pool_settings *named = settings->pools.items;
    struct worker_preloads made = SLIST_HEAD_INITIALIZER(made);
    add(&made, POOL_DEFAULT, &settings->pool.preload);
    for (size_t i = 0; i < settings->pools.count; i++)
        add(&made, named[i].name, &named[i].preload);
    keep_removed(&made, preloads, settings, pools);
    *preloads = made;
}

void worker_preloads_free(struct worker_preloads *preloads)
{
    struct worker_preload *preload;
    while ((preload = SLIST_FIRST(preloads))) {
        SLIST_REMOVE_HEAD(preloads, link);
        worker_welcome_unref(preload->text);
        free(preload);
    }
}

struct worker_welcome *worker_preloads_ref(const struct worker_preloads *preloads, const char *pool)
{
    const struct worker_preload *preload;
    SLIST_FOREACH (preload, preloads, link)
        if (strcmp(preload->pool, pool) == 0)
            return worker_welcome_ref(preload->text);
    return NULL;
}
