/* store_check: looks a whole store through, without changing it. */
#ifndef TASKMASTER_QUEUE_STORE_STORE_CHECK_H
#define TASKMASTER_QUEUE_STORE_STORE_CHECK_H

#include "queue/store/settings.h"

#include <stdio.h>

enum store_health {
    STORE_SOUND,
    STORE_BROKEN,   /* faults were told */
    STORE_UNOPENED, /* there is none, or another process has it */
};

/* Writes to `out` what is in the store, and its faults, a line for each. */
enum store_health store_check(const struct store_settings *settings, FILE *out);

#endif
