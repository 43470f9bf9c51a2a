/* kept_schedule: the pass at the end of each turn of the loop, over touched jobs and modules alone.
 * Untouched ones cost nothing, however many wait. */
#include "queue/kept/kept_internal.h"

/* Before anything else is asked of the job: its outcome may go then. */
static void tell_ended(struct kept *job)
{
    if (!kept_record_lacks_result(job))
        kept_tell_ended(job);
    else if (!job->is_away && kept_is_up(job->keep))
        kept_bodies_want(job);
}

static void look_at_job(struct kept *job)
{
    if (job->is_writing)
        return;
    if (job->refusal)
        kept_submit_tell_refused(job);
    else if (job->handed)
        kept_held_begin(job);
    else if (job->state == KEPT_GONE && !LIST_EMPTY(&job->followers))
        kept_tell_gone(job);
    else if (job->state == KEPT_ENDED && !LIST_EMPTY(&job->followers))
        tell_ended(job);
    else if (job->late)
        kept_outcome_late(job);
    else if (!TAILQ_EMPTY(&job->asks))
        kept_ask_look(job);
    else if (job->state == KEPT_ELSEWHERE)
        kept_elsewhere_look(job);
    if (!kept_record_is_idle(job))
        return;
    kept_bodies_forget(job);
    kept_record_free(job);
}

static void serve(struct kept_module *module)
{
    if (kept_is_shared(module->keep)) {
        kept_claim_look(module);
    } else {
        kept_hand_serve(module);
        kept_take_look(module);
    }
    kept_module_reap(module);
}

static bool next_job(struct keep *keep)
{
    struct kept *job = TAILQ_FIRST(&keep->pass.jobs);
    if (!job)
        return false;
    TAILQ_REMOVE(&keep->pass.jobs, job, touched);
    job->is_touched = false;
    look_at_job(job);
    return true;
}

static bool next_module(struct keep *keep)
{
    struct kept_module *module = TAILQ_FIRST(&keep->pass.modules);
    if (!module)
        return false;
    TAILQ_REMOVE(&keep->pass.modules, module, touched);
    module->is_touched = false;
    serve(module);
    return true;
}

void kept_schedule(struct keep *keep)
{
    while (next_job(keep) || next_module(keep) || kept_bodies_next(keep))
        ;
}
