/*
 * dispatch_prefetch: handing a busy worker its next jobs early.
 */
#include "jobs/dispatcher_internal.h"

enum {
    LEND_RUN_MAX_US = 1000,     /* longer jobs are not worth it: the way is short beside them */
    LEND_BYTES_MAX = 16 * 1024, /* nor are large ones: nobody is behind a result of more (wire.h) */
    LEND_QUIET_US = 10000000,   /* what a worker prints is logged with its job: one that did is lent
                                   nothing for so long, and its job's module to nobody */
};

static bool printed_lately(const struct dispatcher *d, uint64_t printed_us)
{
    return printed_us && dispatch_now(d) - printed_us < LEND_QUIET_US;
}

static bool may_be_lent_to(const struct dispatcher *d, const struct worker *worker)
{
    bool prints = printed_lately(d, worker->printed_us);
    return worker->state == WORKER_BUSY && worker->job->state == JOB_RUNNING &&
           !worker->signalled && !dispatch_renew_is_leaving(d, worker) && !d->draining && !prints &&
           worker->last_run_us <= LEND_RUN_MAX_US && worker->last_result < LEND_BYTES_MAX;
}

static bool may_be_lent(const struct dispatcher *d, const struct job *job)
{
    return (!job->asked.payload || job->asked.payload->size <= LEND_BYTES_MAX) &&
           !printed_lately(d, job->asked.module->history.printed_us);
}

/* Hands the worker a waiting job that is in no line. Its order is mostly the last: only one that
 * was handed over before has an older. */
static void lend_job(struct dispatcher *d, struct worker *worker, struct job *job)
{
    dispatch_assign_hand(d, worker, job, true);
    dispatch_line_prefetched(d, worker, job);
}

/*
 * Hands the worker its next jobs early: its share of the line, up to the window, and in batches, so
 * that what travels together shares its system calls and wake-ups.
 */
void dispatch_prefetch(struct dispatcher *d, struct worker *worker)
{
    size_t most = d->limits.worker_window - 1;
    struct job *job;
    if (worker->prefetched_count > most / 2 || !may_be_lent_to(d, worker))
        return;
    size_t share = job_queue_ready(&d->line.queue) / (d->pool.counts[WORKER_BUSY] + 1);
    if (share < most)
        most = share;
    while (worker->prefetched_count < most && (job = job_queue_first(&d->line.queue)) &&
           !job->source->gone && may_be_lent(d, job)) {
        job_queue_remove(&d->line.queue, job);
        lend_job(d, worker, job);
    }
}
