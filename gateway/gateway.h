/* gateway: taskmaster-http's process: builds the parts, connects them, and turns the loop. */
#ifndef TASKMASTER_GATEWAY_GATEWAY_H
#define TASKMASTER_GATEWAY_GATEWAY_H

#include "config/config.h"
#include "daemon/start.h"

/* Runs until its end; takes over `config`. Returns an exit status. */
int gateway_run(struct config *config, const struct config_args *args,
                const struct daemon_start *start);

#endif
