/* kept_ask: requests about one job. The pass looks at the first ask of a job that is not being
 * written. */
#include "queue/kept/kept_internal.h"

#include "common/xmalloc.h"

#include <stdlib.h>
#include <string.h>

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
    if (!job && !read)
        return NULL;
    if (!job)
        job = kept_record_read(op->keep, read);
    else if (read)
        kept_elsewhere_merge(job, read);
    kept_elsewhere_follow(job, op);
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
    if (ask && op->op.status == STORE_AWAY)
        kept_tell_answer(ask, KEPT_ANSWER_STORAGE, NULL);
    else if (ask && job)
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
    if (kept_is_shared(keep) && ask->follower)
        op->op.wants = kept_elsewhere_wants_of(ask->follower);
    ask->is_fresh = true;
    keep->loads.count += with_any;
    queue(&op->asks, ask);
    kept_write_post(op);
}

void kept_ask_start(struct keep *keep, struct kept_ask *ask)
{
    struct kept *job = kept_record_find(keep, ask->seq);
    ask->of = NULL;
    ask->is_fresh = false;
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
    if (ask->with_input && kept_record_lacks_input(job))
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

static void marked(struct keep_op *op)
{
    if (op->op.status != STORE_OK && kept_is_shared(op->keep)) {
        kept_lease_refused(op);
        return;
    }
    stop_at_master(op->job, op->op.kill);
    kept_tell_answers(op->job, KEPT_ANSWER_OK);
}

static void mark(struct kept *job, struct kept_ask *ask)
{
    job->stored->outcome.over_ms = 0; /* of an end before it was retried */
    queue(&job->answers, ask);
    struct keep_op *op = kept_write_job(job, STORE_MARK, marked);
    op->op.is_held = kept_is_held(job);
    op->op.kill = ask->kind == KEPT_ASK_KILL;
    op->op.by = ask->by;
}

static void stop_handed(struct kept *job, struct kept_ask *ask)
{
    bool is_noted = job->stored->run.is_cancelled || ask->is_noted;
    if (!job->stored->run.is_cancelled) {
        job->stored->run.is_cancelled = true;
        free(job->stop_by);
        job->stop_by = xstrdup(ask->by ? ask->by : "");
    }
    if (!is_noted) {
        mark(job, ask);
        return;
    }
    stop_at_master(job, ask->kind == KEPT_ASK_KILL);
    kept_tell_answer(ask, KEPT_ANSWER_OK, job);
}

static void stop(struct kept *job, struct kept_ask *ask)
{
    if (job->state == KEPT_ENDED) {
        kept_tell_answer(ask, KEPT_ANSWER_UNKNOWN, NULL);
    } else if (kept_is_held(job)) {
        stop_handed(job, ask);
    } else if (job->state == KEPT_ELSEWHERE && job->stored->run.state == STORED_HANDED) {
        mark(job, ask);
    } else {
        queue(&job->answers, ask);
        kept_end_cancelled(job, ask->by);
    }
}

/* --- a submit that withdraws from a job that other nodes' submits may have joined --- */

static bool is_wanted_by_others(const struct kept *job)
{
    const struct kept_follower *follower;
    LIST_FOREACH (follower, &job->followers, link)
        if (follower->is_submit && !follower->is_leaving)
            return true;
    return job->is_detached || job->stored->others & STORE_WANTS_SUBMIT;
}

static struct kept_follower *first_leaving(const struct kept *job)
{
    struct kept_follower *follower;
    LIST_FOREACH (follower, &job->followers, link)
        if (follower->is_leaving)
            return follower;
    return NULL;
}

static void leave(struct kept *job, struct kept_ask *ask)
{
    const struct kept_event event = {.type = KEPT_EVENT_LEFT, .job = job, .fields = ask->by};
    struct kept_follower *follower;
    while ((follower = first_leaving(job)))
        kept_tell_last(follower, &event);
    kept_tell_answer(ask, KEPT_ANSWER_OK, job);
}

/* The store forgets this node's submits, and tells in the same step what other nodes want: so one
 * of several that withdraw together finds that it is the last. */
static void withdraw(struct kept *job, struct kept_ask *ask)
{
    if (!ask->is_noted) {
        ask->is_noted = true;
        kept_elsewhere_leave(job);
    } else if (job->state != KEPT_ENDED && is_wanted_by_others(job)) {
        leave(job, ask);
    } else {
        ask->is_noted = false;
        ask->kind = ask->kills ? KEPT_ASK_KILL : KEPT_ASK_CANCEL;
        stop(job, ask);
    }
}

/* --- an ask that nobody waits for --- */

struct own_ask {
    struct kept_ask ask;
    char by[];
};

static void own_answered(struct kept_ask *ask, enum kept_answer answer, struct kept *job)
{
    (void)answer, (void)job;
    free(ask);
}

struct kept_ask *kept_ask_stop(struct keep *keep, uint64_t seq, enum kept_ask_kind kind,
                               const char *by)
{
    size_t len = strlen(by) + 1;
    struct own_ask *own = xcalloc(1, sizeof *own + len);
    memcpy(own->by, by, len);
    own->ask = (struct kept_ask){
        .kind = kind, .seq = seq, .by = own->by, .is_own = true, .answered = own_answered};
    kept_ask_start(keep, &own->ask);
    return &own->ask;
}

/* --- forget --- */

/* Somebody may have joined it meanwhile. */
static void forgotten(struct keep_op *op)
{
    if (op->op.status != STORE_OK && kept_is_shared(op->keep)) {
        kept_elsewhere_refused(op);
        return;
    }
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
    bool is_conflict = op->op.status == STORE_CONFLICT;
    if (op->op.status != STORE_OK && !is_conflict && kept_is_shared(op->keep)) {
        kept_elsewhere_refused(op);
        return;
    }
    if (op->op.status != STORE_OK) {
        not_again(op);
        return;
    }
    kept_elsewhere_follow(op->job, op);
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
    kept_set_state(job, kept_unheld(keep, KEPT_WAITING));
    kept_window_put(job);
    struct keep_op *op = kept_write_job(job, STORE_AGAIN, again);
    op->run = before;
    op->op.wants = kept_elsewhere_wants(job);
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
        [KEPT_ASK_LOOK] = look,         [KEPT_ASK_FOLLOW] = follow, [KEPT_ASK_CANCEL] = stop,
        [KEPT_ASK_KILL] = stop,         [KEPT_ASK_FORGET] = forget, [KEPT_ASK_RETRY] = retry,
        [KEPT_ASK_WITHDRAW] = withdraw,
    };
    struct kept_ask *ask = TAILQ_FIRST(&job->asks);
    ask->state = job->state;
    if (ask->kind != KEPT_ASK_WITHDRAW && kept_elsewhere_is_asked(job, ask))
        return;
    if (job->state == KEPT_GONE || job->state == KEPT_NEW)
        kept_tell_answer(ask, KEPT_ANSWER_UNKNOWN, NULL);
    else if (ask->permits && !ask->permits(ask, job))
        kept_tell_answer(ask, KEPT_ANSWER_DENIED, job);
    else
        calls[ask->kind](job, ask);
    if (!job->is_in_line && !job->is_writing) /* otherwise it is touched later */
        kept_touch(job);
}
