/* checks: what taskmaster-http adds to the checks before the start of any daemon. */
#ifndef TASKMASTER_GATEWAY_CHECKS_H
#define TASKMASTER_GATEWAY_CHECKS_H

#include "daemon/start.h"

extern const struct start_checks gateway_checks;

#endif
