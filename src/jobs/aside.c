/*
 * dispatch_aside: waiting jobs for fresh workers.
 */
#include "jobs/dispatcher_internal.h"

enum { TRIAL_MS = 200 }; /* a fresh worker has so long to answer before another is looked for */

void dispatch_aside_put(struct dispatcher *d, struct job *job)
{
    dispatch_hold_expect_none(d, job);
    job_set_state(job, JOB_WAITING);
    job_set_place(job, JOB_ASIDE);
    TAILQ_INSERT_TAIL(&d->aside.jobs, job, links.waiting);
    d->aside.count++;
    if (job->asked.max_wait_ms)
        dispatch_wait_add(d, job);
    dispatch_tell_state(d, job);
}

void dispatch_aside_remove(struct dispatcher *d, struct job *job)
{
    job_set_place(job, JOB_NOWHERE);
    TAILQ_REMOVE(&d->aside.jobs, job, links.waiting);
    d->aside.count--;
    if (d->aside.leaving > d->aside.count)
        d->aside.leaving = d->aside.count;
}

/* Jobs on their way back to the line want no fresh worker: a healthy one would end for them. */
bool dispatch_aside_wants_worker(const struct dispatcher *d)
{
    return !d->paused && d->aside.count > d->aside.leaving && !dispatch_starting(d) &&
           !timer_is_set(&d->aside.trial);
}

void dispatch_aside_release(struct dispatcher *d)
{
    d->aside.leaving = d->aside.count;
    dispatch_aside_release_rest(d);
}

struct job *dispatch_aside_take_leaving(struct dispatcher *d)
{
    struct job *job = d->aside.leaving ? TAILQ_FIRST(&d->aside.jobs) : NULL;
    if (!job)
        return NULL;
    d->aside.leaving--;
    dispatch_aside_remove(d, job);
    return job;
}

/* In a turn of its own: a worker may be between two jobs. */
void dispatch_aside_release_rest(struct dispatcher *d)
{
    if (d->aside.leaving)
        timer_set_next(d->timers, &d->aside.release);
}

bool dispatch_aside_is_fresh(const struct worker *worker)
{
    return !worker->jobs_done && !worker->refused;
}

void dispatch_aside_begin_trial(struct dispatcher *d)
{
    timer_set_ms(d->timers, &d->aside.trial, TRIAL_MS);
}

void dispatch_aside_end_trial(struct dispatcher *d)
{
    timer_clear(d->timers, &d->aside.trial);
    dispatch_aside_release(d);
}
