/* queued: builds taskqueued out of its parts, connects them, and runs the loop. */
#ifndef TASKMASTER_QUEUE_QUEUED_H
#define TASKMASTER_QUEUE_QUEUED_H

#include "config/config.h"
#include "daemon/start.h"

/* Runs until a signal ends it. Takes over `config`. `args` are for reloads. The process becomes
 * the identity of `start` once it listens. Returns the exit status (sysexits). */
int queued_run(struct config *config, const struct config_args *args,
               const struct daemon_start *start);

#endif
