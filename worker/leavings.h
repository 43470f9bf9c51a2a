/*
 * leavings: changes that a module made to the process, and that the next module must not find.
 *
 * A worker does one job after the other in one process, and changes to the process outlast a job: a
 * timer runs on, SIGTERM stays ignored, descriptor 1 stays closed. Between two jobs of one module
 * that is the module's own business, and may be its intent. Before a job of another module, the
 * worker puts back what module.h lists, as it was when the worker started. When the worker comes
 * back to a module, it restores what that module's init() had set up. All this is done before the
 * next job has begun: if it fails, or a timer goes off meanwhile, no job is lost with the worker.
 *
 * A set of enum reach says what can differ; the rest is not looked at.
 */
#ifndef TASKMASTER_WORKER_LEAVINGS_H
#define TASKMASTER_WORKER_LEAVINGS_H

struct state;

/* Remembers the process as it is, which is what is put back; done once. */
void leavings_init(void);

/* Puts back what is in `reach`. 0, or -1 after a report. */
int leavings_put_back(unsigned reach);

/* What of `reach` differs from what is put back, to be restored later; NULL: nothing. Descriptors
 * and streams are put back at once. Kept for good: once it was restored, the process holds on to
 * what is in it. */
const struct state *leavings_keep(unsigned reach);
void leavings_restore(const struct state *state);

#endif
