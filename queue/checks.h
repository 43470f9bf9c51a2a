/* checks: what taskqueued adds to the checks before the start of any daemon. */
#ifndef TASKMASTER_QUEUE_CHECKS_H
#define TASKMASTER_QUEUE_CHECKS_H

#include "daemon/start.h"

extern const struct start_checks queue_checks;

#endif
