/*
 * files_state: restores descriptors 0, 1 and 2 and the streams on them, as the worker found them.
 *
 * Descriptor 0 is /dev/null; 1 and 2 are one pipe, read by the master for its log, and the worker
 * keeps a spare descriptor of the pipe. A module's init() may not change them for its own jobs: the
 * log belongs to all modules.
 */
#ifndef TASKMASTER_WORKER_FILES_STATE_H
#define TASKMASTER_WORKER_FILES_STATE_H

/* Remembers all three; called once. */
void files_state_init(void);

/* Restores them. Returns 0, or -1 after a report; without a descriptor, nobody reads the report. */
int files_state_set(void);

#endif
