/*
 * master: the one process that everything meets in: its loop, its signals, its reloads and its end.
 *
 * A turn of the loop: wait; handle what is ready; run the timers that are due; write what was
 * gathered; take the next step of a shutdown if one is under way. A shutdown goes through phases,
 * each of which waits for something and none of which is gone back to:
 *
 *     RUNNING   --(TERM, INT, QUIT)-->    DRAINING: no connections, no submits; running jobs finish
 *     DRAINING  --(no job, no worker)-->  ENDING: clients take what waits for them
 *     ENDING    --(no client)-->          ENDED
 *
 * drain-timeout-ms bounds DRAINING, after which what still runs is killed; ENDING is bounded by
 * linger-ms and what is left of drain-timeout-ms. A second signal goes to ENDED with one last
 * attempt to write.
 */
#ifndef TASKMASTER_MASTER_H
#define TASKMASTER_MASTER_H

#include "config.h"
#include "identity.h"

/* Runs until a signal ends it. Takes over `config`. `args` are for reloads. It becomes `identity`
 * once it listens. Returns the exit status (sysexits). */
int master_run(struct config *config, const struct config_args *args,
               const struct identity *identity);

#endif
