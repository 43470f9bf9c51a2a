/*
 * dispatch_reclaim: taking unbegun jobs away from their workers.
 */
#include "jobs/dispatcher_internal.h"

void dispatch_reclaim_job(struct dispatcher *d, struct job *job)
{
    if (!dispatch_settle(d, job))
        return;
    dispatch_line_unprefetch(d, job);
    dispatch_line_return(d, job);
}

bool dispatch_reclaim_worker(struct dispatcher *d, struct worker *worker)
{
    struct job *job, *next;
    for (job = TAILQ_FIRST(&worker->prefetched); job; job = next) {
        next = TAILQ_NEXT(job, links.waiting);
        dispatch_reclaim_job(d, job);
    }
    return worker->prefetched_count == 0;
}

/* In their order: each finds its place in the line right behind the one before. */
void dispatch_reclaim_all(struct dispatcher *d)
{
    struct job *job, *next;
    for (job = TAILQ_FIRST(&d->line.prefetched); job; job = next) {
        next = TAILQ_NEXT(job, links.prefetched);
        dispatch_reclaim_job(d, job);
    }
}

bool dispatch_reclaim_running(struct dispatcher *d, struct job *job)
{
    if (job->state != JOB_RUNNING || !dispatch_settle(d, job))
        return false;
    dispatch_unassign(d, job);
    job->run.begun_us = 0;
    dispatch_line_return(d, job);
    return true;
}

/* Once: a job with a payload beyond any worker would go on for ever. */
bool dispatch_reclaim_of_lost(struct dispatcher *d, struct worker *worker)
{
    struct job *job = worker->job;
    bool again = job->run.given_back;
    if (job->run.prefetched)
        return dispatch_reclaim_running(d, job);
    job->run.given_back = true;
    return !again && dispatch_reclaim_running(d, job);
}
