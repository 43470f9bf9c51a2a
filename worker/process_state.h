/*
 * process_state: undoes a module's changes to the process before another module's job runs.
 *
 * A worker does one job after the other in one process, and changes to the process outlast a job: a
 * timer runs on, SIGTERM stays ignored, descriptor 1 stays closed. Between two jobs of one module
 * such changes are the module's own business, and may be its intent. Before a job of another
 * module, the worker restores everything listed in module.h to the state at the worker's start.
 * When the worker returns to a module, the worker restores the changes made by that module's
 * init(). All this happens before the next job begins: if a step fails, or a timer goes off
 * meanwhile, no job is lost with the worker.
 *
 * A set of enum effect names the parts that can differ; the other parts are not looked at.
 */
#ifndef TASKMASTER_WORKER_PROCESS_STATE_H
#define TASKMASTER_WORKER_PROCESS_STATE_H

struct process_state;

/* Records the state to return to. Only the first call counts. */
void process_state_init(void);

/* Returns the parts in `effects` to the recorded state. Returns 0, or -1 after a report. */
int process_state_reset(unsigned effects);

/* Saves the parts in `effects` that differ from the recorded state; NULL if none differs. A closed
 * descriptor of 0 to 2, and the streams, are not saved but restored at once. The result is never
 * freed: a process may point into a restored state (environment, locale). */
const struct process_state *process_state_save(unsigned effects);
void process_state_restore(const struct process_state *state);

/* Returns the signal mask alone to a saved state; NULL: to the recorded one. Pending signals
 * arrive. */
void process_state_reset_mask(const struct process_state *state);

#endif
