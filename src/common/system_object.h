/* system_object: files in a backtrace that tell little of the fault of a crash. */
#ifndef TASKMASTER_COMMON_SYSTEM_OBJECT_H
#define TASKMASTER_COMMON_SYSTEM_OBJECT_H

#include <stdbool.h>

/* True for the C library, the loader and the kernel's own object: abort() and the like crash there,
 * for a fault of their caller. `name` is without a folder. */
bool system_object(const char *name);

#endif
