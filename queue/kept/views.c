/* kept_views: what is shown of all jobs. */
#include "queue/kept/kept_internal.h"

const struct keep_counts *keep_counts(const struct keep *keep)
{
    return &keep->counts;
}

size_t keep_handed_count(const struct keep *keep)
{
    return keep->handed_count;
}

size_t keep_record_count(const struct keep *keep)
{
    return keep->jobs.count;
}

size_t keep_busy_count(const struct keep *keep)
{
    return keep->busy_count;
}

uint64_t keep_wall_ms(const struct keep *keep)
{
    return kept_wall_ms(keep);
}

bool keep_is_paused(const struct keep *keep, const char *name)
{
    const struct kept_module *module = name ? kept_module_find(keep, name) : NULL;
    return name ? module && module->is_paused : keep->is_paused;
}

static uint64_t held_ms(const struct kept_module *module)
{
    uint64_t now_us = kept_now_us(module->keep);
    if (module->hold.is_busy)
        return 0; /* nothing is wrong */
    return module->hold.until_us > now_us ? (module->hold.until_us - now_us + 999) / 1000 : 0;
}

static const char *held_reason(const struct kept_module *module)
{
    return module->hold.reason[0] ? module->hold.reason : "overload";
}

static struct keep_module_view view_of(const struct kept_module *module)
{
    struct keep_module_view view = {.name = module->name,
                                    .counts = module->counts,
                                    .is_paused = module->is_paused,
                                    .held_ms = held_ms(module),
                                    .run_us = module->run_us};
    if (view.held_ms)
        view.held_reason = held_reason(module);
    return view;
}

void keep_each_module(struct keep *keep, void (*call)(void *arg, const struct keep_module_view *),
                      void *arg)
{
    struct kept_module *module;
    TAILQ_FOREACH (module, &keep->all_modules, link) {
        struct keep_module_view view = view_of(module);
        call(arg, &view);
    }
}
