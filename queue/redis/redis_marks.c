/*
 * redis_marks: outcomes that were told, and are kept for less from now on: hundreds in one call.
 *
 * The keep gathers them for a second. One call for each would be a sixth of all that Redis does for
 * a job.
 */
#include "queue/redis/redis_engine_internal.h"
#include "queue/redis/scripts.h"

#include "common/xmalloc.h"

#include <stdlib.h>

enum { MARKS_MAX = 250 }; /* in one call: a millisecond of Redis's time */

struct redis_marks {
    struct store_ops ops;
};

/* Their statuses are in the order of the operations. */
static void answered(void *arg, const struct redis_answer *answer)
{
    struct redis_marks *marks = arg;
    const struct redis_reply *statuses = redis_reply_at(answer->reply, 1);
    struct store_op *op;
    for (size_t i = 0; (op = STAILQ_FIRST(&marks->ops)); i++) {
        STAILQ_REMOVE_HEAD(&marks->ops, link);
        op->status = i < statuses->count ? redis_read_status(redis_reply_number_at(statuses, i))
                                         : STORE_AWAY;
        op->done(op);
    }
    free(marks);
}

static void add(struct redis_call *call, const struct store_op *op)
{
    redis_call_number(call, op->job->seq);
    redis_call_number(call, op->job->outcome.over_ms);
}

bool redis_marks_are_of(const struct store_op *op)
{
    return op->kind == STORE_MARK && op->job->outcome.over_ms;
}

void redis_marks_post(struct engine *engine, struct store_ops *ops)
{
    static const struct redis_call_kind kind = {.done = answered, .has_deadline = true};
    struct redis_marks *marks = xmalloc(sizeof *marks);
    struct redis_call *call =
        redis_call_new(engine->calls, &redis_scripts[REDIS_SCRIPT_SHORTEN], engine->node.epoch);
    struct store_op *op;
    STAILQ_INIT(&marks->ops);
    for (size_t n = 0; n < MARKS_MAX && (op = STAILQ_FIRST(ops)); n++) {
        STAILQ_REMOVE_HEAD(ops, link);
        STAILQ_INSERT_TAIL(&marks->ops, op, link);
        add(call, op);
    }
    redis_call_post(call, &kind, marks);
}
