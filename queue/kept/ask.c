/* kept_ask: requests about one job. The pass looks at the first ask of a job that is not being
 * written. */
#include "queue/kept/kept_internal.h"

#include "common/xmalloc.h"

#include <stdlib.h>

static void queue(struct kept_asks *asks, struct kept_ask *ask)
{
    if (ask->of)
        TAILQ_REMOVE(ask->of, ask, link);
    TAILQ_INSERT_TAIL(asks, ask, link);
    ask->of = asks;
}

/* --- to the job --- */

enum { LOADS_MAX = 256 }; /* at a time, with bodies of up to STORED_INLINE_MAX bytes */

/* A record of the job that was read, if there is none. It is in memory for the pass. */
static struct kept *record_of(struct keep_op *op)
{
    struct stored_job *read = op->op.job;
    struct kept *job = kept_record_find(op->keep, op->op.seq);
    if (!job)
        return read ? kept_record_read(op->keep, read) : NULL;
    if (read)
        kept_record_take_bodies(job, read);
    stored_job_free(read);
    kept_touch(job);
    return job;
}

static void start_waiting(struct keep *keep)
{
    struct kept_ask *ask;
    while (keep->loads.count < LOADS_MAX && (ask = TAILQ_FIRST(&keep->loads.waiting))) {
        TAILQ_REMOVE(&keep->loads.waiting, ask, link);
        kept_ask_start(keep, ask);
    }
}

static void loaded(struct keep_op *op)
{
    struct kept_ask *ask = TAILQ_FIRST(&op->asks);
    struct kept *job = record_of(op);
    if (op->op.only_small)
        op->keep->loads.count--;
    if (ask && job)
        queue(&job->asks, ask);
    else if (ask)
        kept_tell_answer(ask, KEPT_ANSWER_UNKNOWN, NULL);
    start_waiting(op->keep);
}

static void load(struct keep *keep, struct kept_ask *ask)
{
    bool with_result = ask->kind == KEPT_ASK_FOLLOW, with_any = with_result || ask->with_input;
    if (with_any && keep->loads.count >= LOADS_MAX) {
        queue(&keep->loads.waiting, ask);
        return;
    }
    struct keep_op *op = kept_write_new(keep, STORE_LOAD, loaded);
    op->op.seq = ask->seq;
    op->op.with_input = ask->with_input;
    op->op.with_result = with_result;
    op->op.only_small = with_any;
    keep->loads.count += with_any;
    queue(&op->asks, ask);
    kept_write_post(op);
}

void kept_ask_start(struct keep *keep, struct kept_ask *ask)
{
    struct kept *job = kept_record_find(keep, ask->seq);
    ask->of = NULL;
    if (!job) {
        load(keep, ask);
        return;
    }
    queue(&job->asks, ask);
    kept_touch(job);
}

/* --- looks and follows --- */

/* The ask stays the first one of the job until its input is read. */
static void look(struct kept *job, struct kept_ask *ask)
{
    if (ask->with_input && kept_bodies_lack_input(job))
        kept_bodies_want(job);
    else
        kept_tell_answer(ask, KEPT_ANSWER_OK, job);
}

/* The follower is there before the answer, and hears of the end after it. */
static void follow(struct kept *job, struct kept_ask *ask)
{
    kept_tell_join(job, ask->follower);
    kept_tell_answer(ask, KEPT_ANSWER_OK, job);
    kept_tell_ended(job);
}

/* --- cancel and kill --- */

static void stop_at_master(struct kept *job, bool kill)
{
    struct keep *keep = job->keep;
    if (job->place == KEPT_WITH_MASTER)
        keep->parts.master->stop(keep->parts.master_arg, job, kill);
}

static void cancel_marked(struct keep_op *op)
{
    stop_at_master(op->job, false);
    kept_tell_answers(op->job, KEPT_ANSWER_OK);
}

static void kill_marked(struct keep_op *op)
{
    stop_at_master(op->job, true);
    kept_tell_answers(op->job, KEPT_ANSWER_OK);
}

static void stop_handed(struct kept *job, struct kept_ask *ask)
{
    bool kill = ask->kind == KEPT_ASK_KILL;
    if (job->stored->run.is_cancelled) {
        stop_at_master(job, kill);
        kept_tell_answer(ask, KEPT_ANSWER_OK, job);
        return;
    }
    job->stored->run.is_cancelled = true;
    job->stored->outcome.over_ms = 0; /* of an end before it was retried */
    free(job->stop_by);
    job->stop_by = xstrdup(ask->by ? ask->by : "");
    queue(&job->answers, ask);
    kept_write_job(job, STORE_MARK, kill ? kill_marked : cancel_marked);
}

