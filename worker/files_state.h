/*
 * files_state: descriptors 0, 1 and 2 and the streams on them, as the worker was given them.
 *
 * 0 is /dev/null; 1 and 2 are one pipe, which the master logs, and of which a spare descriptor is
 * kept. They are the worker's also after a module's init(): the log is not one module's.
 */
#ifndef TASKMASTER_WORKER_FILES_STATE_H
#define TASKMASTER_WORKER_FILES_STATE_H

/* Remembers them. */
void files_state_init(void);

/* Puts them back. 0, or -1 after a report, which may reach nobody. */
int files_state_set(void);

#endif
