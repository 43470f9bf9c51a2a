/* check_modules: the part of `taskmasterd -t` that loads every module once. */
#ifndef TASKMASTER_STARTUP_CHECK_MODULES_H
#define TASKMASTER_STARTUP_CHECK_MODULES_H

#include "config/config.h"
#include "startup/config_check.h"
#include "startup/identity.h"

/* Loads each NAME.so of module-dir in a child of its own (a worker in its checking mode), so that
 * no module's code runs here, and prints a line for each. With `init` those that the settings name
 * are initialised as well. It becomes `identity` for that, as the daemon would. False if one cannot
 * be loaded, or one that is named in the settings is not there. */
bool check_modules(const struct config *config, struct identity *identity, bool init,
                   config_tell tell, void *arg);

#endif
