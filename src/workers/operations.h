/* worker_operations: the dispatcher's operations, carried out with processes and connections. */
#ifndef TASKMASTER_WORKERS_OPERATIONS_H
#define TASKMASTER_WORKERS_OPERATIONS_H

#include "jobs/dispatcher.h"

/* Their ctx is a struct workers. */
extern const struct dispatcher_ops worker_operations;

#endif
