/* check_modules: every module loaded once, for `taskmasterd -t`. */
#ifndef TASKMASTER_STARTUP_CHECK_MODULES_H
#define TASKMASTER_STARTUP_CHECK_MODULES_H

#include "daemon/check.h"
#include "jobs/module_settings.h"
#include "jobs/settings.h"
#include "startup/module_trial.h"

/* The settings with names of modules, and the program to load the modules. */
struct checked_modules {
    const struct module_settings *modules;
    const struct job_settings *jobs; /* for `preload` of the pools */
    const struct module_host *host;
};

/* Loads each NAME.so of the modules' directory in a child of its own (a worker in its checking
 * mode), and prints a line for each: no module's code runs in this process. With `init`, modules
 * named by the settings are initialised as well. Becomes `identity` before, as the daemon would.
 * Returns false if a module cannot be loaded, or a module named by the settings is missing. */
bool startup_check_modules(const struct daemon_check *check, const struct checked_modules *checked,
                           struct identity *identity, bool init);

#endif
