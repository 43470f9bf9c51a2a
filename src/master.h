/*
 * master: builds the parts of the server, tells them of each other, and turns the loop.
 *
 * A turn: wait; handle ready descriptors; run due timers; write gathered output; take the next step
 * of a shutdown (shutdown.h), if one is under way.
 */
#ifndef TASKMASTER_MASTER_H
#define TASKMASTER_MASTER_H

#include "config/config.h"
#include "daemon/start.h"

/* Runs the server until a signal ends it. Takes over `config`. `args` are for reloads. The process
 * becomes the identity of `start` once it listens. Returns the exit status (sysexits). */
int master_run(struct config *config, const struct config_args *args,
               const struct daemon_start *start);

#endif
