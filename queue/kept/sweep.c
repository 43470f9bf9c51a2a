/*
 * kept_sweep: outcomes that are over go.
 *
 * A wall clock that jumps ahead by a day would take all outcomes with it. So after a jump of over
 * an hour nothing is swept until the new time has lasted for ten minutes.
 */
#include "queue/kept/kept_internal.h"

#include <stdlib.h>

enum { PAUSE_MS = 100, SUSPECT_MS = 3600000, LASTING_MS = 600000, LOOK_MS = 60000, AWAY_MS = 1000 };

static void set_timer(struct keep *keep)
{
    uint64_t now_ms = kept_wall_ms(keep), in_ms = PAUSE_MS;
    if (keep->sweep.next_ms > now_ms + PAUSE_MS)
        in_ms = keep->sweep.next_ms - now_ms;
    if (in_ms > LOOK_MS)
        in_ms = LOOK_MS;
    timer_set_ms(keep->parts.timers, &keep->sweep.timer, in_ms);
}

void kept_sweep_note(struct keep *keep, uint64_t over_ms)
{
    if (keep->sweep.next_ms && keep->sweep.next_ms <= over_ms)
        return;
    keep->sweep.next_ms = over_ms;
    if (!keep->sweep.is_posted)
        set_timer(keep);
}

static void post(struct keep *keep, kept_finish finish)
{
    struct keep_op *op = kept_write_new(keep, STORE_SWEEP, finish);
    op->op.now_ms = kept_wall_ms(keep);
    op->op.max = KEPT_BATCH;
    keep->sweep.is_posted = true;
    keep->sweep.next_ms = 0;
    kept_write_post(op);
}

/* A record of an ended job is in memory while it is asked about. The operations that it waits for
 * end with `unknown`. */
static void swept_row(struct keep *keep, struct stored_job *row)
{
    struct kept *job = kept_record_find(keep, row->seq);
    if (!job)
        kept_record_count(keep, row, KEPT_ENDED, KEPT_GONE);
    else if (job->state == KEPT_ENDED && !kept_is_changing(job))
        kept_set_state(job, KEPT_GONE);
    stored_job_free(row);
}

static void swept(struct keep_op *op)
{
    struct keep *keep = op->keep;
    struct store_row *row;
    while ((row = STAILQ_FIRST(&op->op.rows))) {
        STAILQ_REMOVE_HEAD(&op->op.rows, link);
        swept_row(keep, row->job);
        free(row);
    }
    keep->sweep.is_posted = false;
    if (op->op.status != STORE_OK) {
        kept_sweep_note(keep, kept_wall_ms(keep) + AWAY_MS);
        return;
    }
    if (!op->op.is_whole) {
        post(keep, swept);
        return;
    }
    if (op->op.next_ms)
        kept_sweep_note(keep, op->op.next_ms);
    if (keep->sweep.next_ms)
        set_timer(keep);
}

void kept_sweep_look(struct keep *keep)
{
    if (keep->sweep.is_posted || !keep->sweep.next_ms || !kept_is_up(keep))
        return;
    if (kept_now_us(keep) < keep->sweep.stopped_until_us ||
        keep->sweep.next_ms > kept_wall_ms(keep))
        set_timer(keep);
    else
        post(keep, swept);
}

void kept_sweep_clock(struct keep *keep)
{
    int64_t jump_ms;
    if (!kept_era_look(keep, &jump_ms))
        return;
    log_event(LOG_WARN, "clock-jump", LOG_INT("ms", jump_ms));
    if (jump_ms < SUSPECT_MS && jump_ms > -SUSPECT_MS)
        return;
    keep->sweep.stopped_until_us = kept_now_us(keep) + LASTING_MS * 1000ull;
    log_event(LOG_WARN, "outcomes-stay", LOG_STR("reason", "clock-jump"),
              LOG_UINT("ms", LASTING_MS));
}
