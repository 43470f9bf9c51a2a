/*
 * dispatch_progress: the progress of running jobs.
 *
 * A worker tells of its job's progress by messages if the submitter asks for that, and always keeps
 * the latest report where the operation `progress` finds it. The latest report comes before the
 * terminal event, also if the worker has crashed before it could send the report.
 */
#include "jobs/dispatcher_internal.h"

/* A report is told once, and none after a later one. */
static void tell(struct job *job, const struct job_progress *progress)
{
    if (progress->count <= job->run.worker->told_progress)
        return;
    job->run.worker->told_progress = progress->count;
    dispatch_tell(job, &(struct job_event){.type = JOB_PROGRESS, .progress = progress});
}

void dispatcher_worker_progress(struct worker *worker, const struct job_progress *progress)
{
    worker->heard_us = dispatch_now(dispatcher_of(worker));
    if (worker->job && worker->job->asked.notify_progress)
        tell(worker->job, progress);
}

bool dispatcher_job_progress(const struct job *job, struct job_progress *latest)
{
    const struct dispatcher *d = job->run.pool;
    return job_is_assigned(job) && d->ops->progress &&
           d->ops->progress(d->ctx, job->run.worker, job, latest);
}

void dispatch_progress_end(struct job *job)
{
    struct job_progress latest;
    if (dispatcher_job_progress(job, &latest))
        tell(job, &latest);
}
