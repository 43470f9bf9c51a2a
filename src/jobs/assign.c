/*
 * dispatch_assign: from the line to the workers.
 */
#include "jobs/dispatcher_internal.h"

static uint32_t limit_ms(const struct dispatcher *d, const struct job *job)
{
    return dispatch_least_limit(
        dispatch_least_limit(job->asked.timeout_ms, job->asked.module->settings.timeout_ms),
        d->job_timeout_ms);
}

/* 0: none, or not under the time limit. */
static uint32_t soft_ms(const struct job *job, uint32_t limit)
{
    uint32_t soft = dispatch_least_limit(job->asked.soft_timeout_ms,
                                         job->asked.module->settings.soft_timeout_ms);
    return !limit || soft < limit ? soft : 0;
}

struct job_limits dispatcher_limits(const struct job *job)
{
    const struct dispatcher *d = job->run.pool;
    uint32_t hard = job_is_assigned(job) ? job->run.limit_ms : limit_ms(d, job);
    return (struct job_limits){
        .timeout_ms = hard,
        .soft_timeout_ms = soft_ms(job, hard),
        .max_wait_ms = dispatch_least_limit(job->asked.max_wait_ms, d->expiry.limit_ms),
    };
}

void dispatch_assign_hand(struct dispatcher *d, struct worker *worker, struct job *job,
                          bool prefetched)
{
    dispatch_line_number(d, job);
    job->run.worker = worker;
    job->run.prefetched = prefetched;
    job->run.tag =
        d->ops->assign(d->ctx, &(struct assignment){.worker = worker,
                                                    .job = job,
                                                    .limit_us = limit_ms(d, job) * 1000ull,
                                                    .prefetched = prefetched});
    dispatch_hold_expect(d, job);
}

/* Once, also if another worker has to begin the job again. */
static void tell_started(const struct dispatcher *d, struct job *job)
{
    if (job->asked.notify_started && !job->run.told_started)
        dispatch_tell(job, &(struct job_event){.type = JOB_STARTED,
                                               .worker = job->run.worker->id,
                                               .pool = d->name});
    job->run.told_started = true;
}

void dispatch_assign_tell_begun(struct dispatcher *d, struct job *job)
{
    job->run.begun_us = dispatch_now(d);
    tell_started(d, job);
}

/* From now on this is the worker's current job, as far as the master can tell. */
static void begin(struct dispatcher *d, struct worker *worker, struct job *job)
{
    job_set_state(job, JOB_RUNNING);
    job->run.begun_us = dispatch_now(d);
    job->run.limit_ms = limit_ms(d, job);
    job->run.soft_ms = soft_ms(job, job->run.limit_ms);
    job->run.soft_stopped = false;
    job->run.began_late = false;
    worker->job = job;
    if (!module_breaker_is_closed(&job->asked.module->breaker))
        module_breaker_begun(&job->asked.module->breaker, &d->shared->limits, job->seq,
                             dispatch_now(d));
    d->running++;
    d->shared->counts.running++;
    if (d->limits.worker_max_jobs)
        dispatch_recycle_begun(d, worker);
    if (dispatch_stop_next_limit_ms(job))
        timer_set_ms(d->timers, &worker->timer, dispatch_stop_next_limit_ms(job));
    dispatch_begin_watch(d);
    tell_started(d, job);
    dispatch_tell_state(d, job);
    if (job->run.cancelled || d->shared->stop_by_us)
        dispatch_stop(d, job);
}

void dispatch_assign_prefetched(struct dispatcher *d, struct worker *worker)
{
    struct job *job = TAILQ_FIRST(&worker->prefetched);
    dispatch_line_unprefetch(d, job);
    begin(d, worker, job);
}

/* The job counts as begun: an idle worker takes its job at once. Otherwise see begin.c. */
void dispatch_assign(struct dispatcher *d, struct worker *worker, struct job *job)
{
    dispatch_assign_hand(d, worker, job, false);
    worker_set_state(worker, WORKER_BUSY, dispatch_now(d));
    begin(d, worker, job);
}