static void stop(struct kept *job, struct kept_ask *ask)
{
    if (job->state == KEPT_ENDED) {
        kept_tell_answer(ask, KEPT_ANSWER_UNKNOWN, NULL);
    } else if (job->state == KEPT_HANDED || job->state == KEPT_RUNNING) {
        stop_handed(job, ask);
    } else {
        queue(&job->answers, ask);
        kept_end_cancelled(job, ask->by);
    }
}

/* --- forget --- */

/* Somebody may have joined it meanwhile. */
static void forgotten(struct keep_op *op)
{
    kept_tell_ended(op->job);
    kept_set_state(op->job, KEPT_GONE);
    kept_tell_answers(op->job, op->op.status == STORE_OK ? KEPT_ANSWER_OK : KEPT_ANSWER_UNKNOWN);
}

static void forget(struct kept *job, struct kept_ask *ask)
{
    if (job->state != KEPT_ENDED) {
        kept_tell_answer(ask, KEPT_ANSWER_NOT_YET, job);
        return;
    }
    queue(&job->answers, ask);
    kept_write_job(job, STORE_FORGET, forgotten);
}

/* --- retry --- */

static void not_again(struct keep_op *op)
{
    struct kept *job = op->job;
    struct kept_ask *ask = TAILQ_FIRST(&job->answers);
    bool is_conflict = op->op.status == STORE_CONFLICT;
    kept_window_leave(job);
    kept_set_state(job, KEPT_ENDED);
    job->stored->run = op->run;
    kept_tell_ended(job);
    if (!is_conflict)
        kept_set_state(job, KEPT_GONE);
    if (ask)
        ask->other = op->op.other;
    kept_tell_answers(job, is_conflict ? KEPT_ANSWER_KEY_CONFLICT : KEPT_ANSWER_UNKNOWN);
}

/* The result of the failure is gone from the store. */
static void drop_result(struct kept *job)
{
    payload_unref(job->result);
    job->result = NULL;
    job->stored->result = (struct stored_body){0};
}

static void again(struct keep_op *op)
{
    if (op->op.status != STORE_OK) {
        not_again(op);
        return;
    }
    drop_result(op->job);
    kept_due_note(op->job);
    kept_tell_answers(op->job, KEPT_ANSWER_OK);
}

/* As a new job, but for its attempts. */
static void run_again(struct kept *job)
{
    struct keep *keep = job->keep;
    struct stored_run *run = &job->stored->run, before = *run;
    *run = (struct stored_run){.state = STORED_WAITING, .attempt = before.attempt};
    if (job->stored->wish.max_wait_ms)
        run->expires_ms =
            kept_era_now(keep, kept_era_of(keep, job->stored->seq)) + job->stored->wish.max_wait_ms;
    kept_set_state(job, KEPT_WAITING);
    kept_window_put(job);
    kept_write_job(job, STORE_AGAIN, again)->run = before;
}

static void retry(struct kept *job, struct kept_ask *ask)
{
    if (job->state != KEPT_ENDED) {
        kept_tell_answer(ask, KEPT_ANSWER_NOT_YET, job);
    } else if (job->stored->outcome.is_done) {
        kept_tell_answer(ask, KEPT_ANSWER_NOT_FAILED, job);
    } else {
        queue(&job->answers, ask);
        run_again(job);
    }
}

/* --- the pass --- */

void kept_ask_look(struct kept *job)
{
    static void (*const calls[])(struct kept * job, struct kept_ask * ask) = {
        [KEPT_ASK_LOOK] = look, [KEPT_ASK_FOLLOW] = follow, [KEPT_ASK_CANCEL] = stop,
        [KEPT_ASK_KILL] = stop, [KEPT_ASK_FORGET] = forget, [KEPT_ASK_RETRY] = retry,
    };
    struct kept_ask *ask = TAILQ_FIRST(&job->asks);
    ask->state = job->state;
    if (job->state == KEPT_GONE || job->state == KEPT_NEW)
        kept_tell_answer(ask, KEPT_ANSWER_UNKNOWN, NULL);
    else if (ask->permits && !ask->permits(ask, job))
        kept_tell_answer(ask, KEPT_ANSWER_DENIED, job);
    else
        calls[ask->kind](job, ask);
    if (!job->is_in_line && !job->is_writing) /* otherwise it is touched later */
        kept_touch(job);
}
