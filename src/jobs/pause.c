/*
 * dispatch_pause: a pool that begins no job until the operator resumes it.
 *
 * Jobs are admitted and wait. Those with a worker are taken back by their claim words: then each is
 * either begun, or back at its place in the line. Begun ones are told as started before the answer
 * to the operator, so nothing starts behind it. A paused line starts no worker and does not fail
 * for want of one, and nothing wakes up for it.
 */
#include "jobs/dispatcher_internal.h"

/* A worker without its job has nothing to do. */
static void take_back_current(struct dispatcher *d)
{
    struct worker *worker, *next;
    for (worker = TAILQ_FIRST(&d->pool.lists[WORKER_BUSY]); worker; worker = next) {
        next = TAILQ_NEXT(worker, link);
        dispatch_begin_undo(d, worker->job);
    }
}

static void tell_begun(struct dispatcher *d)
{
    struct job *job;
    TAILQ_FOREACH (job, &d->line.prefetched, links.prefetched)
        dispatch_assign_tell_begun(d, job);
}

void dispatch_pause(struct dispatcher *d)
{
    d->paused = true;
    dispatch_fail_stop(d);
    dispatch_reclaim_all(d);
    take_back_current(d);
    tell_begun(d);
    if (d->shared->draining)
        dispatch_drain(d);
    dispatch_touch(d, DISPATCH_LINE);
}

void dispatch_resume(struct dispatcher *d)
{
    d->paused = false;
    dispatch_touch(d, DISPATCH_LINE | DISPATCH_ASIDE | DISPATCH_POOL);
}
