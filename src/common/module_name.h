/* module_name: what a module may be called. */
#ifndef TASKMASTER_COMMON_MODULE_NAME_H
#define TASKMASTER_COMMON_MODULE_NAME_H

#include <stdbool.h>
#include <stddef.h>

/* The `len` bytes are [A-Za-z0-9_-]{1,64}, so that a name is safe in a path, in JSON and in a log.
 */
bool module_name_valid(const char *name, size_t len);

#endif
