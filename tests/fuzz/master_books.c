/* master_books: see master_books.h. */
#include "master_books.h"

#include "common/log.h"
#include "master_workers.h"

static void check_worker(const struct worker *worker, enum worker_state state)
{
    const struct job *job;
    size_t prefetched = 0;
    bug_on(worker->state != state || !sim_is_of(worker));
    bug_on(state == WORKER_BUSY && !worker->job);
    bug_on((state == WORKER_IDLE || state == WORKER_STARTING || state == WORKER_DEAD) &&
           (worker->job || worker->prefetched_count));
    bug_on(worker->job && (worker->job->run.worker != worker || !job_is_assigned(worker->job)));
    TAILQ_FOREACH (job, &worker->prefetched, links.waiting) {
        bug_on(!job_is_prefetched(job) || job->run.worker != worker || !job->run.order);
        prefetched++;
    }
    bug_on(prefetched != worker->prefetched_count || prefetched + 1 > 2u * 9);
}

static void check_pool(const struct dispatcher *d)
{
    size_t running = 0, prefetched = 0, dead = 0;
    for (int state = 0; state < WORKER_STATES; state++) {
        const struct worker *worker;
        size_t count = 0;
        TAILQ_FOREACH (worker, &d->pool.lists[state], link) {
            check_worker(worker, (enum worker_state)state);
            running += worker->job != NULL;
            prefetched += worker->prefetched_count;
            dead += worker->dead;
            count++;
        }
        bug_on(count != d->pool.counts[state]);
    }
    bug_on(running != d->running || prefetched != d->line.prefetched_count);
    bug_on(dead != d->pool.dead);
    bug_on(pool_count(&d->pool) > 2 * highest.pool_max);
    bug_on(pool_count(&d->pool) != d->pool.forks - d->pool.exits);
}

/* Each end of a worker has a reason. */
static void check_ends(const struct dispatcher *d)
{
    uint64_t ends = 0;
    for (int end = END_UNDECIDED + 1; end < WORKER_ENDS; end++)
        ends += d->pool.ends[end];
    bug_on(ends != d->pool.exits);
}

/* Counts the source's jobs in the line that were passed by others. */
static size_t check_passed(const struct dispatcher *d, struct job_source *source)
{
    const struct job_stand *stand = job_queue_stand(source, d->line.queue.number);
    const struct job *job;
    uint64_t before = 0;
    size_t count = 0;
    bug_on(source->held &&
           (source->gone || pools.shared.draining || source->unread <= UNREAD_MAX / 2));
    if (!stand || !stand->passed)
        return 0;
    TAILQ_FOREACH (job, &stand->passed->jobs, links.waiting) {
        bug_on(job->state != JOB_WAITING || job->run.worker || job->seq <= before ||
               job->run.place != JOB_PASSED);
        before = job->seq;
        count++;
    }
    bug_on(!count); /* an unused record is freed */
    return count;
}

static void check_queue(const struct dispatcher *d)
{
    const struct job *job;
    uint64_t before = 0;
    size_t count = 0;
    TAILQ_FOREACH (job, &d->line.queue.jobs, links.waiting) {
        bug_on(job->state != JOB_WAITING || job->run.worker || job->seq <= before);
        bug_on(job->run.pool != d);
        before = job->seq;
        count++;
    }
    for (int i = 0; i < SOURCES; i++)
        count += sources[i].used ? check_passed(d, &sources[i].source) : 0;
    bug_on(count != job_queue_count(&d->line.queue));
    /* Reclaimed jobs come on top of job-max. */
    bug_on(dispatcher_waiting(d) > highest.job_max + 2u * highest.pool_max);
}

void books_check_counts(void)
{
    const struct dispatcher_counts *c = &pools.shared.counts;
    uint64_t sum = c->done + c->dropped + c->orphaned + c->running + pools_waiting(&pools);
    size_t running = 0, waiting = 0;
    for (int i = 0; i < FAIL_REASONS; i++)
        sum += c->failed[i];
    for (int i = 0; i < OVERLOAD_REASONS; i++)
        sum += c->overload[i];
    bug_on(sum != c->submitted || c->submitted != pools.shared.last_seq);
    bug_on(pools.shared.jobs.count != c->running + pools_waiting(&pools));
    for (int i = 0; i < MODULES; i++) {
        running += modules[i].running;
        waiting += modules[i].waiting;
    }
    bug_on(running != c->running || waiting != pools_waiting(&pools));
}

/* No job waits while a worker is idle. */
static void check_idleness(struct dispatcher *d)
{
    const struct job *first = job_queue_first(&d->line.queue);
    /* A short exception: the job is left to the busy workers for some milliseconds, or its source
     * was held until now. */
    bool soon = timer_is_set(&d->tiny.recall) || timer_is_set(&d->pass.more);
    bool idle = d->pool.counts[WORKER_IDLE] && !soon && !d->paused;
    bug_on(first && idle && !first->source->gone && !pools.shared.draining);
    bug_on(d->line.prefetched_count && idle);
}

static void check_streams(void)
{
    for (int i = 0; i < SOURCES; i++)
        if (sources[i].used && sources[i].source.reader && !sources[i].source.gone)
            sims_check_streams(&sources[i]);
}

void books_check(void)
{
    struct dispatcher *d;
    size_t running = 0;
    POOLS_EACH (d, &pools) {
        check_pool(d);
        check_ends(d);
        check_queue(d);
        check_idleness(d);
        running += d->running;
    }
    bug_on(running != pools.shared.counts.running);
    books_check_counts();
    check_streams();
}
