/*
 * kept_adopt: jobs of dead nodes are taken over, whoever comes first.
 *
 * So are those that the store believes to be with this node, and that are not: a Redis that was
 * started again, or a replica in its place, may have forgotten what came last.
 */
#include "queue/kept/kept_internal.h"

enum { BATCH = 100 };

static void adopted(struct keep_op *op)
{
    struct keep *keep = op->keep;
    size_t n = kept_held_take(op);
    keep->shared.is_adopting = false;
    if (n)
        log_event(LOG_WARN, "taken-over", LOG_UINT("jobs", n),
                  LOG_STR("hint", "a node was lost: its jobs run again"));
    if (n == BATCH)
        kept_adopt_look(keep);
}

static void told_held(struct keep_op *op)
{
    kept_held_take(op);
}

void kept_adopt_forgotten(struct keep *keep)
{
    kept_write_post(kept_write_new(keep, STORE_HELD, told_held));
}

void kept_adopt_look(struct keep *keep)
{
    struct keep_op *op;
    if (keep->shared.is_adopting || keep->is_draining)
        return;
    op = kept_write_new(keep, STORE_ADOPT, adopted);
    op->op.max = BATCH;
    keep->shared.is_adopting = true;
    kept_write_post(op);
}
