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

static void check_pool(void)
{
    size_t running = 0, prefetched = 0;
    for (int state = 0; state < WORKER_STATES; state++) {
        const struct worker *worker;
        size_t count = 0;
        TAILQ_FOREACH (worker, &dispatcher.pool.lists[state], link) {
            check_worker(worker, (enum worker_state)state);
            running += worker->job != NULL;
            prefetched += worker->prefetched_count;
            count++;
        }
        bug_on(count != dispatcher.pool.counts[state]);
    }
    bug_on(running != shared.counts.running || prefetched != dispatcher.line.prefetched_count);
    bug_on(pool_count(&dispatcher.pool) > 2 * highest.pool.pool_max);
    bug_on(pool_count(&dispatcher.pool) != dispatcher.pool.forks - dispatcher.pool.exits);
}

/* Counts the source's jobs passed by others. */
static size_t check_passed(const struct job_source *source)
{
    const struct job *job;
    uint64_t before = 0;
    size_t count = 0;
    bug_on(source->held && (source->gone || shared.draining || source->unread <= UNREAD_MAX / 2));
    if (!source->first.passed)
        return 0;
    TAILQ_FOREACH (job, &source->first.passed->jobs, links.waiting) {
        bug_on(job->state != JOB_WAITING || job->run.worker || job->seq <= before ||
               job->run.place != JOB_PASSED);
        before = job->seq;
        count++;
    }
    bug_on(!count); /* an unused record is freed */
    return count;
}

static void check_queue(void)
{
    const struct job *job;
    uint64_t before = 0;
    size_t count = 0;
    TAILQ_FOREACH (job, &dispatcher.line.queue.jobs, links.waiting) {
        bug_on(job->state != JOB_WAITING || job->run.worker || job->seq <= before);
        before = job->seq;
        count++;
    }
    for (int i = 0; i < SOURCES; i++)
        count += sources[i].used ? check_passed(&sources[i].source) : 0;
    bug_on(count != job_queue_count(&dispatcher.line.queue));
    /* Reclaimed jobs come on top of job-max. */
    bug_on(dispatcher_waiting(&dispatcher) > highest.pool.job_max + 2u * highest.pool.pool_max);
}

void books_check_counts(void)
{
    const struct dispatcher_counts *c = &shared.counts;
    uint64_t sum =
        c->done + c->dropped + c->orphaned + c->running + dispatcher_waiting(&dispatcher);
    size_t running = 0, waiting = 0;
    for (int i = 0; i < FAIL_REASONS; i++)
        sum += c->failed[i];
    for (int i = 0; i < OVERLOAD_REASONS; i++)
        sum += c->overload[i];
    bug_on(sum != c->submitted || c->submitted != shared.last_seq);
    bug_on(shared.jobs.count != c->running + dispatcher_waiting(&dispatcher));
    for (int i = 0; i < MODULES; i++) {
        running += modules[i].running;
        waiting += modules[i].waiting;
    }
    bug_on(running != c->running || waiting != dispatcher_waiting(&dispatcher));
}

/* No job waits while a worker is idle. */
static void check_idleness(void)
{
    const struct job *first = job_queue_first(&dispatcher.line.queue);
    /* A short exception: the job is left to the busy workers for some milliseconds, or its source
     * was held until now. */
    bool soon = timer_is_set(&dispatcher.tiny.recall) || timer_is_set(&dispatcher.pass.more);
    bug_on(first && dispatcher.pool.counts[WORKER_IDLE] && !first->source->gone &&
           !shared.draining && !soon);
    bug_on(dispatcher.line.prefetched_count && dispatcher.pool.counts[WORKER_IDLE] && !soon);
}

void books_check(void)
{
    check_pool();
    check_queue();
    books_check_counts();
    check_idleness();
}
