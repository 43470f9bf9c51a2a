/*
 * dispatch_cancel: ending a job at a client's wish, at whatever point it is.
 */
#include "jobs/dispatcher_internal.h"

static void cancel_assigned(struct dispatcher *d, struct job *job, bool kill)
{
    job->run.cancelled = true;
    if (!dispatch_begin_undo(d, job))
        dispatch_stop_cancelled(d, job, kill);
}

void dispatch_cancel(struct job *job, bool kill)
{
    struct dispatcher *d = job->run.pool;
    if (job->state != JOB_WAITING) {
        cancel_assigned(d, job, kill);
    } else if (dispatch_line_take(d, job)) {
        dispatch_end_failed(d, job, FAIL_CANCELLED, "the job was cancelled while it waited");
        dispatch_touch(d, DISPATCH_WAITING);
    } else { /* begun just now: stopped as soon as the answer for the job before is here */
        job->run.cancelled = true;
        job->run.killed |= kill;
    }
}
