/*
 * kept_held: jobs that a shared store hands to this node: the next ones of a module, those of dead
 * nodes or that this node has forgotten, and those that have waited too long. A copy of such a job
 * becomes the truth: at once, or when the operation in progress has ended.
 */
#include "queue/kept/kept_internal.h"

#include <stdlib.h>

static void hold(struct kept *job, struct stored_job *read)
{
    kept_elsewhere_replace(job, read);
    job->follows = 0;
    job->is_away = false;
    if (job->state != KEPT_ELSEWHERE)
        kept_set_state(job, KEPT_ELSEWHERE);
    kept_set_state(job, KEPT_HANDED);
}

/* As if `started` had been told, and the connection had ended: nobody knows better. */
static void adopt(struct kept *job)
{
    job->keep->counts.adopted++;
    job->module->counts.adopted++;
    kept_outcome_lost(job, true);
}

void kept_held_begin(struct kept *job)
{
    struct stored_job *read = job->handed;
    enum store_kind by = (enum store_kind)job->handed_by;
    job->handed = NULL;
    hold(job, read);
    if (by == STORE_CLAIM)
        kept_hand_claimed(job);
    else if (by == STORE_EXPIRE)
        kept_outcome_expired(job);
    else
        adopt(job);
}

/* What is being given back, or ends, is about to be with this node no more. */
static bool is_known(const struct kept *job, enum store_kind by)
{
    return kept_is_held(job) || job->handed || (by == STORE_HELD && job->is_writing);
}

/* A store that hands out what this node has already is not believed. */
static void take(struct keep *keep, struct stored_job *read, enum store_kind by)
{
    struct kept *job = kept_record_find(keep, read->seq);
    if (!job)
        job = kept_record_read(keep, read);
    if (is_known(job, by)) {
        stored_job_free(read);
        return;
    }
    job->handed = read;
    job->handed_by = (uint8_t)by;
    if (!job->is_writing && job->state != KEPT_GONE && job->state != KEPT_NEW)
        kept_held_begin(job);
}

size_t kept_held_take(struct keep_op *op)
{
    struct store_row *row;
    size_t n = 0;
    while ((row = STAILQ_FIRST(&op->op.rows))) {
        STAILQ_REMOVE_HEAD(&op->op.rows, link);
        take(op->keep, row->job, op->op.kind);
        free(row);
        n++;
    }
    return n;
}
