/* descriptors: counts the open descriptors of this process. */
#ifndef TASKMASTER_BASE_DESCRIPTORS_H
#define TASKMASTER_BASE_DESCRIPTORS_H

#include <stddef.h>

/* Looks at each of the first 1,024: for a process that has just started. */
size_t descriptors_count_low(void);

#endif
