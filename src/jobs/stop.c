/*
 * dispatch_stop: stopping a running job, step by step.
 *
 * Before a worker is hurt in any way, its prefetched jobs are reclaimed: so only its current job
 * can be lost.
 *
 * Signals have a rate. A dying process needs a processor for half a millisecond, and a thousand of
 * them at once leave none to the master. So each worker with a job to be stopped has a time for its
 * signal, and only the first few are sent theirs at once. The server's own end does not wait.
 */
#include "jobs/dispatcher_internal.h"

#include <signal.h>

enum {
    SIGNAL_US = 2000,           /* from one signal to the next, */
    AT_ONCE_US = 7 * SIGNAL_US, /* but the first eight come together */
};

void dispatch_stop_signal(struct dispatcher *d, struct worker *worker, int signo)
{
    worker->signalled = true;
    worker_decide_end(worker, d->shared->draining ? END_DRAIN : END_KILLED);
    if (signo == SIGKILL && worker->state != WORKER_STOPPING) {
        worker_set_state(worker, WORKER_STOPPING, dispatch_now(d));
        dispatch_touch(d, DISPATCH_WAITING); /* perhaps the last to serve the line */
    }
    d->ops->signal(d->ctx, worker, signo);
}

/* Whether the worker's signal is due. If not, the worker's timer fires then. */
static bool may_signal(struct dispatcher *d, struct worker *worker)
{
    uint64_t now = dispatch_now(d);
    if (worker->awaits_signal && timer_is_set(&worker->timer) && !d->shared->stop_by_us)
        return false;
    if (worker->awaits_signal || d->shared->stop_by_us) {
        worker->awaits_signal = false;
        return true;
    }
    uint64_t at = d->shared->next_signal_us > now ? d->shared->next_signal_us : now;
    d->shared->next_signal_us = at + SIGNAL_US;
    if (at <= now + AT_ONCE_US)
        return true;
    worker->awaits_signal = true;
    timer_set(d->timers, &worker->timer, at - AT_ONCE_US);
    return false;
}

static void kill_job(struct dispatcher *d, struct job *job)
{
    if (!may_signal(d, job->run.worker))
        return;
    job->run.stop_step = STOP_SIGKILL;
    timer_clear(d->timers, &job->run.worker->timer);
    dispatch_stop_signal(d, job->run.worker, SIGKILL);
}

/* What the module is told. */
static enum stop_reason reason_of(const struct job *job)
{
    if (job->run.stop_reason == FAIL_TIMEOUT)
        return STOP_REASON_TIMEOUT;
    if (job->run.stop_reason == FAIL_SHUTDOWN)
        return STOP_REASON_SHUTDOWN;
    if (job->by == BY_READER)
        return STOP_REASON_READER;
    return job->by == BY_LINK ? STOP_REASON_LINK : STOP_REASON_CANCEL;
}

void dispatch_stop_begin(struct dispatcher *d, struct job *job, enum fail_reason reason)
{
    if (job->state == JOB_STOPPING)
        return;
    job_set_state(job, JOB_STOPPING);
    job->run.stop_reason = (uint8_t)reason;
    job->run.stop_step = STOP_FLAG;
    job->run.soft_stopped = false;
    dispatch_tell_state(d, job);
    dispatch_reclaim_worker(d, job->run.worker);
    d->ops->stop_flag(d->ctx, job->run.worker, job, reason_of(job));
    dispatch_stream_cut(job);
    timer_set_ms(d->timers, &job->run.worker->timer, d->shared->limits.kill_grace_ms / 2);
}

/* Of a job not being stopped yet. */
static enum fail_reason stop_reason(const struct dispatcher *d, const struct job *job)
{
    if (job->run.cancelled)
        return FAIL_CANCELLED;
    return d->shared->stop_by_us ? FAIL_SHUTDOWN : FAIL_TIMEOUT;
}

