/*
 * dispatch_expiry: jobs that have waited for max-wait-ms fail as expired.
 *
 * A pool has one timer, for the oldest of its waiting jobs, and only with a limit in force. A job
 * handed to a worker expires if it can be taken back; otherwise it runs.
 */
#include "jobs/dispatcher_internal.h"

void dispatch_expiry_configure(struct dispatcher *d)
{
    d->expiry.limit_ms =
        dispatch_least_limit(d->limits.max_wait_ms, d->shared->limits.pool.max_wait_ms);
}

static uint64_t due_us(const struct dispatcher *d, const struct job *job)
{
    return job->run.submitted_us + d->expiry.limit_ms * 1000ull;
}

/* The timer fires when the job is due, or earlier; the rest of a batch has the next turn. */
static void watch(struct dispatcher *d, const struct job *job)
{
    uint64_t due = due_us(d, job);
    if (due <= dispatch_now(d))
        due = dispatch_now(d) + 1;
    if (!timer_is_set(&d->expiry.timer) || due < d->expiry.next_us)
        timer_set(d->timers, &d->expiry.timer, d->expiry.next_us = due);
}

void dispatch_expiry_watch(struct dispatcher *d)
{
    const struct job *oldest;
    if ((oldest = job_queue_oldest(&d->line.queue)))
        watch(d, oldest);
}

void dispatch_expiry_handed(struct dispatcher *d, const struct job *job)
{
    watch(d, job);
}

/* `job`: or NULL. */
static bool is_due(const struct dispatcher *d, const struct job *job)
{
    return job && due_us(d, job) <= dispatch_now(d);
}

/* The first job of the line or of those set aside that is due; NULL if none is. */
static struct job *first_due(struct dispatcher *d)
{
    struct job *job = job_queue_oldest(&d->line.queue);
    if (!is_due(d, job))
        job = dispatch_aside_first(d);
    return is_due(d, job) ? job : NULL;
}

/* A job begun just now runs. */
static void expire(struct dispatcher *d, struct job *job)
{
    if (dispatch_line_take(d, job))
        dispatch_end_failed(d, job, FAIL_EXPIRED, "the job had not begun within max-wait-ms, %u ms",
                            d->expiry.limit_ms);
}

/* Few: the windows of the busy workers. */
static void expire_prefetched(struct dispatcher *d)
{
    struct job *job, *next;
    for (job = TAILQ_FIRST(&d->line.prefetched); job; job = next) {
        next = TAILQ_NEXT(job, links.prefetched);
        if (due_us(d, job) <= dispatch_now(d))
            expire(d, job);
    }
}

/* To their places in the line: they are the first ones due. */
static void take_back_unbegun(struct dispatcher *d)
{
    struct worker *worker, *next;
    for (worker = TAILQ_FIRST(&d->pool.lists[WORKER_BUSY]); worker; worker = next) {
        next = TAILQ_NEXT(worker, link);
        if (due_us(d, worker->job) <= dispatch_now(d))
            dispatch_begin_undo(d, worker->job);
    }
}

/* Of those to be begun by their workers, though not handed early. */
static const struct job *oldest_unbegun(const struct dispatcher *d)
{
    const struct worker *worker;
    const struct job *oldest = NULL;
    TAILQ_FOREACH (worker, &d->pool.lists[WORKER_BUSY], link)
        if (due_us(d, worker->job) > dispatch_now(d) &&
            (!oldest || worker->job->seq < oldest->seq) && !dispatcher_worker_has_begun(worker))
            oldest = worker->job;
    return oldest;
}

/* Begun ones wait no more, though their workers have not said so. */
static const struct job *oldest_prefetched(const struct dispatcher *d)
{
    const struct job *job, *oldest = NULL;
    TAILQ_FOREACH (job, &d->line.prefetched, links.prefetched)
        if (due_us(d, job) > dispatch_now(d) && (!oldest || job->seq < oldest->seq))
            oldest = job;
    return oldest;
}

/* The line is watched by each pass; the others came from there. */
static void watch_others(struct dispatcher *d)
{
    const struct job *aside = dispatch_aside_first(d), *prefetched = oldest_prefetched(d),
                     *unbegun = oldest_unbegun(d);
    if (aside)
        watch(d, aside);
    if (prefetched)
        watch(d, prefetched);
    if (unbegun)
        watch(d, unbegun);
}

void dispatch_expiry_due(struct dispatcher *d)
{
    struct job *job;
    size_t n = 0;
    if (!d->expiry.limit_ms)
        return;
    expire_prefetched(d);
    take_back_unbegun(d);
    while (n++ < DISPATCH_BATCH && (job = first_due(d)))
        expire(d, job);
    watch_others(d);
    dispatch_touch(d, DISPATCH_WAITING);
}
