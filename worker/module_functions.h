/* module_functions: the worker's table behind the inline functions of module.h. One full table
 * serves both tm_job and tm_host: a module may keep the pointer of either and finds every function
 * there. */
#ifndef TASKMASTER_WORKER_MODULE_FUNCTIONS_H
#define TASKMASTER_WORKER_MODULE_FUNCTIONS_H

#include <taskmaster/module.h>

extern const struct tm_functions module_functions;

#endif
