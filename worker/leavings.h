/*
 * leavings: undoes a module's changes to the process before another module's job runs.
 *
 * A worker does one job after the other in one process, and changes to the process outlast a job: a
 * timer runs on, SIGTERM stays ignored, descriptor 1 stays closed. Between two jobs of one module
 * such changes are the module's own business, and may be its intent. Before a job of another
 * module, the worker restores everything listed in module.h to the state at the worker's start.
 * When the worker returns to a module, the worker restores the changes made by that module's
 * init(). All this happens before the next job begins: if a step fails, or a timer goes off
 * meanwhile, no job is lost with the worker.
 *
 * A set of enum reach names the parts that can differ; the other parts are not looked at.
 */
#ifndef TASKMASTER_WORKER_LEAVINGS_H
#define TASKMASTER_WORKER_LEAVINGS_H

struct state;

/* Records the state to return to. Only the first call counts. */
void leavings_init(void);

/* Returns the parts in `reach` to the recorded state. Returns 0, or -1 after a report. */
int leavings_put_back(unsigned reach);

/* Saves the parts in `reach` that differ from the recorded state; NULL if none differs. Descriptors
 * and streams are not saved but restored at once. The result is never freed: a process may point
 * into a restored state (environment, locale). */
const struct state *leavings_keep(unsigned reach);
void leavings_restore(const struct state *state);

#endif
