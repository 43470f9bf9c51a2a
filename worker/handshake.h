/* handshake: the first messages between worker and master after the hello. */
#ifndef TASKMASTER_WORKER_HANDSHAKE_H
#define TASKMASTER_WORKER_HANDSHAKE_H

#include "master_link.h"
#include "settings.h"

/* Receives the master's answer to the hello (master_connect.h) and fills in `settings`; the caller
 * frees them with settings_free(). Returns 0, or -1 after a report. */
int handshake_welcome(struct master_link *link, struct settings *settings);

/* Tells the master to send jobs. Returns 0, or -1 after a report. */
int handshake_ready(struct master_link *link);

#endif
