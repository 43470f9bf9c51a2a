/*
 * dispatch_expiry: jobs that have waited for max-wait-ms, or for their own max_wait_ms, fail as
 * expired.
 *
 * A pool has one timer (wait.c), and only with a limit in force. For the pool's limit, the oldest
 * of its waiting jobs is the first one due. A job handed to a worker expires if it can be taken
 * back; otherwise it runs.
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

/* The rest of a batch has the next turn. */
static void watch(struct dispatcher *d, const struct job *job)
{
    dispatch_wait_until(d, due_us(d, job));
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

/* Returns how many of a batch have expired. */
static size_t expire_by_pool(struct dispatcher *d)
{
    struct job *job;
    size_t n = 0;
    expire_prefetched(d);
    take_back_unbegun(d);
    for (; n < DISPATCH_BATCH && (job = first_due(d)); n++)
        expire(d, job);
    watch_others(d);
    return n;
}

/* --- jobs with limits of their own --- */

/* An assigned job goes back to the line, and may end there. NULL: the job runs, or has ended. */
static struct job *take_back(struct dispatcher *d, struct job *job)
{
    uint64_t seq = job->seq;
    if (job->state == JOB_WAITING)
        return job;
    if (!job_is_assigned(job) || !dispatch_begin_undo(d, job))
        return NULL;
    job = dispatch_find(d->shared, seq);
    return job && job->state == JOB_WAITING ? job : NULL;
}

/* A job begun just now runs, and is looked at again only if its worker gives it back. */
static void expire_own(struct dispatcher *d, struct job *job)
{
    dispatch_wait_remove(d, job);
    job = take_back(d, job);
    if (job && dispatch_line_take(d, job))
        dispatch_end_failed(d, job, FAIL_EXPIRED,
                            "the job had not begun within its max_wait_ms, %u ms",
                            job->asked.max_wait_ms);
}

static void expire_by_own(struct dispatcher *d, size_t n)
{
    struct job_wait *wait;
    for (; n < DISPATCH_BATCH && (wait = dispatch_wait_first(d)); n++) {
        if (wait->due.key > dispatch_now(d))
            break;
        expire_own(d, wait->job);
    }
    if ((wait = dispatch_wait_first(d)))
        dispatch_wait_until(d, wait->due.key);
}

void dispatch_expiry_due(struct dispatcher *d)
{
    size_t n = d->expiry.limit_ms ? expire_by_pool(d) : 0;
    expire_by_own(d, n);
    dispatch_touch(d, DISPATCH_WAITING);
}
