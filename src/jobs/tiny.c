/*
 * dispatch_tiny: a job that takes microseconds is not worth waking a process for.
 *
 * When as many workers run such jobs of a module as keep all processors busy, and nobody else
 * waits, the line is left to these workers, though others are idle: more of them would only take
 * turns on the same processors, and each costs more to wake than its job. So a pool of 256, which
 * is wanted for jobs that wait for something, costs as little per tiny job as one of four. (Lending
 * such jobs to the busy workers, window after window, was tried first: it needs more code, and all
 * workers are awake after all as soon as the windows of some are full.)
 *
 * What a job takes is known from those before it, and this one may be different. If a worker is
 * still on such a job after some milliseconds, what waits goes to the idle ones, and for a while
 * nothing is left to anybody.
 */
#include "jobs/dispatcher_internal.h"

#include <stddef.h>

enum {
    TINY_RUN_US = 50,          /* about what it takes to wake another process */
    WORKERS_PER_PROCESSOR = 2, /* on tiny jobs keep it busy, also while one of them is woken */
    RECALL_MS = 5,             /* a worker that is on a tiny job for so long was misjudged */
    DISTRUST_MS = 100,         /* for so long after that nothing is left to anybody */
};

static bool is_tiny(const struct module_entry *module)
{
    return module->history.mean_run_us && module->history.mean_run_us <= TINY_RUN_US;
}

/* `waiting`: jobs of whatever module, that one included. */
static bool is_enough(const struct dispatcher *d, const struct module_entry *module, size_t waiting)
{
    return is_tiny(module) && d->limits.processors && d->limits.worker_window > 1 &&
           module->running >= (size_t)d->limits.processors * WORKERS_PER_PROCESSOR &&
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