/* The first unbegun one of all prefetched jobs, taken from its worker; NULL if there is none. */
static struct job *first_prefetched(struct dispatcher *d)
{
    struct job *job = TAILQ_FIRST(&d->line.prefetched);
    while (job && !dispatch_line_take(d, job))
        job = TAILQ_NEXT(job, links.prefetched);
    return job;
}

/* Takes the next job for an idle worker from the line; NULL if there is none. */
static struct job *next_job(struct dispatcher *d)
{
    struct job *job;
    size_t dropped = 0;
    while ((job = job_queue_first(&d->line.queue))) {
        if (job->source->gone && dropped++ == DISPATCH_BATCH) { /* go on in the next turn */
            dispatch_touch_next_turn(d);
            return NULL;
        }
        dispatch_line_take(d, job);
        if (!job->source->gone)
            return job;
        dispatch_end_dropped(d, job);
    }
    if (job_queue_ready(&d->line.queue)) { /* behind very many held ones */
        dispatch_touch_next_turn(d);
        return NULL;
    }
    return first_prefetched(d);
}

void dispatch_assign_waiting(struct dispatcher *d)
{
    struct worker *worker;
    struct job *job;
    size_t failed = 0;
    while (!d->paused && (worker = pool_idle(&d->pool)) && !dispatch_tiny_is_left(d) &&
           (job = next_job(d))) {
        if (!dispatch_breaker_fails(d, job)) {
            dispatch_assign(d, worker, job);
            continue;
        }
        dispatch_breaker_fail(d, job);
        if (++failed == DISPATCH_BATCH) { /* go on in the next turn */
            dispatch_touch_next_turn(d);
            return;
        }
    }
}

void dispatch_assign_worker_idle(struct dispatcher *d, struct worker *worker)
{
    if (worker_is_ending(worker))
        return;
    if (worker->signalled || dispatch_is_leaving(worker) || dispatch_fails_waiting(d)) {
        dispatch_retire(d, worker, dispatch_end_of_free(d, worker));
        return;
    }
    worker_set_state(worker, WORKER_IDLE, dispatch_now(d));
    dispatch_touch(d, worker->end ? DISPATCH_LINE | DISPATCH_POOL : DISPATCH_LINE);
}

void dispatch_assign_next(struct dispatcher *d, struct worker *worker)
{
    timer_clear(d->timers, &worker->timer);
    if (worker->prefetched_count)
        dispatch_assign_prefetched(d, worker);
    else
        dispatch_assign_worker_idle(d, worker);
    dispatch_touch_worker(d, worker);
}

/* The fresh workers are the last ones to have become idle, or the first ones. */
static struct worker *fresh_idle(const struct dispatcher *d)
{
    const struct worker_list *idle = &d->pool.lists[WORKER_IDLE];
    struct worker *first = TAILQ_FIRST(idle), *last = TAILQ_LAST(idle, worker_list);
    if (first && dispatch_aside_is_fresh(first))
        return first;
    return last && dispatch_aside_is_fresh(last) ? last : NULL;
}

static void try_with(struct dispatcher *d, struct worker *worker, struct job *job)
{
    dispatch_aside_begin_trial(d);
    dispatch_assign(d, worker, job);
}

void dispatch_assign_aside(struct dispatcher *d)
{
    struct job *job;
    struct worker *worker;
    for (size_t n = 0; n < DISPATCH_BATCH && (job = dispatch_aside_first(d)); n++) {
        if (d->paused || !(worker = fresh_idle(d)))
            return;
        dispatch_aside_remove(d, job);
        if (job->source->gone)
            dispatch_end_dropped(d, job);
        else if (dispatch_breaker_fails(d, job))
            dispatch_breaker_fail(d, job);
        else if (job->source->held)
            dispatch_line_return(d, job);
        else
            try_with(d, worker, job);
    }
}
