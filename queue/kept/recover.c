/*
 * kept_recover: the start. What is in the store is counted, and jobs that it has as HANDED are
 * waiting again, as after the loss of a master that had begun them. Nothing is handed on before:
 * order holds.
 */
#include "queue/kept/kept_internal.h"

#include <stdlib.h>

static void count_one(struct keep_counts *counts, const struct store_count *count)
{
    counts->waiting += count->waiting;
    counts->delayed += count->delayed;
    counts->handed += count->handed;
    counts->ended += count->ended;
}

static void count_module(struct keep *keep, const struct store_count *count)
{
    struct kept_module *module = kept_module_get(keep, count->name);
    count_one(&module->counts, count);
    count_one(&keep->counts, count);
    module->window.is_whole = !count->waiting;
}

static void count_all(struct keep *keep, const struct store_contents *contents)
{
    for (size_t i = 0; i < contents->module_count; i++)
        count_module(keep, &contents->modules[i]);
    for (size_t i = 0; i < contents->owner_count; i++) {
        const struct store_count *owner = &contents->owners[i];
        uint64_t jobs = owner->waiting + owner->delayed + owner->handed;
        if (jobs)
            kept_owner_add(keep, owner->name, (int64_t)jobs);
    }
}

/* Somebody may have asked for the job before it was read here. */
static void lose(struct keep *keep, struct stored_job *row)
{
    struct kept *job = kept_record_find(keep, row->seq);
    if (job)
        stored_job_free(row);
    else
        job = kept_record_read(keep, row);
    if (job->state != KEPT_HANDED || job->late)
        return;
    if (job->is_writing)
        kept_late_lost(job, true);
    else
        kept_outcome_lost(job, true);
}

static void listed(struct keep_op *op);

static void list(struct keep *keep, uint64_t behind_seq)
{
    struct keep_op *op = kept_write_new(keep, STORE_LIST, listed);
    op->op.filter.states = 1u << STORED_HANDED;
    op->op.behind_seq = behind_seq;
    op->op.max = KEPT_BATCH;
    kept_write_post(op);
}

static void listed(struct keep_op *op)
{
    struct keep *keep = op->keep;
    struct store_row *row;
    while ((row = STAILQ_FIRST(&op->op.rows))) {
        STAILQ_REMOVE_HEAD(&op->op.rows, link);
        lose(keep, row->job);
        free(row);
    }
    if (!op->op.is_whole) {
        list(keep, op->op.behind_seq);
        return;
    }
    keep->is_recovering = false;
    kept_module_touch_all(keep);
}

void kept_recover_start(struct keep *keep)
{
    const struct store_contents *contents = keep->parts.engine_ops->contents(keep->parts.engine);
    keep->next_seq = contents->next_seq ? contents->next_seq : 1;
    if (kept_is_shared(keep)) {
        kept_totals_count(keep);
        kept_totals_pause(keep);
        return;
    }
    count_all(keep, contents);
    kept_totals_pause(keep);
    if (!keep->counts.handed)
        return;
    keep->is_recovering = keep->has_recovered = true;
    list(keep, 0);
}
