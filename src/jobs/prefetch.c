/*
 * dispatch_prefetch: handing a busy worker its next jobs early.
 *
 * A job with parts waits for its reader, for any time. So nothing stands behind it, and it stands
 * behind nothing.
 */
#include "jobs/dispatcher_internal.h"

enum {
    RUN_MAX_US = 1000,     /* longer jobs do not gain: the way is short beside them */
    BYTES_MAX = 16 * 1024, /* nor do large ones: no job stands behind a larger result (wire.h) */
    /* A worker's output is logged with its current job. So a worker with output gets no job early
     * for this long, and a job of a module with output goes to no worker early. */
    QUIET_US = 10000000,
};

static bool printed_lately(const struct dispatcher *d, uint64_t printed_us)
{
    return printed_us && dispatch_now(d) - printed_us < QUIET_US;
}

static bool may_prefetch(const struct dispatcher *d, const struct worker *worker)
{
    bool prints = printed_lately(d, worker->printed_us);
    return worker->state == WORKER_BUSY && worker->job->state == JOB_RUNNING &&
           !worker->job->asked.notify_part && !worker->signalled && !dispatch_is_leaving(worker) &&
           !dispatch_recycle_turn(d, worker) && !d->paused && !dispatch_fails_waiting(d) &&
           !prints && worker->last_run_us <= RUN_MAX_US && worker->last_result < BYTES_MAX;
}

static bool is_suitable(const struct dispatcher *d, const struct job *job)
{
    return !job->asked.notify_part && module_breaker_is_closed(&job->asked.module->breaker) &&
           (!job->asked.payload || job->asked.payload->size <= BYTES_MAX) &&
           !printed_lately(d, job->asked.module->history.printed_us);
}

static void prefetch_job(struct dispatcher *d, struct worker *worker, struct job *job)
{
    dispatch_assign_hand(d, worker, job, true);
    dispatch_line_prefetched(d, worker, job);
}

/* The share of one busy worker. Another worker may become free: one share is left. In a pool of one
 * nobody else comes. */
static size_t share_of_line(const struct dispatcher *d)
{
    size_t takers = d->limits.pool_max > 1 ? d->pool.counts[WORKER_BUSY] + 1 : 1;
    return job_queue_ready(&d->line.queue) / takers;
}

/* Hands the worker its share of the line, up to the window. A batch shares its system calls and
 * wake-ups: so nothing happens before half of the last batch is used up. */
void dispatch_prefetch(struct dispatcher *d, struct worker *worker)
{
    size_t most = d->limits.worker_window - 1;
    struct job *job;
    if (worker->prefetched_count > most / 2 || !may_prefetch(d, worker))
        return;
    if (share_of_line(d) < most)
        most = share_of_line(d);
    if (d->limits.worker_max_jobs && dispatch_recycle_jobs_left(d, worker) < most)
        most = dispatch_recycle_jobs_left(d, worker);
    while (worker->prefetched_count < most && (job = job_queue_first(&d->line.queue)) &&
           !job->source->gone && is_suitable(d, job)) {
        job_queue_remove(&d->line.queue, job);
        prefetch_job(d, worker, job);
    }
}
