/*
 * redis_batch: operations of one kind that go in one call of a script, many at a time: the ends of
 * jobs, and marks of outcomes that were told.
 *
 * A call costs Redis several microseconds before it does anything. Under load a turn of the loop
 * has the ends of many jobs, and the keep gathers marks for a second.
 */
#include "queue/redis/redis_engine_internal.h"
#include "queue/redis/scripts.h"

#include "base/payload.h"
#include "common/xmalloc.h"

#include <stdlib.h>

enum { OPS_MAX = 100 }; /* in one call: a millisecond of Redis's time */

struct batch {
    struct engine *engine;
    uint64_t epoch;
    struct store_ops ops;
};

/* Their statuses are in the order of the operations. */
static void answered(void *arg, const struct redis_answer *answer)
{
    struct batch *batch = arg;
    struct store_op *op;
    for (size_t i = 0; (op = STAILQ_FIRST(&batch->ops)); i++) {
        STAILQ_REMOVE_HEAD(&batch->ops, link);
        redis_read_one(batch->engine, op, batch->epoch, answer, i);
        op->done(op);
    }
    free(batch);
}

static bool is_mark(const struct store_op *op)
{
    return op->kind == STORE_MARK && op->job->outcome.over_ms;
}

bool redis_batch_takes(const struct store_op *op)
{
    return op->kind == STORE_ENDED || is_mark(op);
}

/* With a large result it goes alone. */
static bool is_large(const struct store_op *op)
{
    const struct payload *result = op->kind == STORE_ENDED ? op->job->result.payload : NULL;
    return result && result->size > REDIS_SMALL;
}

static bool are_alike(const struct store_op *a, const struct store_op *b)
{
    return a->kind == b->kind && a->is_held == b->is_held;
}

/* The first ones that are alike. */
static void fill(struct batch *batch, struct redis_call *call, struct store_ops *ops)
{
    const struct store_op *first = STAILQ_FIRST(ops);
    struct store_op *op;
    size_t n = 0;
    while ((op = STAILQ_FIRST(ops)) && are_alike(op, first) && n < OPS_MAX) {
        if (n && (is_large(op) || is_large(first)))
            break;
        STAILQ_REMOVE_HEAD(ops, link);
        STAILQ_INSERT_TAIL(&batch->ops, op, link);
        redis_write_add(call, op);
        n++;
    }
}

/* The outcome of a held job waits for Redis. */
static void post_first(struct engine *engine, struct store_ops *ops)
{
    static const struct redis_call_kind patient = {.done = answered},
                                        hurried = {.done = answered, .has_deadline = true};
    const struct store_op *first = STAILQ_FIRST(ops);
    bool is_end = first->kind == STORE_ENDED, is_held = first->is_held;
    enum redis_script_number script = is_end ? REDIS_SCRIPT_ENDED : REDIS_SCRIPT_SHORTEN;
    struct redis_call *call =
        redis_call_new(engine->calls, &redis_scripts[script], engine->node.epoch);
    struct batch *batch = xmalloc(sizeof *batch);
    *batch = (struct batch){.engine = engine, .epoch = engine->node.epoch};
    STAILQ_INIT(&batch->ops);
    fill(batch, call, ops);
    redis_call_post(call, is_end && is_held ? &patient : &hurried, batch);
}

void redis_batch_post(struct engine *engine, struct store_ops *ops)
{
    while (!STAILQ_EMPTY(ops))
        post_first(engine, ops);
}
