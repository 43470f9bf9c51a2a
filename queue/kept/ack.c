/*
 * kept_ack: outcomes that were told are kept for ack-ms more, and no longer.
 *
 * Nobody waits for a note of that. So notes gather, and go along with the next operations of the
 * store: a note alone would cost a sync of the disk for each lonely job. Without other operations
 * they go after a second.
 */
#include "queue/kept/kept_internal.h"

#include <stdlib.h>

enum { GATHER_MS = 1000 };

static void acknowledged(struct keep_op *op)
{
    stored_job_free(op->op.job);
}

/* Of the job's row alone: the record has gone. */
static struct keep_op *new_note(struct keep *keep, uint64_t seq)
{
    static const struct stored_wish nothing;
    struct keep_op *op = kept_write_new(keep, STORE_MARK, acknowledged);
    op->op.job = stored_job_new(&nothing);
    op->op.job->seq = seq;
    op->op.job->run.state = STORED_ENDED;
    op->op.job->outcome.over_ms =
        kept_wall_ms(keep) + kept_lifetime_ms(keep, keep->settings.ack_ms);
    return op;
}

void kept_acknowledge(struct keep *keep, uint64_t seq)
{
    struct keep_op *op = new_note(keep, seq);
    kept_sweep_note(keep, op->op.job->outcome.over_ms);
    STAILQ_INSERT_TAIL(&keep->acks.notes, &op->op, link);
    if (!timer_is_set(&keep->acks.timer))
        timer_set_ms(keep->parts.timers, &keep->acks.timer, GATHER_MS);
}

void kept_ack_post(struct keep *keep)
{
    struct store_op *op;
    while ((op = STAILQ_FIRST(&keep->acks.notes))) {
        STAILQ_REMOVE_HEAD(&keep->acks.notes, link);
        kept_write_post((struct keep_op *)op);
    }
    timer_clear(keep->parts.timers, &keep->acks.timer);
}

void kept_ack_free(struct keep *keep)
{
    struct store_op *op;
    while ((op = STAILQ_FIRST(&keep->acks.notes))) {
        STAILQ_REMOVE_HEAD(&keep->acks.notes, link);
        stored_job_free(op->job);
        free(op);
    }
}
