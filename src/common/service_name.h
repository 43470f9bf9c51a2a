/* service_name: checks the names of services. */
#ifndef TASKMASTER_COMMON_SERVICE_NAME_H
#define TASKMASTER_COMMON_SERVICE_NAME_H

#include <stdbool.h>
#include <stddef.h>

/* True if the `len` bytes match [A-Za-z0-9_.-]{1,64}: such a name is safe in JSON and in a log. */
bool service_name_valid(const char *name, size_t len);

#endif
