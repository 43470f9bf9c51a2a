/*
 * kept_bodies: inputs and results that somebody waits for are read from the store.
 *
 * A client may ask for any number of them, and each may have megabytes. So few are read at a time,
 * and the jobs of all others stand in a line. A result comes when its followers are to be told:
 * once it is in the output of their connections, it counts there.
 */
#include "queue/kept/kept_internal.h"

#include <stdlib.h>

enum { AT_A_TIME = 16 * 1024 * 1024 }; /* bytes; one body is read in any case */

static void leave_line(struct kept *job)
{
    TAILQ_REMOVE(&job->keep->bodies.jobs, job, of_bodies);
    job->is_in_line = false;
}

void kept_bodies_forget(struct kept *job)
{
    if (job->is_in_line)
        leave_line(job);
}

static void done(struct keep_op *op)
{
    struct kept *job = op->job;
    op->keep->bodies.bytes -= (uintptr_t)op->arg;
    if (op->op.job)
        kept_elsewhere_merge(job, op->op.job);
    else if (op->op.status == STORE_AWAY)
        kept_elsewhere_away(job);
    else if (job->state == KEPT_ENDED)
        kept_set_state(job, KEPT_GONE);
    else
        job->stored->input.is_lost = true;
}

/* One body at a time. */
static void read(struct kept *job)
{
    const struct stored_job *stored = job->stored;
    struct keep_op *op = kept_write_load(job, stored->seq, done);
    op->op.with_result = kept_record_lacks_result(job);
    op->op.with_input = !op->op.with_result;
    size_t size = op->op.with_result ? stored->result.size : stored->input.size;
    op->arg = (void *)(uintptr_t)size;
    job->keep->bodies.bytes += size;
}

void kept_bodies_want(struct kept *job)
{
    struct keep *keep = job->keep;
    if (job->is_in_line)
        return;
    if (keep->bodies.bytes < AT_A_TIME) {
        read(job);
        return;
    }
    job->is_in_line = true;
    TAILQ_INSERT_TAIL(&keep->bodies.jobs, job, of_bodies);
}

bool kept_bodies_next(struct keep *keep)
{
    struct kept *job = TAILQ_FIRST(&keep->bodies.jobs);
    if (!job || keep->bodies.bytes >= AT_A_TIME)
        return false;
    leave_line(job);
    kept_touch(job); /* somebody may want it still */
    return true;
}
