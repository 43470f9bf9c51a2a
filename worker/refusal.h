/* refusal: the reason for not using a module, as one line for the operator. */
#ifndef TASKMASTER_WORKER_REFUSAL_H
#define TASKMASTER_WORKER_REFUSAL_H

#include "common/wire.h"

#include <taskmaster/module.h>

#include <stdbool.h>

struct refusal {
    char text[WIRE_TEXT_MAX]; /* one line of UTF-8 without control characters */
    bool unfit;               /* the cause is, or may be, this process; true for a failed init() */
};

/* Writes the reason in printf form, with `unfit` false: the cause is the file. Always returns -1,
 * for `return refusal_set(...)`. */
int refusal_set(struct refusal *refusal, const char *fmt, ...) TM_PRINTF(2, 3);

#endif
