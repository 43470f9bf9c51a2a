/* check_paths: the program of the workers and the directory of the modules. */
#ifndef TASKMASTER_STARTUP_CHECK_PATHS_H
#define TASKMASTER_STARTUP_CHECK_PATHS_H

#include "daemon/check.h"

/* The worker's program and the directory of modules can be used by the identity. For the start and
 * for reloads. Returns false after a fault. */
bool startup_check_paths(const struct daemon_check *check, const char *worker_path,
                         const char *module_dir, const struct identity *identity);

#endif
