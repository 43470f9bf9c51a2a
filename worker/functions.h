/* functions: the worker's table behind the inline functions of module.h. One full table serves both
 * tm_job and tm_host, so that a module which keeps the pointer it was given finds everything. */
#ifndef TASKMASTER_WORKER_FUNCTIONS_H
#define TASKMASTER_WORKER_FUNCTIONS_H

#include <taskmaster/module.h>

extern const struct tm_functions worker_functions;

#endif
