/*
 * dispatch_drain: the end of the server. No job is admitted any more, running ones go on.
 *
 * Waiting jobs fail, and idle workers end at once. Or, at the operator's wish, waiting jobs are run
 * first; then the pool goes on as ever, and its workers end once no job waits. A job may still come
 * back to the line then, and a worker is started for it.
 */
#include "jobs/dispatcher_internal.h"

static void fail_waiting(struct dispatcher *d)
{
    dispatch_fail_waiting(d, FAIL_SHUTDOWN, "the server is shutting down");
}

static void retire_free(struct dispatcher *d)
{
    dispatch_retire_all(d, WORKER_IDLE, END_DRAIN);
    dispatch_retire_all(d, WORKER_STARTING, END_DRAIN);
    dispatch_retire_all(d, WORKER_DEAD, END_DRAIN);
}

void dispatch_drain(struct dispatcher *d)
{
    dispatch_hold_look_again(d->shared);
    dispatch_touch(d, DISPATCH_POOL);
    dispatch_begin_undo_late(d);
    if (!dispatch_fails_waiting(d))
        return;
    dispatch_reclaim_all(d);
    dispatch_aside_release(d);
    fail_waiting(d);
    retire_free(d);
}

/* Jobs of a held source come to the line of a paused pool when the source reads again. */
void dispatch_drain_look(struct dispatcher *d)
{
    if (dispatch_fails_waiting(d) && job_queue_ready(&d->line.queue) && !d->failing.left)
        fail_waiting(d);
    if (!dispatcher_waiting(d))
        retire_free(d);
}
