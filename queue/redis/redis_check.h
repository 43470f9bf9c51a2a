/* redis_check: looks a whole store in Redis through, part by part, while nodes work on it. Each
 * part is one call of a script that takes Redis some milliseconds, and changes nothing. */
#ifndef TASKMASTER_QUEUE_REDIS_REDIS_CHECK_H
#define TASKMASTER_QUEUE_REDIS_REDIS_CHECK_H

#include "queue/redis/settings.h"
#include "queue/store/store_check.h"

#include <stdio.h>

/* Writes to `out` what is in the store, and its faults, a line for each. UNOPENED: Redis cannot be
 * reached within redis-timeout-ms, or is refused. */
enum store_health redis_check(const struct redis_settings *settings, FILE *out);

#endif
