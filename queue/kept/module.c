/* kept_module: the modules of kept jobs, by name. */
#include "queue/kept/kept_internal.h"

#include "common/xmalloc.h"

#include <stdlib.h>
#include <string.h>

static struct kept_module *module_of(struct hash_node *node)
{
    return (struct kept_module *)((char *)node - offsetof(struct kept_module, by_name));
}

static uint64_t hash_of(const char *name)
{
    return siphash(name, strlen(name), 0);
}

struct kept_module *kept_module_find(const struct keep *keep, const char *name)
{
    struct hash_node *node = hash_first(&keep->modules, hash_of(name));
    while (node && strcmp(module_of(node)->name, name) != 0)
        node = hash_next(node);
    return node ? module_of(node) : NULL;
}

static void hold_is_over(void *arg)
{
    kept_touch_module(arg);
}

static struct kept_module *make(struct keep *keep, const char *name)
{
    size_t len = strlen(name) + 1;
    struct kept_module *module = xcalloc(1, sizeof *module + len);
    memcpy(module->name, name, len);
    module->keep = keep;
    timer_init(&module->hold.over, hold_is_over, module);
    kept_window_init(&module->window);
    module->window.is_whole = !kept_is_shared(keep); /* other nodes' jobs may wait */
    hash_insert(&keep->modules, &module->by_name, hash_of(name));
    TAILQ_INSERT_TAIL(&keep->all_modules, module, link);
    keep->module_count++;
    return module;
}

struct kept_module *kept_module_get(struct keep *keep, const char *name)
{
    struct kept_module *module = kept_module_find(keep, name);
    return module ? module : make(keep, name);
}

void kept_module_touch_all(struct keep *keep)
{
    struct kept_module *module;
    TAILQ_FOREACH (module, &keep->all_modules, link)
        kept_touch_module(module);
}

/* Nothing is known of it that anybody could miss, but its counts so far. */
static bool is_idle(const struct kept_module *module)
{
    const struct keep_counts *counts = &module->counts;
    return !counts->waiting && !counts->delayed && !counts->handed && !counts->running &&
           !counts->ended && !module->records && !module->is_paused && !module->window.is_taking &&
           !module->is_touched;
}

/* A shared store's counts are a moment old, and of many modules some are left out: jobs may wait.
 */
static bool may_go(const struct kept_module *module)
{
    return is_idle(module) && (!kept_is_shared(module->keep) || kept_hold_is_past(module));
}

void kept_module_reap(struct kept_module *module)
{
    if (module->keep->module_count > KEPT_MODULES_IDLE && may_go(module))
        kept_module_free(module);
}

void kept_module_free(struct kept_module *module)
{
    struct keep *keep = module->keep;
    timer_clear(keep->parts.timers, &module->hold.over);
    hash_remove(&keep->modules, &module->by_name);
    TAILQ_REMOVE(&keep->all_modules, module, link);
    keep->module_count--;
    free(module);
}
