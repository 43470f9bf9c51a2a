/* redis_op: an operation: posted as a call of a script, answered, and put right if it was answered
 * too late. */
#include "queue/redis/redis_engine_internal.h"

#include "base/spare.h"
#include "common/log.h"

#include <stdio.h>

/* An operation under way. */
struct redis_op {
    struct engine *engine;
    struct store_op *op; /* NULL: it is answered, and the call goes on */
    uint64_t epoch;
    uint64_t seq, expires_ms; /* of a PUT */
};

static struct spare spare;

/* --- what came about too late --- */

static void given_back(void *arg, const struct redis_answer *answer)
{
    (void)arg, (void)answer;
}

static const struct redis_call_kind give_back = {.done = given_back};

/* Nobody here knows of the job that was handed to this node after all. */
static void put_right(const struct redis_op *call, const struct redis_answer *answer)
{
    struct engine *engine = call->engine;
    size_t len;
    bool is_handed = answer->end == REDIS_ANSWERED && !answer->status &&
                     *redis_reply_text_at(answer->reply, 1, &len) == 'h';
    if (is_handed && call->epoch == engine->node.epoch)
        redis_call_post(redis_write_back(engine, call->seq, call->expires_ms), &give_back, NULL);
}

/* --- answers --- */

static void answered(void *arg, const struct redis_answer *answer)
{
    struct redis_op *call = arg;
    struct store_op *op = call->op;
    if (op) {
        redis_read(call->engine, op, call->epoch, answer);
        call->op = NULL;
        op->done(op);
    } else {
        put_right(call, answer);
    }
    if (answer->is_last)
        spare_give(&spare, call);
}

/* --- posting --- */

/* A job that is held here waits for Redis, as does what may hand a job to this node. */
static const struct redis_call_kind *kind_of(const struct store_op *op)
{
    static const struct redis_call_kind put = {
        .done = answered, .has_deadline = true, .is_change = true, .gives_up_full = true};
    static const struct redis_call_kind hurried = {.done = answered, .has_deadline = true};
    static const struct redis_call_kind patient = {.done = answered};
    switch (op->kind) {
    case STORE_PUT:
        return &put;
    case STORE_BACK:
    case STORE_CLAIM:
    case STORE_ADOPT:
    case STORE_EXPIRE:
    case STORE_HELD:
    case STORE_RIPEN:
    case STORE_SWEEP:
        return &patient;
    case STORE_MARK:
        return op->is_held ? &patient : &hurried;
    default:
        return &hurried;
    }
}

static void start(void *arg, struct store_op *op)
{
    struct engine *engine = arg;
    struct redis_op *call = spare_take(&spare, sizeof *call);
    *call = (struct redis_op){.engine = engine, .op = op, .epoch = engine->node.epoch};
    if (op->kind == STORE_PUT) {
        call->seq = op->job->seq;
        call->expires_ms = op->job->run.expires_ms;
    }
    redis_call_post(redis_write(engine, op), kind_of(op), call);
}

/* Answered in the next turn. */
static void refuse(struct engine *engine, struct store_op *op)
{
    snprintf(op->error, sizeof op->error,
             "the jobs are in Redis: its own persistence makes copies (doc/cluster.md)");
    op->status = STORE_FAILED;
    STAILQ_INSERT_TAIL(&engine->refused, op, link);
    timer_set_next(engine->parts.loop->timers, &engine->refusal);
}

void redis_op_post(struct engine *engine, struct store_op *op)
{
    STAILQ_INSERT_TAIL(&engine->posted, op, link);
}

void redis_op_flush(struct engine *engine)
{
    struct store_ops batched = STAILQ_HEAD_INITIALIZER(batched);
    struct store_op *op;
    while ((op = STAILQ_FIRST(&engine->posted))) {
        STAILQ_REMOVE_HEAD(&engine->posted, link);
        if (op->kind == STORE_BACKUP)
            refuse(engine, op);
        else if (op->kind == STORE_PUT)
            redis_digests_add(&engine->digests, op);
        else if (redis_batch_takes(op))
            STAILQ_INSERT_TAIL(&batched, op, link);
        else
            start(engine, op);
    }
    redis_batch_post(engine, &batched);
}

static void answer_all(struct store_ops *ops)
{
    struct store_op *op;
    while ((op = STAILQ_FIRST(ops))) {
        STAILQ_REMOVE_HEAD(ops, link);
        op->done(op);
    }
}

static void refusal_fires(void *arg)
{
    struct engine *engine = arg;
    answer_all(&engine->refused);
}

void redis_op_init(struct engine *engine)
{
    STAILQ_INIT(&engine->posted);
    STAILQ_INIT(&engine->refused);
    timer_init(&engine->refusal, refusal_fires, engine);
    redis_digests_init(&engine->digests, engine->parts.loop->timers, start, engine);
}

bool redis_op_is_busy(const struct engine *engine)
{
    return !STAILQ_EMPTY(&engine->posted) || redis_digests_is_busy(&engine->digests);
}

/* An answer may post another operation. */
void redis_op_finish(struct engine *engine)
{
    struct store_op *op;
    redis_digests_clear(&engine->digests, &engine->posted);
    while (!STAILQ_EMPTY(&engine->refused) || !STAILQ_EMPTY(&engine->posted)) {
        answer_all(&engine->refused);
        STAILQ_FOREACH (op, &engine->posted, link)
            op->status = STORE_AWAY;
        answer_all(&engine->posted);
    }
    timer_clear(engine->parts.loop->timers, &engine->refusal);
}
