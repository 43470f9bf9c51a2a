/* kept_totals: counts of jobs, and pauses, as the store tells them: at the start, and of all nodes
 * of a shared store again and again. */
#include "queue/kept/kept_internal.h"

static const struct store_contents *contents_of(const struct keep *keep)
{
    return keep->parts.engine_ops->contents(keep->parts.engine);
}

/* --- counts: handed and running ones are those of this node --- */

static void forget(struct keep_counts *counts)
{
    counts->waiting = counts->delayed = counts->ended = 0;
}

static void add(struct keep_counts *counts, const struct store_count *count)
{
    counts->waiting += count->waiting;
    counts->delayed += count->delayed;
    counts->ended += count->ended;
}

static void count_module(struct keep *keep, const struct store_count *count)
{
    add(&kept_module_get(keep, count->name)->counts, count);
}

void kept_totals_count(struct keep *keep)
{
    const struct store_contents *contents = contents_of(keep);
    struct kept_module *module;
    forget(&keep->counts);
    add(&keep->counts, &contents->all);
    keep->shared.nodes = contents->nodes;
    keep->shared.unfinished = contents->all.waiting + contents->all.delayed + contents->all.handed;
    TAILQ_FOREACH (module, &keep->all_modules, link)
        forget(&module->counts);
    for (size_t i = 0; i < contents->module_count; i++)
        count_module(keep, &contents->modules[i]);
    if (keep->module_count > KEPT_MODULES_IDLE)
        kept_module_touch_all(keep); /* those without jobs may go */
}

/* --- pauses --- */

static void set_paused(struct kept_module *module, bool on)
{
    module->is_paused = on;
    kept_touch_module(module);
}

void kept_totals_pause(struct keep *keep)
{
    const struct store_contents *contents = contents_of(keep);
    struct kept_module *module;
    keep->is_paused = false;
    TAILQ_FOREACH (module, &keep->all_modules, link)
        set_paused(module, false);
    for (size_t i = 0; i < contents->paused_count; i++) {
        const char *name = contents->paused[i];
        if (name[0])
            set_paused(kept_module_get(keep, name), true);
        else
            keep->is_paused = true;
    }
}
