/* descriptors: how many descriptors this process has open. */
#ifndef TASKMASTER_WORKER_DESCRIPTORS_H
#define TASKMASTER_WORKER_DESCRIPTORS_H

#include <stdbool.h>
#include <stddef.h>

/* Returns the number of open descriptors, or 0 if it is not known (no /proc). If none is left for
 * counting, returns the limit. */
size_t descriptors_open(void);

/* Returns the limit: the soft RLIMIT_NOFILE. */
size_t descriptors_max(void);

/* True if this process, or the system, cannot open another one. Costs two system calls. */
bool descriptors_are_used_up(void);

#endif
