/* check_modules: what `taskmasterd -t` does after the settings were found good: loads every module
 * once. */
#ifndef TASKMASTER_CHECK_MODULES_H
#define TASKMASTER_CHECK_MODULES_H

#include "config.h"

/* Loads each NAME.so of module-dir in a child of its own (a worker in its checking mode), so that
 * no module's code runs here, and prints a line for each. Returns the exit status: 0, or 78 if one
 * cannot be loaded, or one that is named in the settings is not there. */
int check_modules(const struct config *config);

#endif
