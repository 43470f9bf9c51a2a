/*
 * dispatch_admit: a submitted job begins at once, waits or is refused.
 */
#include "jobs/dispatcher_internal.h"

#include "common/log.h"

enum {
    RETRY_AFTER_MIN_MS = 50,        /* less is an invitation to spin */
    RETRY_AFTER_MAX_MS = 600000,    /* advice beyond ten minutes helps nobody */
    RETRY_AFTER_NO_WORKER_MS = 500, /* while no worker lives */
    RUN_GUESS_US = 100000,          /* of a run, before the first has ended */
};

static void note_queue_full(struct dispatcher *d)
{
    if (log_episode_noticed(&d->queue_full, d->timers))
        log_event(LOG_WARN, "queue-full", LOG_STR("pool", d->name),
                  LOG_UINT("waiting", dispatcher_waiting(d)),
                  LOG_UINT("job_max", d->limits.job_max), LOG_UINT("running", d->running),
                  LOG_STR("hint", "submits are refused; raise job-max or pool-max if this lasts"));
}

void dispatch_admit_queue_full_over(void *arg)
{
    struct dispatcher *d = arg;
    if (log_episode_over(&d->queue_full, d->timers, false))
        log_event(LOG_INFO, "queue-full-over", LOG_STR("pool", d->name),
                  LOG_UINT("seconds", log_episode_seconds(&d->queue_full)),
                  LOG_UINT("refused", d->queue_full.count));
}

/* When half the line will be gone, by the mean run of late. */
static uint64_t retry_after_ms(const struct dispatcher *d)
{
    size_t workers = d->pool.counts[WORKER_IDLE] + d->pool.counts[WORKER_BUSY];
    uint64_t jobs = dispatcher_waiting(d) + d->running;
    uint64_t run_us = d->mean_run_us ? d->mean_run_us : RUN_GUESS_US;
    uint64_t ms = run_us * jobs / (workers ? workers : 1) / 2000;
    if (!workers && ms < RETRY_AFTER_NO_WORKER_MS)
        ms = RETRY_AFTER_NO_WORKER_MS;
    if (ms > RETRY_AFTER_MAX_MS)
        ms = RETRY_AFTER_MAX_MS;
    return ms > RETRY_AFTER_MIN_MS ? ms : RETRY_AFTER_MIN_MS;
}

static void refuse(struct dispatcher *d, struct job *job, enum overload_reason reason)
{
    struct job_event event = {
        .type = JOB_OVERLOAD,
        .pool = d->name,
        .overload = reason,
        .queued = dispatcher_waiting(d),
        .running = d->running,
        .retry_after_ms = retry_after_ms(d),
    };
    if (reason == OVERLOAD_QUEUE_FULL)
        note_queue_full(d);
    dispatch_end(d, job, &event);
}

static void accept_job(struct dispatcher *d, struct job *job, size_t position)
{
    if (job->asked.max_wait_ms)
        dispatch_wait_add(d, job);
    if (job->asked.notify_accepted)
        dispatch_tell(job, &(struct job_event){.type = JOB_ACCEPTED, .position = position});
}

/* The payloads of the pool's jobs, this one included, are too much for the pool. */
static bool is_over_bytes(const struct dispatcher *d)
{
    return d->limits.payload_total_max && d->bytes > d->limits.payload_total_max;
}

static bool quota_used_up(const struct dispatcher *d, const struct job *job)
{
    return d->shared->limits.client_job_max &&
           job->source->job_count + job->source->beside > d->shared->limits.client_job_max;
}

/* Half of the output that may wait for one source is unread. */
static bool is_full(const struct dispatcher *d, const struct job_source *source)
{
    uint64_t most = d->shared->limits.source_output_max;
    return source->bounded && most && source->unread > most / 2;
}

/* waiting - starting < job-max, or a worker can be started for the job. No worker starts for a job
 * of a held source, or in a paused pool. A job admitted for a worker yet to be started may be held
 * afterwards, and then does not take the worker. So at most pool-max jobs are admitted for this
 * reason. */
static bool may_wait(const struct dispatcher *d, const struct job *job)
{
    size_t waiting = dispatcher_waiting(d), job_max = d->limits.job_max;
    if (job->source->held || d->paused)
        return waiting < job_max;
    return waiting < job_max + dispatch_starting(d) ||
           (waiting < job_max + d->limits.pool_max && dispatch_start_can(d));
}

/* An idle worker may give the job back, and then it waits with others given back. */
static bool may_come_back(const struct dispatcher *d, const struct job *job)
{
    return dispatch_aside_count(d) && job->asked.module->history.refusals;
}

/* A worker is idle, and no job waits. */
static bool may_begin(struct dispatcher *d, const struct job *job)
{
    return !d->paused && pool_idle(&d->pool) && !job_queue_ready(&d->line.queue) &&
           !job->source->held && (!may_come_back(d, job) || may_wait(d, job)) &&
           !dispatch_tiny_should_wait(d, job);
}

static void enqueue(struct dispatcher *d, struct job *job)
{
    size_t position = dispatcher_waiting(d);
    job_queue_put(&d->line.queue, job);
    accept_job(d, job, position);
    dispatch_tell_state(d, job);
    dispatch_touch(d, pool_idle(&d->pool) ? DISPATCH_LINE | DISPATCH_POOL : DISPATCH_POOL);
}

void dispatch_admit(struct dispatcher *d, struct job *job)
{
    if (d->shared->draining) {
        dispatch_end_failed(d, job, FAIL_SHUTDOWN, "the server is shutting down");
    } else if (!job->asked.module) {
        dispatch_end_failed(d, job, FAIL_UNKNOWN_MODULE, "%s", job->run.why_no_module);
    } else if (dispatch_breaker_fails(d, job)) {
        dispatch_breaker_fail(d, job);
    } else if (job->run.over_budget || is_over_bytes(d)) {
        refuse(d, job, OVERLOAD_MEMORY);
    } else if (quota_used_up(d, job)) {
        refuse(d, job, OVERLOAD_CLIENT_QUOTA);
    } else if (is_full(d, job->source)) {
        refuse(d, job, OVERLOAD_SERVICE_FULL);
    } else if (may_begin(d, job)) {
        accept_job(d, job, 0);
        job_queue_give_ticket(&d->line.queue, job);
        dispatch_assign(d, pool_idle(&d->pool), job);
        if (d->expiry.limit_ms)
            dispatch_expiry_handed(d, job);
        if (dispatch_line_ready(d))
            dispatch_touch(d, DISPATCH_LINE);
    } else if (may_wait(d, job)) {
        enqueue(d, job);
    } else {
        refuse(d, job, OVERLOAD_QUEUE_FULL);
    }
}
