/* kept_full: the queue or its store is full. The log tells it once, and once that it is over. */
#include "queue/kept/kept_internal.h"

static uint64_t unfinished(const struct keep *keep)
{
    const struct keep_counts *counts = &keep->counts;
    if (kept_is_shared(keep))
        return keep->shared.unfinished;
    return counts->waiting + counts->delayed + counts->handed + counts->running;
}

static bool has_room(const struct keep *keep)
{
    return keep->parts.engine_ops->has_room(keep->parts.engine);
}

/* --- the ends --- */

static void queue_is_over(void *arg)
{
    struct keep *keep = arg;
    if (log_episode_over(&keep->full.queue, keep->parts.timers, false))
        log_event(LOG_INFO, "queue-full-over",
                  LOG_UINT("seconds", log_episode_seconds(&keep->full.queue)),
                  LOG_UINT("refused", keep->full.queue.count));
}

static void store_is_over(void *arg)
{
    struct keep *keep = arg;
    if (log_episode_over(&keep->full.store, keep->parts.timers, !has_room(keep)))
        log_event(LOG_INFO, "store-full-over",
                  LOG_UINT("seconds", log_episode_seconds(&keep->full.store)));
}

void kept_full_init(struct keep *keep)
{
    timer_init(&keep->full.queue.over, queue_is_over, keep);
    timer_init(&keep->full.store.over, store_is_over, keep);
}

void kept_full_clear(struct keep *keep)
{
    timer_clear(keep->parts.timers, &keep->full.queue.over);
    timer_clear(keep->parts.timers, &keep->full.store.over);
}

/* --- the looks --- */

bool kept_full_queue(struct keep *keep)
{
    if (unfinished(keep) < keep->settings.job_max)
        return false;
    if (log_episode_noticed(&keep->full.queue, keep->parts.timers))
        log_event(LOG_WARN, "queue-full", LOG_UINT("jobs", unfinished(keep)),
                  LOG_UINT("job_max", keep->settings.job_max),
                  LOG_STR("hint", "submits are refused; look at held and paused modules, and "
                                  "raise job-max if this lasts"));
    return true;
}

static const char *room_hint(const struct keep *keep)
{
    if (kept_is_shared(keep))
        return "submits are refused, and kept jobs go on; give Redis more memory (maxmemory) or "
               "room on its disk, or shorten result-ttl-ms";
    return "submits are refused, and kept jobs go on; make room on the disk, raise store-max, or "
           "shorten result-ttl-ms";
}

void kept_full_note_store(struct keep *keep)
{
    if (log_episode_noticed(&keep->full.store, keep->parts.timers))
        log_event(LOG_WARN, "store-full", LOG_UINT("ended", keep->counts.ended),
                  LOG_UINT("jobs", unfinished(keep)), LOG_STR("hint", room_hint(keep)));
}

bool kept_full_store(struct keep *keep)
{
    if (has_room(keep))
        return false;
    kept_full_note_store(keep);
    return true;
}
