/*
 * kept_elsewhere: copies of jobs that the shared store has, or another node.
 *
 * Any node may change such a job at any time. So each ask reads the job anew, and a change names
 * what it expects of the job: if that has changed, the job is read again, and asked again. The
 * store knows which of these jobs are followed here. It tells what happens to them, and their
 * outcomes are read then.
 */
#include "queue/kept/kept_internal.h"

enum { AGAIN_MS = 1000 };

/* --- what this node wants of the job --- */

unsigned kept_elsewhere_wants_of(const struct kept_follower *follower)
{
    static const struct {
        unsigned kept, store;
    } pairs[] = {
        {KEPT_WANTS_STARTED, STORE_WANTS_STARTED},
        {KEPT_WANTS_PROGRESS, STORE_WANTS_PROGRESS},
        {KEPT_WANTS_RETRY, STORE_WANTS_RETRY},
    };
    unsigned wants = STORE_WANTS_END | (follower->is_submit ? STORE_WANTS_SUBMIT : 0u);
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
        if (follower->wants & pairs[i].kept)
            wants |= pairs[i].store;
    return wants;
}

unsigned kept_elsewhere_wants(const struct kept *job)
{
    const struct kept_follower *follower;
    unsigned wants = 0;
    if (!kept_is_shared(job->keep))
        return 0;
    LIST_FOREACH (follower, &job->followers, link)
        if (!follower->is_detached)
            wants |= kept_elsewhere_wants_of(follower);
    return wants;
}

/* --- as read --- */

/* The result in memory may be of an end that was retried. */
static void drop_result(struct kept *job)
{
    payload_unref(job->result);
    job->result = NULL;
    job->stored->result = (struct stored_body){0};
}

void kept_elsewhere_replace(struct kept *job, struct stored_job *read)
{
    if (read == job->stored)
        return;
    drop_result(job);
    stored_job_free(job->stored);
    job->stored = read;
    job->is_detached = job->is_detached || read->wish.is_detached;
    job->is_stale = false;
    kept_record_take_bodies(job, read);
}

/* The record knows better what the job is, but for what other nodes want of it. */
static void learn(struct kept *job, struct stored_job *read)
{
    job->stored->others = read->others;
    job->is_detached = job->is_detached || read->wish.is_detached;
    kept_record_take_bodies(job, read);
    stored_job_free(read);
}

static void set_state(struct kept *job)
{
    bool has_ended = job->stored->run.state == STORED_ENDED;
    enum kept_state state = has_ended ? KEPT_ENDED : KEPT_ELSEWHERE;
    if (job->state != state)
        kept_set_state(job, state);
}

void kept_elsewhere_take(struct kept *job, struct stored_job *read)
{
    if (kept_is_held(job) || kept_is_changing(job)) {
        learn(job, read);
    } else if (job->state == KEPT_ELSEWHERE || job->state == KEPT_ENDED) {
        kept_elsewhere_replace(job, read);
        set_state(job);
    } else {
        stored_job_free(read);
    }
}

void kept_elsewhere_merge(struct kept *job, struct stored_job *read)
{
    if (kept_is_shared(job->keep)) {
        kept_elsewhere_take(job, read);
        return;
    }
    kept_record_take_bodies(job, read);
    stored_job_free(read);
}

/* --- it is not as it was --- */

static void drop(struct kept *job)
{
    drop_result(job);
    kept_set_state(job, KEPT_ELSEWHERE);
    job->is_stale = true;
}

static void gone(struct kept *job)
{
    if (job->state != KEPT_ELSEWHERE)
        drop(job);
    kept_set_state(job, KEPT_GONE);
    kept_tell_answers(job, KEPT_ANSWER_UNKNOWN);
}

/* Not read for a while, or until the store is back. */
static void away(struct kept *job)
{
    struct keep *keep = job->keep;
    job->is_away = job->is_stale = true;
    if (!timer_is_set(&keep->shared.again))
        timer_set_ms(keep->parts.timers, &keep->shared.again, AGAIN_MS);
}

/* What was asked is asked again, first of all, of the job as it is by now. */
static void ask_again(struct kept *job)
{
    struct kept_ask *ask;
    while ((ask = TAILQ_LAST(&job->answers, kept_asks))) {
        TAILQ_REMOVE(&job->answers, ask, link);
        TAILQ_INSERT_HEAD(&job->asks, ask, link);
        ask->of = &job->asks;
    }
    TAILQ_FOREACH (ask, &job->asks, link)
        ask->is_fresh = false;
}

