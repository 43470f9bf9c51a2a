/*
 * dispatch_tiny: a job of microseconds is not worth waking a process for.
 *
 * When enough workers run such jobs of a module to keep all processors busy, and no other module's
 * job waits, the line is left to these workers though others are idle. More workers would only take
 * turns on the same processors, and each costs more to wake than its job. So a pool of 256, sized
 * for jobs with long waits of their own, costs as little per tiny job as a pool of four.
 * (Prefetching such jobs to the busy workers, window after window, was tried first: it needs more
 * code, and wakes all workers after all as soon as the windows of some are full.)
 *
 * How long a job takes is a guess from the jobs before it. If a worker is still on such a job after
 * some milliseconds, the idle workers get the waiting jobs, and for a while no line is left to busy
 * workers.
 */
#include "jobs/dispatcher_internal.h"

#include <stddef.h>

enum {
    TINY_RUN_US = 50,          /* about the cost of waking another process */
    WORKERS_PER_PROCESSOR = 2, /* keep it busy with tiny jobs, also while one is being woken */
    RECALL_MS = 5,             /* a worker still on a tiny job after this was misjudged */
    DISTRUST_MS = 100,         /* so long after a misjudgement no line is left */
};

static bool is_tiny(const struct module_entry *module)
{
    return module->history.mean_run_us && module->history.mean_run_us <= TINY_RUN_US;
}

/* The busy workers are enough. `waiting`: jobs of all modules, the one in question included. */
static bool is_enough(const struct dispatcher *d, const struct module_entry *module, size_t waiting)
{
    return is_tiny(module) && d->shared->limits.processors && d->limits.worker_window > 1 &&
           module->running >= (size_t)d->shared->limits.processors * WORKERS_PER_PROCESSOR &&
           waiting < d->limits.job_max && dispatch_now(d) >= d->tiny.distrust_until_us;
}

bool dispatch_tiny_should_wait(const struct dispatcher *d, const struct job *job)
{
    size_t waiting = dispatcher_waiting(d);
    return job->asked.module->waiting == waiting && is_enough(d, job->asked.module, waiting + 1);
}

bool dispatch_tiny_is_left(struct dispatcher *d)
{
    size_t waiting = dispatcher_waiting(d);
    const struct job *first = job_queue_first(&d->line.queue);
    if (!first)
        first = TAILQ_FIRST(&d->line.prefetched);
    return first && first->source && !first->source->gone &&
           first->asked.module->waiting == waiting && is_enough(d, first->asked.module, waiting);
}

void dispatch_tiny_watch(struct dispatcher *d)
{
    if (!timer_is_set(&d->tiny.recall))
        timer_set_ms(d->timers, &d->tiny.recall, RECALL_MS);
}

void dispatch_tiny_recall(struct dispatcher *d)
{
    struct worker *worker;
    TAILQ_FOREACH (worker, &d->pool.lists[WORKER_BUSY], link) {
        if (!is_tiny(worker->job->asked.module) ||
            dispatch_now(d) - worker->job->run.begun_us < RECALL_MS * 1000ull)
            continue;
        d->tiny.distrust_until_us = dispatch_now(d) + DISTRUST_MS * 1000ull;
        dispatch_reclaim_worker(d, worker);
    }
    dispatch_touch(d, DISPATCH_LINE);
}
