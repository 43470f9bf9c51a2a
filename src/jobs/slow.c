/* slow: see slow.h. */
#include "jobs/slow.h"

#include "jobs/job.h"

enum {
    BATCH = 1000,        /* jobs of a line in one look */
    BETWEEN_US = 100000, /* looks, unless a batch is left: each passes all busy workers */
};

/* One look at the jobs. */
struct look {
    struct job_slow *slow;
    uint64_t now_us, next_us; /* the next time to look */
};

static void look_no_later(struct look *look, uint64_t at_us)
{
    if (at_us < look->next_us)
        look->next_us = at_us;
}

/* Whether the time since then is slow. */
static bool is_slow(struct look *look, uint64_t since_us)
{
    uint64_t due_us = since_us + look->slow->limit_us;
    if (due_us <= look->now_us)
        return true;
    look_no_later(look, due_us);
    return false;
}

/* Returns whether the job has waited long enough. */
static bool look_at_waiting(struct look *look, struct job *job)
{
    if (job->run.told_slow_wait)
        return true;
    if (!is_slow(look, job->run.submitted_us))
        return false;
    job->run.told_slow_wait = true;
    job_log_slow(look->slow->log, job);
    return true;
}

static void look_at_running(struct look *look, struct job *job)
{
    if (job->run.told_slow_run || !is_slow(look, job->run.begun_us))
        return;
    job->run.told_slow_run = true;
    job_log_slow(look->slow->log, job);
}

static struct job *first_at(const struct dispatcher *d, enum job_place place)
{
    return place == JOB_PASSED ? TAILQ_FIRST(&d->line.queue.passed_jobs)
                               : TAILQ_FIRST(&d->line.queue.jobs);
}

static struct job *next_at(const struct job *job, enum job_place place)
{
    return place == JOB_PASSED ? TAILQ_NEXT(job, links.passed) : TAILQ_NEXT(job, links.waiting);
}

/* The last one told is mostly the last of the slow ones. If it has gone, those before it have, too,
 * or are passed by again. */
static struct job *first_untold(const struct dispatcher *d, enum job_place place, uint64_t seq)
{
    const struct job *told = dispatcher_find(d->shared, seq);
    if (told && told->run.pool == d && told->state == JOB_WAITING && told->run.place == place)
        return next_at(told, place);
    return first_at(d, place);
}

/* The line is in the order of the waits, and so are its passed jobs. */
static void look_at_line(struct look *look, struct dispatcher *d, enum job_place place,
                         uint64_t *last_told)
{
    struct job *job = first_untold(d, place, *last_told);
    size_t n = 0;
    for (; job && n < BATCH && look_at_waiting(look, job); n++) {
        *last_told = job->seq;
        job = next_at(job, place);
    }
    if (n == BATCH)
        look->next_us = look->now_us;
}

/* They are in no order. */
static void look_at_aside(struct look *look, struct dispatcher *d)
{
    struct job *job;
    size_t n = 0;
    TAILQ_FOREACH (job, &d->aside.jobs, links.waiting) {
        if (n++ == BATCH)
            return;
        look_at_waiting(look, job);
    }
}

/* The last step of a stop has ended no job yet. */
static void look_at_workers(struct look *look, const struct worker_list *workers)
{
    const struct worker *worker;
    TAILQ_FOREACH (worker, workers, link)
        if (worker->job)
            look_at_running(look, worker->job);
}

static void look_at_pool(struct look *look, struct dispatcher *d)
{
    struct job *job;
    look_at_line(look, d, JOB_IN_LINE, &d->slow_told);
    look_at_line(look, d, JOB_PASSED, &d->slow_told_passed);
    look_at_aside(look, d);
    TAILQ_FOREACH (job, &d->line.prefetched, links.prefetched)
        look_at_waiting(look, job);
    look_at_workers(look, &d->pool.lists[WORKER_BUSY]);
    look_at_workers(look, &d->pool.lists[WORKER_STOPPING]);
}

/* Told jobs alone want no further look; the next turn sets the timer for others to come. */
static void on_timer(void *arg)
{
    struct job_slow *slow = arg;
    struct look look = {.slow = slow, .now_us = slow->timers->now_us, .next_us = TIMERS_NEVER};
    struct dispatcher *d;
    POOLS_EACH (d, slow->pools)
        look_at_pool(&look, d);
    if (look.next_us == look.now_us)
        timer_set_next(slow->timers, &slow->timer);
    else if (look.next_us != TIMERS_NEVER)
        timer_set(slow->timers, &slow->timer,
                  look.next_us < look.now_us + BETWEEN_US ? look.now_us + BETWEEN_US
                                                          : look.next_us);
}

void job_slow_init(struct job_slow *slow, struct pools *pools, struct timers *timers,
                   struct job_log *log)
{
    *slow = (struct job_slow){.pools = pools, .timers = timers, .log = log};
    timer_init(&slow->timer, on_timer, slow);
}

/* Jobs may be slow by the new limit already. */
void job_slow_configure(struct job_slow *slow, uint32_t limit_ms)
{
    slow->limit_us = limit_ms * 1000ull;
    timer_clear(slow->timers, &slow->timer);
    if (limit_ms)
        timer_set_next(slow->timers, &slow->timer);
}

void job_slow_end(struct job_slow *slow)
{
    timer_clear(slow->timers, &slow->timer);
}