void dispatch_stop_now(struct dispatcher *d, struct job *job)
{
    dispatch_stop_begin(d, job, stop_reason(d, job));
    if (job->run.killed && job->run.stop_step != STOP_SIGKILL)
        kill_job(d, job);
}

/* The job stays RUNNING, and has the rest of its time limit. */
static void raise_soft_flag(struct dispatcher *d, struct job *job)
{
    uint32_t rest_ms = job->run.limit_ms ? job->run.limit_ms - job->run.soft_ms : 0;
    job->run.soft_ms = 0;
    job->run.soft_stopped = true;
    d->ops->stop_flag(d->ctx, job->run.worker, job, STOP_REASON_SOFT_TIMEOUT);
    if (rest_ms)
        timer_set_ms(d->timers, &job->run.worker->timer, rest_ms);
}

void dispatch_stop_due(struct dispatcher *d, struct job *job)
{
    if (job->run.soft_ms && !job->run.cancelled && !d->shared->stop_by_us)
        raise_soft_flag(d, job);
    else
        dispatch_stop_now(d, job);
}

/* An unbegun job is not the worker's yet. A job being stopped keeps its reason. */
void dispatch_stop_worker(struct dispatcher *d, struct worker *worker)
{
    dispatch_reclaim_worker(d, worker);
    if (worker->job)
        dispatch_reclaim_running(d, worker->job);
    if (worker->job && worker->job->state == JOB_STOPPING)
        worker->job->run.stop_step = STOP_SIGKILL;
    worker_decide_end(worker, END_KILLED);
    timer_clear(d->timers, &worker->timer);
    dispatch_stop_signal(d, worker, SIGKILL);
    dispatch_touch(d, DISPATCH_POOL); /* jobs may have waited for it, or it was in the way */
}

/* By the operator, with its worker. */
static bool is_killed(const struct job *job)
{
    return job->state == JOB_RUNNING && job->run.worker->state == WORKER_STOPPING &&
           job->run.worker->end == END_KILLED;
}

/* If the worker has begun a prefetched job, this one has ended, and its answer is on the way: a
 * signal now would hit the other job. So the socket is read first, by the worker's timer. */
void dispatch_stop(struct dispatcher *d, struct job *job)
{
    if (is_killed(job))
        return;
    if (dispatch_reclaim_worker(d, job->run.worker))
        dispatch_stop_now(d, job);
    else
        timer_set(d->timers, &job->run.worker->timer, dispatch_now(d));
}

void dispatch_stop_cancelled(struct dispatcher *d, struct job *job, bool kill)
{
    job->run.cancelled = true;
    job->run.killed |= kill;
    dispatch_stop(d, job);
}

void dispatch_stop_step(struct dispatcher *d, struct job *job)
{
    if (job->run.killed || job->run.stop_step != STOP_FLAG) {
        kill_job(d, job);
    } else if (may_signal(d, job->run.worker)) {
        job->run.stop_step = STOP_SIGTERM;
        dispatch_stop_signal(d, job->run.worker, SIGTERM);
        timer_set_ms(d->timers, &job->run.worker->timer,
                     d->shared->limits.kill_grace_ms - d->shared->limits.kill_grace_ms / 2);
    }
}

static const char *stop_text(const struct job *job)
{
    if (job->run.soft_stopped)
        return "the job ran into its soft time limit";
    switch (job->run.stop_reason) {
    case FAIL_TIMEOUT:
        return "the job ran into its time limit";
    case FAIL_CANCELLED:
        return "the job was cancelled";
    default:
        return "the server was shut down";
    }
}

void dispatch_stop_end(struct dispatcher *d, struct job *job)
{
    if (job->run.soft_stopped) {
        job_set_state(job, JOB_STOPPING);
        job->run.stop_reason = FAIL_TIMEOUT;
        job->run.stop_step = STOP_FLAG;
    }
    dispatch_end_failed(d, job, job->run.stop_reason, "%s; it was ended by %s", stop_text(job),
                        stop_step_name(job->run.stop_step));
}
