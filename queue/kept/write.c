/* kept_write: operations of the store; of one job, one at a time. */
#include "queue/kept/kept_internal.h"

#include "base/spare.h"

#include <string.h>

static struct spare spare;

enum { AGAIN_MS = 1000 };

/* A held job is nobody else's: the store is to know of it, whatever happens. */
static void put_off(struct keep_op *op)
{
    struct keep *keep = op->keep;
    STAILQ_INSERT_TAIL(&keep->shared.refused, &op->op, link);
    if (!timer_is_set(&keep->shared.again))
        timer_set_ms(keep->parts.timers, &keep->shared.again, AGAIN_MS);
}

static void conclude(struct keep_op *op)
{
    op->keep->busy_count--;
    if (op->job) {
        op->job->is_writing = op->job->is_reading = false;
        kept_touch(op->job);
        if (op->job->place == KEPT_IN_WINDOW)
            kept_touch_module(op->job->module);
    }
    if (op->finish)
        op->finish(op);
    spare_give(&spare, op);
}

static void on_done(struct store_op *store_op)
{
    struct keep_op *op = (struct keep_op *)store_op;
    if (op->op.status == STORE_AWAY && op->op.is_held && op->job)
        put_off(op);
    else
        conclude(op);
}

struct keep_op *kept_write_new(struct keep *keep, enum store_kind kind, kept_finish finish)
{
    struct keep_op *op = spare_take(&spare, sizeof *op);
    memset(op, 0, sizeof *op);
    STAILQ_INIT(&op->op.rows);
    TAILQ_INIT(&op->asks);
    op->op.kind = kind;
    op->op.done = on_done;
    op->keep = keep;
    op->finish = finish;
    return op;
}

void kept_write_post(struct keep_op *op)
{
    struct keep *keep = op->keep;
    keep->busy_count++;
    op->life = keep->shared.life;
    keep->has_posted = true;
    keep->parts.engine_ops->post(keep->parts.engine, &op->op);
}

void kept_write_post_again(struct keep_op *op)
{
    op->keep->has_posted = true;
    op->keep->parts.engine_ops->post(op->keep->parts.engine, &op->op);
}

void kept_write_end_refused(struct keep *keep)
{
    struct store_op *op;
    while ((op = STAILQ_FIRST(&keep->shared.refused))) {
        STAILQ_REMOVE_HEAD(&keep->shared.refused, link);
        if (op->kind == STORE_MARK) /* there is no master any more */
            spare_give(&spare, op);
        else
            conclude((struct keep_op *)op);
    }
}

struct keep_op *kept_write_job(struct kept *job, enum store_kind kind, kept_finish finish)
{
    struct keep_op *op = kept_write_new(job->keep, kind, finish);
    bug_on(job->is_writing);
    job->is_writing = true;
    op->job = job;
    op->op.job = job->stored;
    kept_write_post(op);
    return op;
}

struct keep_op *kept_write_load(struct kept *job, uint64_t seq, kept_finish finish)
{
    struct keep_op *op = kept_write_new(job->keep, STORE_LOAD, finish);
    bug_on(job->is_writing);
    job->is_writing = job->is_reading = true;
    op->job = job;
    op->op.seq = seq;
    kept_write_post(op);
    return op;
}
