/* checks: what taskmasterd adds to the checks before the start of any daemon. */
#ifndef TASKMASTER_CHECKS_H
#define TASKMASTER_CHECKS_H

#include "daemon/start.h"

extern const struct start_checks master_checks;

#endif
