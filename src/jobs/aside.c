/*
 * dispatch_aside: waiting jobs that want a fresh worker.
 */
#include "jobs/dispatcher_internal.h"

enum { TRIAL_MS = 200 }; /* a fresh worker has so long to answer before another is looked for */

void dispatch_aside_put(struct dispatcher *d, struct job *job)
{
    dispatch_hold_expect_none(d, job);
    job_set_state(job, JOB_WAITING);
    job_set_place(job, JOB_ASIDE);
    TAILQ_INSERT_TAIL(&d->aside, job, links.waiting);
    d->aside_count++;
}

void dispatch_aside_remove(struct dispatcher *d, struct job *job)
{
    job_set_place(job, JOB_NOWHERE);
    TAILQ_REMOVE(&d->aside, job, links.waiting);
    d->aside_count--;
    if (d->aside_left > d->aside_count)
        d->aside_left = d->aside_count;
}

/* Jobs that are about to go back to the line want none: a healthy worker would end for them. */
bool dispatch_aside_wants_worker(const struct dispatcher *d)
{
    return d->aside_count > d->aside_left && !dispatch_starting(d) && !timer_is_set(&d->trial);
}

/* In a turn of its own: this is called while a worker is between two jobs. */
void dispatch_aside_release(struct dispatcher *d)
{
    d->aside_left = d->aside_count;
    if (d->aside_left)
        timer_set_next(d->timers, &d->release);
}

bool dispatch_aside_is_fresh(const struct worker *worker)
{
    return !worker->jobs_done && !worker->refused;
}

void dispatch_aside_begin_trial(struct dispatcher *d)
{
    timer_set_ms(d->timers, &d->trial, TRIAL_MS);
}
