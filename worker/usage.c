/* usage: see usage.h. */
#include "usage.h"

#include "descriptors.h"
#include "measure.h"
#include "report.h"

#include <stddef.h>

enum {
    LEFT_MAX = 64, /* descriptors left by jobs */
    FREE_MIN = 16, /* free descriptors */
    FILES_US = 1000000,
    RSS_US = 100000,
};

static uint64_t tell_rss(struct usage *usage)
{
    uint64_t rss = measure_rss();

    __atomic_store_n(&usage->shared->rss, rss, __ATOMIC_RELAXED);
    return rss;
}

void usage_init(struct usage *usage, const struct loader *loader, struct worker_shared *shared,
                uint64_t now_us)
{
    *usage = (struct usage){.loader = loader,
                            .shared = shared,
                            .files_look_us = now_us + FILES_US,
                            .rss_look_us = now_us};
    tell_rss(usage);
}

static void look_at_files(struct usage *usage)
{
    size_t own = loader_descriptors(usage->loader), max = descriptors_max();
    size_t open = descriptors_open();
    size_t left = open > own ? open - own : 0;

    if (usage->leaving != WIRE_STAYS || left == 0 || (left <= LEFT_MAX && open + FREE_MIN <= max))
        return;
    usage->leaving = WIRE_LEAVING_FILES;
    report(TM_WARNING,
           "jobs have left %zu descriptors open, %zu of %zu are free: this worker is replaced; its "
           "last job was of module %s",
           left, open < max ? max - open : 0, max, loader_current(usage->loader));
}

static void look_at_rss(struct usage *usage)
{
    uint64_t max = usage->shared->page.limits.rss_max, rss = tell_rss(usage);

    if (usage->leaving == WIRE_STAYS && max > 0 && rss > max)
        usage->leaving = WIRE_LEAVING_RSS;
}

void usage_after_job(struct usage *usage, uint64_t now_us, bool failed)
{
    usage->worked = true;
    if (usage->shared->page.limits.rss_max > 0 && now_us >= usage->rss_look_us) {
        usage->rss_look_us = now_us + RSS_US;
        look_at_rss(usage);
    }
    if (now_us >= usage->files_look_us || (failed && descriptors_are_used_up())) {
        usage->files_look_us = now_us + FILES_US;
        look_at_files(usage);
    }
}

void usage_when_idle(struct usage *usage)
{
    usage->worked = false;
    look_at_files(usage);
    look_at_rss(usage);
}
