/* kept_back: a job is waiting again, at its place among those of its module, or is delayed. */
#include "queue/kept/kept_internal.h"

static void delay(struct kept *job)
{
    kept_set_state(job, kept_unheld(job->keep, KEPT_DELAYED));
    kept_record_drop_input(job);
}

static void wait(struct kept *job)
{
    kept_set_state(job, kept_unheld(job->keep, KEPT_WAITING));
    kept_window_put(job);
}

/* Followers here hear of the next run, too, wherever that is. */
static struct keep_op *write_back(struct kept *job, kept_finish finish)
{
    struct keep_op *op = kept_write_job(job, STORE_BACK, finish);
    op->op.is_held = true;
    op->op.wants = kept_elsewhere_wants(job);
    return op;
}

/* False: it is not written. */
bool kept_back_is_written(struct keep_op *op)
{
    if (op->op.status != STORE_OK)
        kept_lease_refused(op);
    else
        kept_elsewhere_follow(op->job, op);
    return op->op.status == STORE_OK;
}

struct keep_op *kept_back_to(struct kept *job, uint64_t due_ms, kept_finish finish)
{
    struct stored_run *run = &job->stored->run;
    kept_window_leave(job);
    run->state = due_ms ? STORED_DELAYED : STORED_WAITING;
    run->due_ms = due_ms;
    if (due_ms)
        delay(job);
    else
        wait(job);
    kept_due_note(job);
    return write_back(job, finish);
}

static void written(struct keep_op *op)
{
    if (kept_back_is_written(op))
        kept_tell_answers(op->job, KEPT_ANSWER_OK);
}

void kept_back(struct kept *job, bool begun)
{
    struct keep_counts *all = &job->keep->counts, *module = &job->module->counts;
    bug_on(!begun && !job->stored->run.attempt);
    if (!begun)
        job->stored->run.attempt--;
    all->returned++;
    module->returned++;
    kept_back_to(job, 0, written);
}
