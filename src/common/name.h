/* name: checks the names of modules and services. Each is safe in JSON and in a log. */
#ifndef TASKMASTER_COMMON_NAME_H
#define TASKMASTER_COMMON_NAME_H

#include <stdbool.h>
#include <stddef.h>

/* True if the `len` bytes match [A-Za-z0-9_-]{1,64}: such a name is safe in a path, too. */
bool module_name_valid(const char *name, size_t len);

/* Returns the length of NAME in a file's name NAME.so, or 0 for any other file's name. */
size_t module_name_in(const char *file);

/* True if the `len` bytes match [A-Za-z0-9_.-]{1,64}. */
bool service_name_valid(const char *name, size_t len);

#endif
