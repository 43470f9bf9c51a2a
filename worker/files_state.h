/*
 * files_state: descriptors 0 to 2, and the streams on them, as the worker found them or as a
 * module's init() has set them.
 *
 * At the start descriptor 0 is /dev/null; 1 and 2 are one pipe, read by the master for its log, and
 * the worker keeps a spare descriptor of the pipe. A module's init() may put other files in their
 * places, for its own jobs. A place left empty is filled as at the start: otherwise the next opened
 * file would be there, and printed lines would go into it.
 */
#ifndef TASKMASTER_WORKER_FILES_STATE_H
#define TASKMASTER_WORKER_FILES_STATE_H

struct files_state;

/* Remembers all three as they are at the start; called once. */
void files_state_init(void);

/* Returns the present files, for good, or NULL if all are as at the start. Mends closed ones and
 * the streams first. */
struct files_state *files_state_take(void);

/* Restores taken files; NULL: those of the start. Returns 0, or -1 after a report; without a
 * descriptor, nobody reads the report. */
int files_state_set(const struct files_state *state);

#endif
