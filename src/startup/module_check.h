/*
 * module_check: one module, loaded once, and perhaps initialised, by a worker in its checking mode.
 *
 * Loading runs the module's code, which may crash, hang, exit or print what it likes: the child has
 * what a worker would have and no more, and only so much time.
 */
#ifndef TASKMASTER_STARTUP_MODULE_CHECK_H
#define TASKMASTER_STARTUP_MODULE_CHECK_H

#include "config/config.h"

#include <stdbool.h>

/* Loads the module in the file `path` and prints what the worker says of it; with `settings`, JSON
 * text, its init() and fini() are called as well. A fault that the worker had no chance to name
 * goes to stderr. 0 with `loads`, or an errno of why there is no worker to ask. */
int module_check(const struct config *config, const char *path, const char *settings, bool *loads);

#endif
