/* worker_limits: the settings of a pool for the process of each worker, as told to the worker. */
#ifndef TASKMASTER_WORKERS_LIMITS_H
#define TASKMASTER_WORKERS_LIMITS_H

#include "common/worker_page.h"
#include "jobs/pool_settings.h"

#include <stdbool.h>

/* `allow_debug`: a debugger may attach. */
struct worker_limits worker_limits_of(const struct pool_settings *pool, bool no_new_privs,
                                      bool allow_debug);

#endif
