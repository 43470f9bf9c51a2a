/* worker_end: see worker_end.h. */
#include "jobs/worker_end.h"

#include <stddef.h>

static const char *const names[WORKER_ENDS] = {
    [END_UNDECIDED] = NULL,  [END_MAX_JOBS] = "max-jobs", [END_MAX_RSS] = "max-rss",
    [END_RELOAD] = "reload", [END_RECYCLE] = "recycle",   [END_REFUSED] = "refused",
    [END_IDLE] = "idle",     [END_RESIZE] = "resize",     [END_DRAIN] = "drain",
    [END_DEAD] = "dead",     [END_KILLED] = "killed",     [END_SIGNAL] = "signal",
    [END_EXIT] = "exit",
};

const char *worker_end_name(enum worker_end end)
{
    return names[end];
}
