/*
 * dispatch_deadlines: the timers of workers: a job's time limit, the next step of stopping a job,
 * and the deadlines for a worker's start and end.
 */
#include "jobs/dispatcher_internal.h"

#include <signal.h>

/* Reads all messages sent by the worker so far. */
static void poll(struct dispatcher *d, struct worker *worker)
{
    dispatch_enter(d);
    d->ops->poll(d->ctx, worker);
    dispatch_leave(d);
}

/* An answer arrived in time counts, even if the master is late: so the worker's socket is read
 * first. */
static void on_job_deadline(struct dispatcher *d, struct worker *worker)
{
    uint32_t id = worker->id;
    uint64_t seq = worker->job->seq;
    dispatch_reclaim_worker(d, worker);
    poll(d, worker);
    worker = pool_find(&d->pool, id);
    struct job *job = worker ? worker->job : NULL;
    if (!job || job->seq != seq)
        return;
    if (job->state == JOB_STOPPING)
        dispatch_stop_step(d, job);
    else if (!dispatch_begin_has_time(d, worker))
        dispatch_stop_due(d, job);
}

static void on_start_deadline(struct dispatcher *d, struct worker *worker)
{
    uint32_t id = worker->id;
    poll(d, worker);
    worker = pool_find(&d->pool, id);
    if (!worker || worker->state != WORKER_STARTING)
        return;
    bool old = dispatch_renew_is_old(d, worker);
    worker_decide_end(worker, END_DEAD);
    dispatch_stop_signal(d, worker, SIGKILL);
    dispatch_touch(d, DISPATCH_POOL); /* jobs may have waited for it */
    if (!old)
        dispatch_start_failed(d, "a worker was not ready within start-timeout-ms");
}

/* The worker is dead, or was told to end in vain. */
static void on_end_deadline(struct dispatcher *d, struct worker *worker)
{
    if (worker->state == WORKER_DEAD)
        worker_decide_end(worker, END_DEAD);
    dispatch_stop_signal(d, worker, SIGKILL);
}

void dispatch_deadlines_passed(struct dispatcher *d, struct worker *worker)
{
    if (worker->job)
        on_job_deadline(d, worker);
    else if (worker->state == WORKER_STARTING)
        on_start_deadline(d, worker);
    else
        on_end_deadline(d, worker);
}
