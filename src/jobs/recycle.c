/*
 * dispatch_recycle: replacing workers between their jobs, a few at a time.
 *
 * A worker to be recycled is marked with the reason (worker_end.h), and serves on until its turn.
 * At most a quarter of the pool's workers, and at least one, is in exchange: about to go, or
 * starting. Where pool-max leaves room, a replacement starts first. Once one worker more is ready
 * than the pool needs, the next marked worker without a job ends. In a full pool the marked worker
 * ends first, and its place is free for the replacement. While starts fail, or while a reload waits
 * for its first new worker, no turn comes: a pool is never used up by settings with which no worker
 * starts.
 *
 * A dead worker ends at once, and takes no turn: its replacement is there already. Otherwise it
 * would serve on, alive again, as if it had never been recycled.
 *
 * A pool needs pool-start workers, and as many as are on jobs. So an idle worker over pool-start
 * ends without a replacement.
 *
 * Idle workers come first, those idle the longest before the others. No busy worker is chosen
 * beforehand: whichever marked worker ends its job when a turn is free takes it. The other design
 * was to choose a worker for each replacement, and to wait for its job. There an hour's job in the
 * one worker keeps all others from their turns, and a pool of four is an hour late.
 *
 * A worker with worker-max-jobs is marked at the beginning of its last job, so that the replacement
 * starts meanwhile, and is handed none early behind that job. If no turn is free afterwards, the
 * worker does further jobs, one at a time. Idle it would be of no use, and four workers started
 * together reach their last jobs together.
 */
#include "jobs/dispatcher_internal.h"

static size_t quarter(const struct dispatcher *d)
{
    size_t workers = dispatch_places(d);
    return workers < 8 ? 1 : workers / 4;
}

bool dispatch_recycle_may_begin(const struct dispatcher *d)
{
    return d->pool.recycling + dispatch_starting(d) < quarter(d);
}

/* After failed starts one exchange is tried at a time, as starts are. */
static bool is_turn_free(const struct dispatcher *d)
{
    bool none = d->pool.recycling + dispatch_starting(d) == 0;
    return dispatch_recycle_may_begin(d) && (none || !dispatch_start_error(d)) &&
           !dispatch_start_is_unsure(d) && !dispatch_renew_is_on_trial(d);
}

static size_t needed(const struct dispatcher *d)
{
    size_t busy = d->pool.counts[WORKER_BUSY];
    return busy > d->limits.pool_start ? busy : d->limits.pool_start;
}

static size_t ready(const struct dispatcher *d)
{
    return d->pool.counts[WORKER_IDLE] + d->pool.counts[WORKER_BUSY];
}

bool dispatch_recycle_may_end(const struct dispatcher *d)
{
    bool full = dispatch_places(d) >= d->limits.pool_max;
    return is_turn_free(d) && (full || ready(d) > needed(d));
}

bool dispatch_recycle_wants_worker(const struct dispatcher *d)
{
    if (!d->pool.due || !is_turn_free(d))
        return false;
    size_t turns = quarter(d) - d->pool.recycling;
    size_t replacements = d->pool.due < turns ? d->pool.due : turns;
    return ready(d) + dispatch_starting(d) < needed(d) + replacements;
}

bool dispatch_recycle_mark(struct dispatcher *d, struct worker *worker, enum worker_end end)
{
    if (worker_is_ending(worker))
        return false;
    dispatch_touch(d, DISPATCH_POOL);
    if (worker->state == WORKER_DEAD) {
        dispatch_retire(d, worker, END_DEAD);
        return true;
    }
    worker_decide_end(worker, end);
    if (dispatch_recycle_turn(d, worker))
        dispatch_reclaim_worker(d, worker);
    return true;
}

void dispatch_recycle_begun(struct dispatcher *d, struct worker *worker)
{
    if (worker->jobs_done + 1 >= d->limits.worker_max_jobs)
        dispatch_recycle_mark(d, worker, END_MAX_JOBS);
}

size_t dispatch_recycle_jobs_left(const struct dispatcher *d, const struct worker *worker)
{
    uint32_t most = d->limits.worker_max_jobs;
    return worker->jobs_done + 1 < most ? most - worker->jobs_done - 1 : 0;
}

size_t dispatch_recycle_mark_all(struct dispatcher *d, enum worker_end end)
{
    static const enum worker_state serving[] = {WORKER_STARTING, WORKER_IDLE, WORKER_BUSY};
    struct worker *worker;
    size_t count = d->pool.counts[WORKER_DEAD];
    dispatch_retire_all(d, WORKER_DEAD, END_DEAD);
    for (size_t i = 0; i < sizeof serving / sizeof *serving; i++)
        TAILQ_FOREACH (worker, &d->pool.lists[serving[i]], link)
            count += dispatch_recycle_mark(d, worker, end);
    return count;
}

void dispatch_recycle_look(struct dispatcher *d)
{
    struct worker *worker = TAILQ_LAST(&d->pool.lists[WORKER_IDLE], worker_list), *next;
    for (; worker && dispatch_recycle_may_end(d); worker = next) {
        next = TAILQ_PREV(worker, worker_list, link);
        if (worker_end_is_recycling(worker->end))
            dispatch_retire(d, worker, worker->end);
    }
}
