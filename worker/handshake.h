/* handshake: the first words between worker and master, behind the hello. */
#ifndef TASKMASTER_WORKER_HANDSHAKE_H
#define TASKMASTER_WORKER_HANDSHAKE_H

#include "master_link.h"
#include "settings.h"

/* Takes the settings from the master's answer to the hello (knock.h). 0, or -1 after a report. */
int handshake(struct master_link *link, struct settings *settings);

/* Tells the master that jobs may come. 0, or -1 after a report. */
int handshake_ready(struct master_link *link);

#endif
