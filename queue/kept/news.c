/* kept_news: what a shared store tells of itself, of other nodes, and of their jobs. */
#include "queue/kept/kept_internal.h"

static void nothing(void *arg)
{
    (void)arg;
}

const struct engine_news keep_news = {.up = nothing, .down = nothing};

bool keep_is_up(const struct keep *keep)
{
    const struct engine_ops *ops = keep->parts.engine_ops;
    return !ops->is_up || ops->is_up(keep->parts.engine);
}

void keep_set_observer_elsewhere(struct keep *keep,
                                 void (*call)(void *arg, const struct keep_watched *watched))
{
    keep->observer_elsewhere = call;
}
