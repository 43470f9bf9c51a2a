/*
 * kept_lease: this node cannot renew its lease, or has lost it. Its runs are stopped before other
 * nodes take the jobs over. A run that goes on behind the lease is late: its outcome counts no
 * more.
 */
#include "queue/kept/kept_internal.h"

#include <inttypes.h>
#include <stdio.h>

/* --- late runs --- */

static void stop(struct kept *job, bool kill)
{
    job->keep->parts.master->stop(job->keep->parts.master_arg, job, kill);
}

/* The master goes on with it for a while. */
static void be_late(struct kept *job)
{
    job->is_late = true;
    job->late_attempt = job->stored->run.attempt;
    if (!job->is_expiring)
        stop(job, false);
}

static void let_go(struct kept *job)
{
    kept_room_release(job);
    if (job->place == KEPT_WITH_MASTER && !job->is_late)
        be_late(job);
}

void kept_lease_tell_late(struct kept *job, uint32_t attempt)
{
    struct keep *keep = job->keep;
    char name[32]; /* as clients know the job */
    snprintf(name, sizeof name, "q%" PRIu64, job->stored->seq);
    keep->counts.late++;
    job->module->counts.late++;
    if (log_limit_allows(&keep->shared.late_lines))
        log_event(LOG_WARN, "late-outcome", LOG_STR("job", name),
                  LOG_STR("module", job->module->name), LOG_UINT("attempt", attempt),
                  LOG_STR("hint", "this node had lost its lease: another one has the job"));
}

/* --- the end of the lease --- */

size_t kept_lease_expiring(struct keep *keep, bool kill)
{
    struct kept *job;
    size_t count = 0;
    TAILQ_FOREACH (job, &keep->handed, of_place) {
        if (job->is_late)
            continue;
        job->is_expiring = true;
        stop(job, kill);
        count++;
    }
    return count;
}

/* Operations in progress are answered with LOST. */
static void lose(struct kept *job)
{
    stored_job_free(job->handed);
    job->handed = NULL;
    job->follows = 0;
    kept_touch(job);
    if (!kept_is_held(job) || kept_is_changing(job))
        return;
    let_go(job);
    kept_elsewhere_lose(job);
}

void kept_lease_lost(struct keep *keep)
{
    keep->shared.life++;
    kept_record_each(keep, lose);
}

/* --- operations of held jobs that the store has refused --- */

static bool is_outcome(const struct store_op *op)
{
    return op->kind == STORE_ENDED || (op->kind == STORE_BACK && op->news);
}

void kept_lease_refused(struct keep_op *op)
{
    let_go(op->job);
    if (op->op.status == STORE_LOST && is_outcome(&op->op))
        kept_lease_tell_late(op->job, op->job->stored->run.attempt);
    kept_elsewhere_refused(op);
}
