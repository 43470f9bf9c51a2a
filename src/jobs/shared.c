/*
 * shared: what the dispatchers of all pools have in common.
 */
#include "jobs/dispatcher_internal.h"

void dispatch_shared_init(struct dispatch_shared *shared, const struct dispatcher_ops *ops,
                          void *ctx, struct timers *timers, const struct job_settings *limits)
{
    *shared = (struct dispatch_shared){.ops = ops, .ctx = ctx, .timers = timers, .limits = *limits};
    hash_init(&shared->jobs);
    news_init(&shared->news);
    SLIST_INIT(&shared->pending);
    LIST_INIT(&shared->hold.sources);
    dispatch_hold_configure(shared);
}

void dispatch_shared_free(struct dispatch_shared *shared)
{
    bug_on(shared->jobs.count || !SLIST_EMPTY(&shared->pending));
    hash_free(&shared->jobs);
}

void dispatch_shared_configure(struct dispatch_shared *shared, const struct job_settings *limits)
{
    shared->limits = *limits;
    dispatch_hold_configure(shared);
    dispatch_hold_look_again(shared);
}
