/* confine: holds the worker's process to the limits of its pool, and closes it to the other
 * processes of its user. */
#ifndef TASKMASTER_WORKER_CONFINE_H
#define TASKMASTER_WORKER_CONFINE_H

#include "common/worker_page.h"

/* To be called before any module is loaded. A limit refused by the system is reported, and the one
 * in force stays. */
void confine_process(const struct worker_limits *limits);

#endif
