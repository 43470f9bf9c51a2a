/*
 * dispatch_run: from the line to the workers: assigning jobs, lending them early, taking them back.
 */
#include "jobs/dispatcher_internal.h"

#include "common/log.h"

enum {
    LEND_RUN_MAX_US = 1000,     /* longer jobs are not worth it: the way is short beside them */
    LEND_BYTES_MAX = 16 * 1024, /* nor are large ones: nobody is behind a result of more (wire.h) */
    LEND_QUIET_US = 10000000,   /* what a worker prints is logged with its job: one that did is lent
                                   nothing for so long, and its job's module to nobody */
};

bool dispatch_settle(struct dispatcher *d, struct job *job)
{
    return d->ops->reclaim(d->ctx, job->run.worker, job);
}

void dispatch_line_unprefetch(struct dispatcher *d, struct job *job)
{
    struct worker *worker = job->run.worker;
    TAILQ_REMOVE(&worker->prefetched, job, links.waiting);
    worker->prefetched_count--;
    TAILQ_REMOVE(&d->lent_jobs, job, links.prefetched);
    d->lent--;
}

bool dispatch_line_take(struct dispatcher *d, struct job *job)
{
    if (job->run.set_aside) {
        dispatch_aside_remove(d, job);
    } else if (!job_is_prefetched(job)) {
        job_queue_remove(&d->queue, job);
    } else if (dispatch_settle(d, job)) {
        dispatch_line_unprefetch(d, job);
        dispatch_hold_expect_none(d, job);
        job->run.worker = NULL;
    } else {
        return false;
    }
    return true;
}

void dispatch_line_return(struct dispatcher *d, struct job *job)
{
    job->run.worker = NULL;
    dispatch_hold_expect_none(d, job);
    if (job->state != JOB_WAITING)
        job_set_state(job, JOB_WAITING);
    if (!job->source)
        dispatch_end_dropped(d, job);
    else if (job->run.cancelled)
        dispatch_end_failed(d, job, FAIL_CANCELLED, "the job was cancelled while it waited");
    else if (d->draining)
        dispatch_end_failed(d, job, FAIL_SHUTDOWN, "the server is shutting down");
    else
        job_queue_return(&d->queue, job);
}

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

static bool return_unbegun(struct dispatcher *d, struct job *job)
{
    if (job->state != JOB_RUNNING || !dispatch_settle(d, job))
        return false;
    dispatch_unassign(d, job);
    job->run.begun_us = 0;
    dispatch_line_return(d, job);
    return true;
}

bool dispatch_reclaim_current(struct dispatcher *d, struct worker *worker)
{
    return worker->job->run.prefetched && return_unbegun(d, worker->job);
}

/* Once: should its payload be more than a worker can take, it would go on for ever. */
bool dispatch_reclaim_of_lost(struct dispatcher *d, struct worker *worker)
{
    struct job *job = worker->job;
    bool again = job->run.given_back;
    if (job->run.prefetched)
        return return_unbegun(d, job);
    job->run.given_back = true;
    return !again && return_unbegun(d, job);
}

/* In their order, so that each finds its place in the line right behind the one before. */
void dispatch_reclaim_all(struct dispatcher *d)
{
    struct job *job, *next;
    for (job = TAILQ_FIRST(&d->lent_jobs); job; job = next) {
        next = TAILQ_NEXT(job, links.prefetched);
        dispatch_reclaim_job(d, job);
    }
}

static uint32_t least_limit(uint32_t a, uint32_t b)
{
    if (!a || !b)
        return a ? a : b;
    return a < b ? a : b;
}

static uint32_t limit_ms(const struct dispatcher *d, const struct job *job)
{
    return least_limit(least_limit(job->asked.timeout_ms, job->asked.module->settings.timeout_ms),
                       d->limits.job_timeout_ms);
}

/* The job's order is that in which jobs are first handed to a worker, and stays if it is taken
 * back. */
static void hand(struct dispatcher *d, struct worker *worker, struct job *job, bool prefetched)
{
    if (!job->run.order)
        job->run.order = ++d->last_order;
    job->run.worker = worker;
    job->run.prefetched = prefetched;
    job->run.tag =
        d->ops->assign(d->ctx, &(struct assignment){.worker = worker,
                                                    .job = job,
                                                    .limit_us = limit_ms(d, job) * 1000ull,
                                                    .prefetched = prefetched});
    dispatch_hold_expect(d, job);
}

/* From now on the worker is on this job, as far as we can tell. */
static void begin(struct dispatcher *d, struct worker *worker, struct job *job)
{
    job_set_state(job, JOB_RUNNING);
    job->run.begun_us = dispatch_now(d);
    worker->job = job;
    d->counts.running++;
    if (limit_ms(d, job))
        timer_set_ms(d->timers, &worker->timer, limit_ms(d, job));
    if (job->asked.notify_started && !job->run.told_started)
        dispatch_tell(job, &(struct job_event){.type = JOB_STARTED, .worker = worker->id});
    job->run.told_started = true; /* once, also if it must begin again elsewhere */
    if (job->run.cancelled || d->stop_by_us)
        dispatch_stop(d, job);
}

