/* engines: see engines.h. */
#include "queue/engines.h"

#include "queue/redis/redis_engine.h"

const struct engine_ops *engines_find(enum store_engine engine)
{
    static const struct engine_ops *const all[] = {
        [STORE_ENGINE_SQLITE] = &sqlite_engine,
        [STORE_ENGINE_REDIS] = &redis_engine,
    };
    return all[engine];
}

const char *engines_hint_unopened(const struct engine_ops *ops)
{
    return ops->is_shared ? "taskqueued -t tells of faults in the settings"
                          : "taskqueued --check tells more; restore a backup if it finds faults";
}

const char *engines_hint_failed(const struct engine_ops *ops)
{
    return ops->is_shared
               ? "look at Redis, run taskqueued --check; what was confirmed is kept there"
               : "look at the disk, run taskqueued --check; start again if the store is "
                 "sound, or restore a backup: what was confirmed is kept";
}
