/*
 * dispatch_deadlines: what happens when a worker or its job has had its time.
 */
#include "jobs/dispatcher_internal.h"

#include <signal.h>
#include <stddef.h>

/* What arrived in time counts, also if we come late: the worker's socket is read before it is
 * judged. A job that it has not begun has had no time at all. */
static void on_job_deadline(struct dispatcher *d, struct worker *worker)
{
    uint32_t id = worker->id;
    uint64_t seq = worker->job->seq;
    dispatch_reclaim_worker(d, worker);
    d->ops->poll(d->ctx, worker);
    worker = pool_find(&d->pool, id);
    struct job *job = worker ? worker->job : NULL;
    if (job && job->seq == seq && dispatch_reclaim_current(d, worker)) {
        if (!dispatch_worker_idle(d, worker)) /* else the line was served */
            dispatch_assign_waiting(d);
        return;
    }
    if (job && job->seq == seq && job->state == JOB_STOPPING)
        dispatch_stop_step(d, job);
    else if (job && job->seq == seq)
        dispatch_stop_now(d, job);
    dispatch_assign_waiting(d);
}

static void on_start_deadline(struct dispatcher *d, struct worker *worker)
{
    uint32_t id = worker->id;
    d->ops->poll(d->ctx, worker);
    worker = pool_find(&d->pool, id);
    if (!worker || worker->state != WORKER_STARTING)
        return;
    bool old = dispatch_renew_is_old(d, worker);
    dispatch_stop_signal(d, worker, SIGKILL);
    if (!old)
        dispatch_start_failed(d, "a worker was not ready within start-timeout-ms");
}

static struct dispatcher *dispatcher_of(struct worker *worker)
{
    return (struct dispatcher *)((char *)worker->pool - offsetof(struct dispatcher, pool));
}

void dispatch_deadlines_passed(void *arg)
{
    struct worker *worker = arg;
    struct dispatcher *d = dispatcher_of(worker);
    if (worker->job)
        on_job_deadline(d, worker);
    else if (worker->state == WORKER_STARTING)
        on_start_deadline(d, worker);
    else
        dispatch_stop_signal(d, worker, SIGKILL); /* it was told to end and did not */
}
