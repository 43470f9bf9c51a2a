/* worker_limits: see limits.h. */
#include "workers/limits.h"

struct worker_limits worker_limits_of(const struct pool_settings *pool, bool no_new_privs,
                                      bool allow_debug)
{
    return (struct worker_limits){
        .memory_max = pool->memory_max,
        .files_max = pool->files_max,
        .core_max = pool->core_max,
        .file_size_max = pool->file_size_max,
        .pool_max = pool->pool_max,
        .rss_max = pool->worker_max_rss,
        .nice = pool->nice,
        .oom_score_adj = pool->oom_score_adj,
        .no_new_privs = no_new_privs,
        .open = allow_debug || pool->core_max > 0, /* the kernel writes no other core file */
    };
}
