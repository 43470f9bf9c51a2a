/*
 * environment: which variables a worker is not given.
 *
 * The master leaves them out of what it starts workers with; a worker, which may have been started
 * by another program, takes out what is there all the same, before a module can start children.
 */
#ifndef TASKMASTER_COMMON_ENVIRONMENT_H
#define TASKMASTER_COMMON_ENVIRONMENT_H

#include <stdbool.h>

/* Whether a NAME=VALUE steers the loader, the C library, or a service manager's talk with the
 * master. */
bool environment_is_scrubbed(const char *entry);

#endif