void kept_elsewhere_refused(struct keep_op *op)
{
    struct kept *job = op->job;
    bug_on(!kept_is_shared(op->keep));
    if (op->op.status == STORE_UNKNOWN) {
        gone(job);
        return;
    }
    drop(job);
    if (op->op.status == STORE_AWAY) {
        away(job);
        kept_tell_answers(job, KEPT_ANSWER_STORAGE);
        return;
    }
    if (op->op.status == STORE_LOST)
        job->follows = 0;
    ask_again(job);
}

void kept_elsewhere_lose(struct kept *job)
{
    drop(job);
    job->follows = 0;
}

/* --- read anew --- */

static struct kept_ask *first_fresh(const struct kept *job)
{
    struct kept_ask *ask;
    TAILQ_FOREACH (ask, &job->asks, link)
        if (ask->is_fresh)
            return ask;
    return NULL;
}

/* Those that the job was read for. An answered asker may ask again. */
static void refuse_asks(struct kept *job)
{
    struct kept_ask *ask;
    while ((ask = first_fresh(job)))
        kept_tell_answer(ask, KEPT_ANSWER_STORAGE, NULL);
}

void kept_elsewhere_away(struct kept *job)
{
    away(job);
    refuse_asks(job);
}

/* What a node wanted goes with its life. Nor does the store note what a node wants of a job that is
 * handed to it: perhaps the answer that hands the job over is still to come. */
void kept_elsewhere_follow(struct kept *job, const struct keep_op *op)
{
    unsigned wants = op->op.wants & ~(unsigned)STORE_WANTS_NOTHING;
    if (!op->op.wants || kept_is_held(job))
        return;
    job->follows = op->life == op->keep->shared.life ? (uint8_t)wants : 0;
    if (op->op.kind != STORE_LOAD || !op->op.is_held)
        return;
    job->follows = 0;
    away(job);
}

static void loaded(struct keep_op *op)
{
    struct kept *job = op->job;
    if (op->op.job) {
        kept_elsewhere_follow(job, op);
        kept_elsewhere_take(job, op->op.job);
    } else if (op->op.status == STORE_AWAY) {
        kept_elsewhere_away(job);
    } else if (job->state == KEPT_ELSEWHERE || job->state == KEPT_ENDED) {
        gone(job);
    }
}

/* Those asked so far hear of the job as it is then. */
static struct keep_op *load(struct kept *job)
{
    struct kept_ask *ask;
    TAILQ_FOREACH (ask, &job->asks, link)
        ask->is_fresh = true;
    job->is_stale = false;
    return kept_write_load(job, job->stored->seq, loaded);
}

/* It may have ended: a small result comes with it. */
static struct keep_op *load_whole(struct kept *job)
{
    struct keep_op *op = load(job);
    op->op.with_result = op->op.only_small = true;
    return op;
}

static void load_for(struct kept *job, const struct kept_ask *ask)
{
    struct keep_op *op = load(job);
    op->op.with_input = ask->with_input;
    op->op.with_result = ask->kind == KEPT_ASK_FOLLOW;
    op->op.only_small = true;
    op->op.wants = kept_elsewhere_wants(job);
    if (ask->kind == KEPT_ASK_FOLLOW)
        op->op.wants |= kept_elsewhere_wants_of(ask->follower);
}

bool kept_elsewhere_is_asked(struct kept *job, const struct kept_ask *ask)
{
    bool is_copy = job->state == KEPT_ELSEWHERE || job->state == KEPT_ENDED;
    if (!kept_is_shared(job->keep) || !is_copy || ask->is_fresh)
        return false;
    load_for(job, ask);
    return true;
}

void kept_elsewhere_look(struct kept *job)
{
    unsigned wants = kept_elsewhere_wants(job);
    bool is_known = !job->is_stale && !(wants & ~job->follows);
    if (!wants || is_known || job->is_away || !kept_is_up(job->keep))
        return;
    load_whole(job)->op.wants = wants;
}

void kept_elsewhere_leave(struct kept *job)
{
    load(job)->op.wants = STORE_WANTS_NOTHING;
}

/* --- news --- */

void kept_elsewhere_changed(struct kept *job)
{
    if (kept_is_held(job))
        return;
    job->is_stale = true;
    kept_touch(job);
}
