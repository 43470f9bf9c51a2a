/*
 * dispatch_line: the places of waiting jobs: in the line, prefetched, or set aside.
 */
#include "jobs/dispatcher_internal.h"

static const struct job *older(const struct job *a, const struct job *b)
{
    if (!a || !b)
        return a ? a : b;
    return a->seq < b->seq ? a : b;
}

const struct job *dispatcher_oldest_waiting(const struct dispatcher *d)
{
    const struct worker *worker;
    const struct job *oldest = older(job_queue_oldest(&d->line.queue), dispatch_aside_first(d));
    TAILQ_FOREACH (worker, &d->pool.lists[WORKER_BUSY], link)
        oldest = older(oldest, TAILQ_FIRST(&worker->prefetched));
    return oldest;
}

/* Prefetched jobs and those set aside come first; they are few. */
size_t dispatcher_position(const struct job *job)
{
    const struct dispatcher *d = job->run.pool;
    size_t first = d->line.prefetched_count;
    if (job_is_prefetched(job))
        return first - 1;
    first += d->aside.count;
    if (job->run.place == JOB_ASIDE)
        return first - 1;
    return first + job_queue_position(&d->line.queue, job);
}

void dispatch_line_prefetched(struct dispatcher *d, struct worker *worker, struct job *job)
{
    job_set_place(job, JOB_PREFETCHED);
    TAILQ_INSERT_TAIL(&worker->prefetched, job, links.waiting);
    worker->prefetched_count++;
    struct job *before = TAILQ_LAST(&d->line.prefetched, job_list);
    while (before && before->run.order > job->run.order)
        before = TAILQ_PREV(before, job_list, links.prefetched);
    if (before)
        TAILQ_INSERT_AFTER(&d->line.prefetched, before, job, links.prefetched);
    else
        TAILQ_INSERT_HEAD(&d->line.prefetched, job, links.prefetched);
    d->line.prefetched_count++;
}

void dispatch_line_unprefetch(struct dispatcher *d, struct job *job)
{
    struct worker *worker = job->run.worker;
    job_set_place(job, JOB_NOWHERE);
    TAILQ_REMOVE(&worker->prefetched, job, links.waiting);
    worker->prefetched_count--;
    TAILQ_REMOVE(&d->line.prefetched, job, links.prefetched);
    d->line.prefetched_count--;
}

bool dispatch_line_take(struct dispatcher *d, struct job *job)
{
    if (job_is_prefetched(job)) {
        if (!dispatch_settle(d, job))
            return false;
        dispatch_line_unprefetch(d, job);
        dispatch_hold_expect_none(d, job);
        job->run.worker = NULL;
    } else if (job->run.place == JOB_ASIDE) {
        dispatch_aside_remove(d, job);
    } else {
        job_queue_remove(&d->line.queue, job);
    }
    return true;
}

/* A job that only went to a worker early has waited all the time. */
static void put_back(struct dispatcher *d, struct job *job, bool ran)
{
    job_queue_return(&d->line.queue, job);
    if (ran && job->asked.max_wait_ms)
        dispatch_wait_add(d, job);
    if (ran)
        dispatch_tell_state(d, job);
    dispatch_touch(d, DISPATCH_LINE);
}

void dispatch_line_return(struct dispatcher *d, struct job *job)
{
    const bool ran = job->state != JOB_WAITING;
    job->run.worker = NULL;
    dispatch_hold_expect_none(d, job);
    if (ran)
        job_set_state(job, JOB_WAITING);
    if (!job->source)
        dispatch_end_dropped(d, job);
    else if (job->run.cancelled)
        dispatch_end_failed(d, job, FAIL_CANCELLED, "the job was cancelled while it waited");
    else if (dispatch_fails_waiting(d))
        dispatch_end_failed(d, job, FAIL_SHUTDOWN, "the server is shutting down");
    else
        put_back(d, job, ran);
}

void dispatch_line_release_aside(struct dispatcher *d)
{
    struct job *job;
    for (size_t n = 0; n < DISPATCH_BATCH && (job = dispatch_aside_take_leaving(d)); n++)
        dispatch_line_return(d, job);
    dispatch_aside_release_rest(d);
    dispatch_touch(d, DISPATCH_POOL);
}
