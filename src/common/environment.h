/*
 * environment: names the variables kept from workers.
 *
 * The master leaves them out of a worker's environment. A worker may have been started by another
 * program, so it removes them again, before a module can start children.
 */
#ifndef TASKMASTER_COMMON_ENVIRONMENT_H
#define TASKMASTER_COMMON_ENVIRONMENT_H

#include <stdbool.h>

/* True if the entry, NAME=VALUE, steers the loader, the C library, or a service manager's talk with
 * the master. */
bool environment_is_scrubbed(const char *entry);

#endif
