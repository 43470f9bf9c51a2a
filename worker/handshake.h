/* handshake: the first words between worker and master. */
#ifndef TASKMASTER_WORKER_HANDSHAKE_H
#define TASKMASTER_WORKER_HANDSHAKE_H

#include "common/limits.h"
#include "master_link.h"
#include "settings.h"

#include <stdint.h>

/* Proves with the token that this is the worker the master started, and takes the settings from the
 * master's answer. 0, or -1 after a report. */
int handshake(struct master_link *link, uint32_t worker, const uint8_t token[TOKEN_BYTES],
              struct settings *settings);

/* Tells the master that jobs may come. 0, or -1 after a report. */
int handshake_ready(struct master_link *link);

#endif
