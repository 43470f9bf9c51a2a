/* random: numbers that nobody can guess. */
#ifndef TASKMASTER_BASE_RANDOM_H
#define TASKMASTER_BASE_RANDOM_H

#include <stdint.h>

/* Never waits: early in the system's start the clock stands in. */
uint64_t random_number(void);

#endif
