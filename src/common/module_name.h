/* module_name: what a module may be called. */
#ifndef TASKMASTER_COMMON_MODULE_NAME_H
#define TASKMASTER_COMMON_MODULE_NAME_H

#include <stdbool.h>
#include <stddef.h>

/* The `len` bytes are [A-Za-z0-9_-]{1,64}, so that a name is safe in a path, in JSON and in a log.
 */
bool module_name_valid(const char *name, size_t len);

/* The length of the module's name in that of its file, NAME.so; 0 if it is no such file's. */
size_t module_name_in(const char *file);

#endif
