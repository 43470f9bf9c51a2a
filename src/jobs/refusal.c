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
 * worker that has refused nothing yet, or is set aside without one. A fresh worker's refusal counts
 * for the whole module for a while, longer each time: meanwhile its jobs end at once, and no worker
 * is replaced.
 * The jobs set aside go back to the line after the word of a fresh worker, or when any worker has
 * begun a job of the module.
 *
 * (Marking a worker as unfit for one module was rejected: each search for a worker would have to
 * pass over the marked ones.)
 */
#include "jobs/dispatcher_internal.h"

#include "common/log.h"

#include <stdio.h>

enum {
    WORD_FIRST_MS = 1000, /* how long the word of a fresh worker holds, at first */
    WORD_MAX_MS = 30000,
};

/* --- a module's history --- */

/* The pause doubles from word to word; the first refusal is no word yet. */
static void take_word(struct dispatcher *d, struct module_entry *module)
{
    if (!module->history.refusals)
        module->history.refusals = 1;
    uint64_t pause_ms = dispatch_doubled(WORD_FIRST_MS, module->history.refusals - 1, WORD_MAX_MS);
    module->history.refusals++;
    module->history.refused_until_us = dispatch_now(d) + pause_ms * 1000;
    dispatch_aside_end_trial(d);
}

/* Without a fresh worker the refusal counts as its word: otherwise each further job of the module
 * would wait as long, and together they would fill the line. */
bool dispatch_refusal_fail_aside(struct dispatcher *d, const char *why)
{
    struct job *job;
    for (size_t n = 0; n < DISPATCH_BATCH && (job = dispatch_aside_first(d)); n++) {
        dispatch_aside_remove(d, job);
        if (dispatch_now(d) >= job->asked.module->history.refused_until_us)
            take_word(d, job->asked.module);
        dispatch_end_failed(d, job, FAIL_UNAVAILABLE, "%s", why);
    }
    return dispatch_aside_count(d) > 0;
}

void dispatch_refusal_over(struct dispatcher *d, struct module_entry *module)
{
    if (!module->history.refusals)
        return;
    module->history.refusals = 0;
    module->history.refused_until_us = 0;
    dispatch_aside_end_trial(d);
}

/* --- giving a job back --- */

static bool is_final(struct dispatcher *d, const struct worker *worker)
{
    const struct job *job = worker->job;
    struct module_entry *module = job->asked.module;
    if (job->state != JOB_RUNNING || dispatch_now(d) < module->history.refused_until_us)
        return true;
    if (!dispatch_aside_is_fresh(worker) || !(module->history.refusals || job->run.given_back))
        return false;
    take_word(d, module);
    return true;
}

/* One at a time, and no old one: these are being replaced anyway, and needed until then. */
static bool may_be_replaced(const struct dispatcher *d, const struct worker *worker)
{
    bool needed = dispatch_renew_is_old(d, worker) && !dispatch_renew_is_leaving(d, worker);
    bool tried =
        dispatch_start_is_paused(d) || dispatch_aside_is_on_trial(d) || dispatch_starting(d);
    return !needed && !tried && !dispatch_fails_waiting(d);
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
    worker->draining = true;
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
    if (is_final(d, worker))
        return false;
    bool replaced = may_be_replaced(d, worker);
    bool aside = module->history.refusals || job->run.given_back || !replaced;
    struct worker *other = replaced ? NULL : willing_idle(d);
    snprintf(why, sizeof why, "worker %u cannot begin jobs of %s: %.*s", worker->id, module->name,
             (int)answer->message_len, answer->message);
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