void dispatch_assign_prefetched(struct dispatcher *d, struct worker *worker)
{
    struct job *job = TAILQ_FIRST(&worker->prefetched);
    dispatch_line_unprefetch(d, job);
    begin(d, worker, job);
}

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
    hand(d, worker, job, true);
    TAILQ_INSERT_TAIL(&worker->prefetched, job, links.waiting);
    worker->prefetched_count++;
    struct job *before = TAILQ_LAST(&d->lent_jobs, job_list);
    while (before && before->run.order > job->run.order)
        before = TAILQ_PREV(before, job_list, links.prefetched);
    if (before)
        TAILQ_INSERT_AFTER(&d->lent_jobs, before, job, links.prefetched);
    else
        TAILQ_INSERT_HEAD(&d->lent_jobs, job, links.prefetched);
    d->lent++;
}

/*
 * Hands the worker its next jobs early: its share of the line, up to the window, and in batches, so
 * that what travels together shares its system calls and wake-ups.
 */
static void dispatch_prefetch(struct dispatcher *d, struct worker *worker)
{
    size_t most = d->limits.worker_window - 1;
    size_t share = job_queue_ready(&d->queue) / (d->pool.counts[WORKER_BUSY] + 1);
    struct job *job;
    if (worker->prefetched_count > most / 2 || !share || !may_be_lent_to(d, worker))
        return;
    if (share < most)
        most = share;
    while (worker->prefetched_count < most && (job = job_queue_first(&d->queue)) &&
           !job->source->gone && may_be_lent(d, job)) {
        job_queue_remove(&d->queue, job);
        lend_job(d, worker, job);
    }
}

void dispatch_unassign(struct dispatcher *d, struct job *job)
{
    bug_on(job->run.worker->job != job);
    job->run.worker->job = NULL;
    job->run.worker->awaits_signal = false;
    job->run.worker = NULL;
    d->counts.running--;
}

void dispatch_assign(struct dispatcher *d, struct worker *worker, struct job *job)
{
    hand(d, worker, job, false); /* counts as begun: an idle worker takes the job at once */
    worker_set_state(worker, WORKER_BUSY, dispatch_now(d));
    begin(d, worker, job);
}

/* The longest lent job that no worker has begun, out of that worker's; NULL if there is none. */
static struct job *first_lent(struct dispatcher *d)
{
    struct job *job = TAILQ_FIRST(&d->lent_jobs);
    while (job && !dispatch_line_take(d, job))
        job = TAILQ_NEXT(job, links.prefetched);
    return job;
}

/* The next job for an idle worker, out of the line; NULL if there is none. */
static struct job *next_job(struct dispatcher *d)
{
    struct job *job;
    size_t dropped = 0;
    while ((job = job_queue_first(&d->queue))) {
        if (job->source->gone && dropped++ == DISPATCH_BATCH) { /* go on in the next turn */
            timer_set_next(d->timers, &d->more);
            return NULL;
        }
        dispatch_line_take(d, job);
        if (!job->source->gone)
            return job;
        dispatch_end_dropped(d, job);
    }
    if (job_queue_ready(&d->queue)) { /* behind very many that are held */
        timer_set_next(d->timers, &d->more);
        return NULL;
    }
    return first_lent(d);
}

void dispatch_assign_waiting(struct dispatcher *d)
{
    struct worker *worker;
    struct job *job;
    while ((worker = pool_idle(&d->pool)) && !dispatch_tiny_is_left(d) && (job = next_job(d)))
        dispatch_assign(d, worker, job);
    dispatch_watch_line(d);
}

bool dispatch_worker_idle(struct dispatcher *d, struct worker *worker)
{
    if (worker->state == WORKER_STOPPING)
        return false;
    if (worker->signalled || dispatch_renew_is_leaving(d, worker) || d->draining) {
        dispatch_retire(d, worker);
        return false;
    }
    worker_set_state(worker, WORKER_IDLE, dispatch_now(d));
    dispatch_assign_waiting(d);
    return worker->job != NULL;
}

void dispatch_next(struct dispatcher *d, struct worker *worker)
{
    worker->jobs_done++;
    if (dispatch_start_must_make_room(d) && dispatch_reclaim_worker(d, worker))
        worker->stale = true; /* else it is on another job already, which may be a long one */
    dispatch_assign_next(d, worker);
}

void dispatch_assign_next(struct dispatcher *d, struct worker *worker)
{
    timer_clear(d->timers, &worker->timer);
    if (worker->prefetched_count)
        dispatch_assign_prefetched(d, worker);
    else if (!dispatch_worker_idle(d, worker))
        return;
    if (worker->job)
        dispatch_prefetch(d, worker);
}
