/* kept_ripe: delayed jobs that are due are waiting, and jobs that have waited too long end. */
#include "queue/kept/kept_internal.h"

#include <stdlib.h>

enum { AWAY_MS = 1000 };

/* --- due jobs --- */

/* A record that is being changed knows better. */
static void ripen_record(struct kept *job)
{
    if (job->state != KEPT_DELAYED || kept_is_changing(job))
        return;
    job->stored->run.state = STORED_WAITING;
    kept_set_state(job, KEPT_WAITING);
    kept_window_put(job);
}

static void ripen(struct keep *keep, struct stored_job *row)
{
    struct kept *job = kept_record_find(keep, row->seq);
    if (job) {
        ripen_record(job);
    } else {
        kept_record_count(keep, row, KEPT_DELAYED, KEPT_WAITING);
        kept_window_miss(kept_module_get(keep, row->wish.module),
                         (struct kept_spot){row->wish.priority, row->seq});
    }
    stored_job_free(row);
}

/* --- jobs that have waited too long --- */

static void expire_record(struct kept *job)
{
    if (job->state != KEPT_WAITING && job->state != KEPT_DELAYED)
        return;
    if (job->is_writing)
        kept_due_note(job); /* soon again */
    else
        kept_outcome_expired(job);
}

static void expire(struct keep *keep, struct stored_job *row)
{
    struct kept *job = kept_record_find(keep, row->seq);
    if (job)
        stored_job_free(row);
    else
        job = kept_record_read(keep, row);
    expire_record(job);
}

/* --- the store's answers --- */

/* Eras may have moved meanwhile. */
static struct kept_era *era_of(struct keep_op *op)
{
    return kept_era_of(op->keep, op->op.behind_seq + 1);
}

static void each_row(struct keep_op *op, void (*call)(struct keep *keep, struct stored_job *row))
{
    struct store_row *row;
    while ((row = STAILQ_FIRST(&op->op.rows))) {
        STAILQ_REMOVE_HEAD(&op->op.rows, link);
        call(op->keep, row->job);
        free(row);
    }
}

static uint64_t earliest(uint64_t a, uint64_t b)
{
    if (!a || !b)
        return a ? a : b;
    return a < b ? a : b;
}

/* The rest of a batch is due at once. Of a store that was away, the next time is not known. */
static uint64_t next_of(const struct keep_op *op)
{
    if (op->op.status != STORE_OK)
        return kept_wall_ms(op->keep) + AWAY_MS;
    return op->op.is_whole ? op->op.next_ms : 1;
}

static void go_on(struct keep_op *op, const struct kept_era *era, struct kept_era_due *due)
{
    due->is_posted = false;
    due->next_ms = earliest(due->next_ms, next_of(op));
    if (due->next_ms)
        kept_due_set_timer(op->keep, era, due->next_ms);
}

static void ripened(struct keep_op *op)
{
    struct kept_era *era = era_of(op);
    each_row(op, ripen);
    go_on(op, era, &era->ripe);
}

static void expired(struct keep_op *op)
{
    struct kept_era *era = era_of(op);
    if (kept_is_shared(op->keep))
        kept_held_take(op);
    else
        each_row(op, expire);
    go_on(op, era, &era->expired);
}

/* --- the look --- */

static void look_at(struct keep *keep, struct kept_era *era, struct kept_era_due *due,
                    enum store_kind kind, kept_finish finish)
{
    uint64_t now_ms = kept_era_now(keep, era);
    struct keep_op *op;
    if (!due->next_ms || due->is_posted || !kept_is_up(keep))
        return;
    if (due->next_ms > now_ms) {
        kept_due_set_timer(keep, era, due->next_ms);
        return;
    }
    op = kept_write_new(keep, kind, finish);
    op->op.behind_seq = era->from_seq ? era->from_seq - 1 : 0;
    op->op.until_seq = kept_era_until(keep, era);
    op->op.now_ms = now_ms;
    op->op.max = KEPT_BATCH;
    due->is_posted = true;
    due->next_ms = 0;
    kept_write_post(op);
}

void kept_ripe_look(struct keep *keep)
{
    for (size_t i = 0; i < keep->era_count; i++) {
        look_at(keep, &keep->eras[i], &keep->eras[i].ripe, STORE_RIPEN, ripened);
        look_at(keep, &keep->eras[i], &keep->eras[i].expired, STORE_EXPIRE, expired);
    }
}
