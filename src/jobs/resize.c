/*
 * dispatch_resize: the pool becomes smaller, and its surplus workers end.
 *
 * Starting ones go first, then those idle the longest, then busy ones after their job. A larger
 * pool needs nothing: workers are started when they are wanted.
 */
#include "jobs/dispatcher_internal.h"

/* Workers that would stay. */
static size_t count_staying(const struct dispatcher *d)
{
    const struct worker *worker;
    size_t staying = dispatch_starting(d) + d->pool.counts[WORKER_IDLE];
    TAILQ_FOREACH (worker, &d->pool.lists[WORKER_BUSY], link)
        staying += !dispatch_is_leaving(worker);
    return staying;
}

static struct worker *first_free(const struct dispatcher *d)
{
    struct worker *starting = TAILQ_FIRST(&d->pool.lists[WORKER_STARTING]);
    return starting ? starting : TAILQ_LAST(&d->pool.lists[WORKER_IDLE], worker_list);
}

/* Its prefetched jobs are for others. */
static void leave_after_job(struct dispatcher *d, struct worker *worker)
{
    worker->leaving = true;
    worker_decide_end(worker, END_RESIZE);
    dispatch_reclaim_worker(d, worker);
}

void dispatch_resize_end_surplus(struct dispatcher *d)
{
    struct worker *worker;
    size_t staying = count_staying(d);
    size_t surplus = staying > d->limits.pool_max ? staying - d->limits.pool_max : 0;
    for (; surplus && (worker = first_free(d)); surplus--)
        dispatch_retire(d, worker, END_RESIZE);
    for (worker = TAILQ_FIRST(&d->pool.lists[WORKER_BUSY]); worker && surplus;
         worker = TAILQ_NEXT(worker, link)) {
        if (dispatch_is_leaving(worker))
            continue;
        leave_after_job(d, worker);
        surplus--;
    }
}
