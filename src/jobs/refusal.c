/*
 * dispatch_refusal: workers unable to begin a job.
 *
 * A module's init() may refuse once, because a database is away for a moment, and a job may leave
 * its worker without descriptors. Such a worker fails each job in microseconds. It is always the
 * first free one, and so eats the line beside healthy workers. Therefore it gives the unbegun job
 * back, and is replaced. The job goes to any other worker. If this one cannot begin the job either,
 * or if other jobs of the module were refused lately, the job is set aside for a fresh worker: one
 * without any job so far. The word of a fresh worker is final.
 *
 * A module with constant refusals must not take the pool down. So one worker at a time is replaced,
 * and none while a start is under way or paused; until then the worker does other modules' jobs.
 * The refusing worker is idle first, and would get the same job again. So the job goes to an idle
 * worker that has refused nothing yet, or is set aside without one. A fresh worker's refusal opens
 * the module's breaker (module_breaker.h): until the module is tried again its jobs end at once,
 * and no worker is started or replaced for them. The jobs set aside go back to the line after the
 * word of a fresh worker, or when any worker has begun a job of the module.
 *
 * (Marking a worker as unfit for one module was rejected: each search for a worker would have to
 * pass over the marked ones.)
 */
#include "jobs/dispatcher_internal.h"

#include "common/log.h"

#include <stdio.h>

/* --- a module's history --- */

/* The jobs set aside go back to the line, and fail when they come to its head. */
static void take_word(struct dispatcher *d, struct module_entry *module, const char *why)
{
    module->history.refusals++;
    module_breaker_open(&module->breaker, &d->shared->limits, module->name, why, dispatch_now(d));
    dispatch_aside_end_trial(d);
    dispatch_touch(d, DISPATCH_BREAKER);
}

/* Without a fresh worker the refusal counts as its word: otherwise each further job of the module
 * would wait as long, and together they would fill the line. */
bool dispatch_refusal_fail_aside(struct dispatcher *d, const char *why)
{
    struct job *job;
    for (size_t n = 0; n < DISPATCH_BATCH && (job = dispatch_aside_first(d)); n++) {
        dispatch_aside_remove(d, job);
        if (!dispatch_breaker_fails(d, job))
            take_word(d, job->asked.module, why);
        dispatch_end_failed(d, job, FAIL_UNAVAILABLE, "%s", why);
    }
    return dispatch_aside_count(d) > 0;
}

void dispatch_refusal_over(struct dispatcher *d, struct module_entry *module)
{
    if (!module->history.refusals)
        return;
    module->history.refusals = 0;
    dispatch_aside_end_trial(d);
}

/* --- giving a job back --- */

/* Begun before the module's breaker opened, or beside the probe: nobody waits for its result. */
static bool is_late(const struct job *job)
{
    const struct module_breaker *breaker = &job->asked.module->breaker;
    return !module_breaker_is_closed(breaker) && breaker->probe != job->seq;
}

static bool is_final(struct dispatcher *d, const struct worker *worker, const char *why)
{
    const struct job *job = worker->job;
    struct module_entry *module = job->asked.module;
    if (job->state != JOB_RUNNING || is_late(job))
        return true;
    if (!dispatch_aside_is_fresh(worker) || !(module->history.refusals || job->run.given_back))
        return false;
    take_word(d, module, why);
    return true;
}

/* One at a time, and no old one: these are being replaced anyway, and needed until then. */
static bool may_be_replaced(const struct dispatcher *d, const struct worker *worker)
{
    bool needed = dispatch_renew_is_old(d, worker) && !dispatch_is_leaving(worker);
    bool tried =
        dispatch_start_is_paused(d) || dispatch_aside_is_on_trial(d) || dispatch_starting(d);
    return !needed && !tried && dispatch_recycle_may_begin(d) && !dispatch_fails_waiting(d);
}

/* A worker without a refusal so far: so each is tried once, whatever modules do. NULL: none. */
static struct worker *willing_idle(const struct dispatcher *d)
{
    struct worker *worker = TAILQ_FIRST(&d->pool.lists[WORKER_IDLE]);
    while (worker && worker->refused)
        worker = TAILQ_NEXT(worker, link);
    return worker;
}

/* `other` gets the job at once; NULL: no worker does. */
static void put_back(struct dispatcher *d, struct job *job, bool aside, struct worker *other)
{
    dispatch_unassign(d, job);
    job->run.begun_us = 0; /* its time has not begun */
    if (!aside || !job->source || job->run.cancelled || dispatch_fails_waiting(d)) {
        dispatch_line_return(d, job);
        return;
    }
    dispatch_aside_put(d, job);
    if (!other || job->source->held || d->paused)
        return;
    dispatch_aside_remove(d, job);
    dispatch_assign(d, other, job);
}

static void replace(struct dispatcher *d, struct worker *worker, const char *why)
{
    log_event(LOG_WARN, "worker-unfit", LOG_STR("pool", d->name), LOG_UINT("worker", worker->id),
              LOG_INT("pid", worker->pid), LOG_STR("why", why));
    worker->leaving = true;
    worker_decide_end(worker, END_REFUSED);
    dispatch_reclaim_worker(d, worker);
    dispatch_start_failed(d, why);
}

bool dispatch_refusal_give_back(struct dispatcher *d, struct worker *worker,
                                const struct worker_answer *answer)
{
    struct job *job = worker->job;
    struct module_entry *module = job->asked.module;
    char why[DISPATCH_WHY_MAX];
    snprintf(why, sizeof why, "worker %u cannot begin jobs of %s: %.*s", worker->id, module->name,
             (int)answer->message_len, answer->message);
    if (is_final(d, worker, why))
        return false;
    bool replaced = may_be_replaced(d, worker);
    bool aside = module->history.refusals || job->run.given_back || !replaced;
    struct worker *other = replaced ? NULL : willing_idle(d);
    worker->refused = true;
    job->run.given_back = true;
    if (!module->history.refusals)
        module->history.refusals = 1;
    put_back(d, job, aside, other);
    if (replaced)
        replace(d, worker, why);
    dispatch_assign_next(d, worker);
    dispatch_touch(d, DISPATCH_ASIDE | DISPATCH_LINE | DISPATCH_POOL);
    return true;
}
