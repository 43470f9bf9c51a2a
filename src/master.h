/*
 * master: the one process that everything meets in: its loop, its signals, its reloads and its end.
 *
 * A turn of the loop: wait; handle what is ready; run the timers that are due; write what was
 * gathered; take the next step of a shutdown (shutdown.h) if one is under way.
 */
#ifndef TASKMASTER_MASTER_H
#define TASKMASTER_MASTER_H

#include "config/config.h"
#include "startup/identity.h"

/* Runs until a signal ends it. Takes over `config`. `args` are for reloads. It becomes `identity`
 * once it listens. Returns the exit status (sysexits). */
int master_run(struct config *config, const struct config_args *args,
               const struct identity *identity);

#endif
