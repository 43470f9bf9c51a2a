/* redis_read: answers of scripts as answers of operations. */
#include "queue/redis/redis_engine_internal.h"
#include "queue/redis/redis_row.h"

#include "base/json_writer.h"
#include "base/rfc3339.h"
#include "common/log.h"
#include "common/xmalloc.h"

#include <stdlib.h>
#include <string.h>

enum { FULL_US = 1000000 }; /* after a put that found no room, no other is admitted for so long */

/* --- rows --- */

/* NULL: another program has written to the row, or has removed a part of it. */
static struct stored_job *read_row(const struct redis_reply *row, uint64_t epoch)
{
    size_t len;
    struct stored_job *job = redis_row_read(row, epoch);
    if (!job)
        log_event(LOG_ERROR, "redis-broken-job", LOG_STR("job", redis_reply_text_at(row, 0, &len)),
                  LOG_STR("hint", "its keys in Redis were changed by another program"));
    return job;
}

static void add_row(struct store_op *op, struct stored_job *job)
{
    struct store_row *row = xmalloc(sizeof *row);
    row->job = job;
    STAILQ_INSERT_TAIL(&op->rows, row, link);
}

static bool is_same(const char *wanted, const char *is)
{
    return !wanted || (is && strcmp(wanted, is) == 0);
}

/* A script knows no reasons, and takes the owner without a name for any. */
static bool is_wanted(const struct store_op *op, const struct stored_job *job)
{
    return op->kind != STORE_LIST || (is_same(op->filter.owner, job->wish.owner) &&
                                      is_same(op->filter.reason, job->outcome.reason));
}

static void read_rows(struct store_op *op, const struct redis_reply *rows, uint64_t epoch)
{
    for (size_t i = 0; i < rows->count; i++) {
        struct stored_job *job = read_row(rows->items[i], epoch);
        if (job && is_wanted(op, job))
            add_row(op, job);
        else
            stored_job_free(job);
    }
}

/* --- each kind; `reply` begins with the status --- */

static void read_put(struct store_op *op, const struct redis_reply *reply, uint64_t epoch)
{
    size_t len;
    const char *state = redis_reply_text_at(reply, 1, &len);
    (void)epoch;
    if (op->status == STORE_JOINED || op->status == STORE_CONFLICT)
        op->other = redis_reply_number_at(reply, 1);
    else if (op->status == STORE_OK && op->job->run.state == STORED_HANDED && *state != 'h')
        op->job->run.state = STORED_WAITING; /* or it is beyond that by now */
}

static void read_load(struct store_op *op, const struct redis_reply *reply, uint64_t epoch)
{
    const struct redis_reply *row = redis_reply_at(reply, 1);
    if (op->status != STORE_OK)
        return;
    op->job = redis_reply_number_at(row, 0) == op->seq ? read_row(row, epoch) : NULL;
    op->is_held = op->job && epoch && redis_row_holder(row) == epoch;
    if (!op->job)
        op->status = STORE_UNKNOWN;
}

static void read_again(struct store_op *op, const struct redis_reply *reply, uint64_t epoch)
{
    (void)epoch;
    if (op->status == STORE_CONFLICT)
        op->other = redis_reply_number_at(reply, 1);
}

static void read_claim(struct store_op *op, const struct redis_reply *reply, uint64_t epoch)
{
    op->is_whole = redis_reply_number_at(reply, 1);
    read_rows(op, redis_reply_at(reply, 2), epoch);
}

static void read_adopt(struct store_op *op, const struct redis_reply *reply, uint64_t epoch)
{
    read_rows(op, redis_reply_at(reply, 1), epoch);
    op->is_whole = STAILQ_EMPTY(&op->rows);
}

static void read_list(struct store_op *op, const struct redis_reply *reply, uint64_t epoch)
{
    op->is_whole = redis_reply_number_at(reply, 1);
    op->behind_seq = redis_reply_number_at(reply, 2);
    read_rows(op, redis_reply_at(reply, 3), epoch);
}

static void read_ripen(struct store_op *op, const struct redis_reply *reply, uint64_t epoch)
{
    (void)epoch;
    op->is_whole = redis_reply_number_at(reply, 1) < op->max;
    op->next_ms = redis_reply_number_at(reply, 2);
}

static uint64_t between(uint64_t from_ms, uint64_t to_ms)
{
    return to_ms > from_ms ? to_ms - from_ms : 0;
}

static void write_node(struct json_writer *json, const struct redis_reply *node, uint64_t now_ms,
                       uint64_t epoch)
{
    char since[RFC3339_MAX];
    size_t len;
    rfc3339_write(since, redis_reply_number_at(node, 3));
    json_writer_begin(json, NULL, '{');
    json_writer_text(json, "node", redis_reply_text_at(node, 1, &len));
    json_writer_uint(json, "epoch", redis_reply_number_at(node, 0));
    json_writer_bool(json, "self", redis_reply_number_at(node, 0) == epoch);
    json_writer_text(json, "version", redis_reply_text_at(node, 2, &len));
    json_writer_text(json, "since", since);
    json_writer_uint(json, "seen_ms", between(redis_reply_number_at(node, 4), now_ms));
    json_writer_uint(json, "lease_ms", between(now_ms, redis_reply_number_at(node, 5)));
    json_writer_uint(json, "held", redis_reply_number_at(node, 6));
    json_writer_end(json, '}');
}

static void read_nodes(struct store_op *op, const struct redis_reply *reply, uint64_t epoch)
{
    const struct redis_reply *nodes = redis_reply_at(reply, 2);
    struct json_writer json;
    json_writer_open(&json);
    json_writer_begin(&json, NULL, '[');
    for (size_t i = 0; i < nodes->count; i++)
        write_node(&json, nodes->items[i], redis_reply_number_at(reply, 1), epoch);
    json_writer_end(&json, ']');
    op->text = json_writer_close(&json);
}

static void read_nothing(struct store_op *op, const struct redis_reply *reply, uint64_t epoch)
{
    (void)op, (void)reply, (void)epoch;
}

static void (*const kinds[STORE_KINDS])(struct store_op *op, const struct redis_reply *reply,
                                        uint64_t epoch) = {
    [STORE_PUT] = read_put,      [STORE_LOAD] = read_load,      [STORE_BACK] = read_nothing,
    [STORE_AGAIN] = read_again,  [STORE_FORGET] = read_nothing, [STORE_MARK] = read_nothing,
    [STORE_EXPIRE] = read_claim, [STORE_LIST] = read_list,      [STORE_PAUSE] = read_nothing,
    [STORE_CLAIM] = read_claim,  [STORE_ADOPT] = read_adopt,    [STORE_TELL] = read_nothing,
    [STORE_RIPEN] = read_ripen,  [STORE_SWEEP] = read_ripen,    [STORE_NODES] = read_nodes,
    [STORE_HELD] = read_adopt,
};

/* --- the status --- */

static enum store_status status_of(uint64_t status)
{
    static const enum store_status all[] = {STORE_OK,   STORE_UNKNOWN, STORE_JOINED, STORE_CONFLICT,
                                            STORE_LOST, STORE_MOVED,   STORE_FULL,   STORE_QUOTA};
    return status < sizeof all / sizeof *all ? all[status] : STORE_AWAY;
}

static enum store_status status_without(const struct store_op *op, enum redis_end end)
{
    if (end == REDIS_FULL)
        return STORE_NO_ROOM;
    return op->kind == STORE_PUT && end != REDIS_UNSENT ? STORE_UNCONFIRMED : STORE_AWAY;
}

static bool hands_jobs(enum store_kind kind)
{
    return kind == STORE_CLAIM || kind == STORE_ADOPT || kind == STORE_EXPIRE || kind == STORE_HELD;
}

static void read_answer(struct store_op *op, uint64_t epoch, const struct redis_answer *answer)
{
    op->status = status_of(answer->status);
    kinds[op->kind](op, answer->reply, epoch);
}

/* What the engine makes of it. */
static void note(struct engine *engine, const struct store_op *op, uint64_t epoch)
{
    if (op->status == STORE_NO_ROOM)
        engine->full_until_us = redis_now_us() + FULL_US;
    if (op->status == STORE_UNCONFIRMED)
        engine->counters.unconfirmed++;
    if (op->status == STORE_LOST)
        engine->counters.lost++;
    if (op->status == STORE_LOST && epoch == engine->node.epoch)
        redis_tick(engine);
}

/* What was handed to an epoch that is dead by now is held by another node, or soon. */
void redis_read(struct engine *engine, struct store_op *op, uint64_t epoch,
                const struct redis_answer *answer)
{
    bool is_dead = epoch != engine->node.epoch;
    STAILQ_INIT(&op->rows);
    if (answer->end != REDIS_ANSWERED)
        op->status = status_without(op, answer->end);
    else if (is_dead && hands_jobs(op->kind))
        op->status = STORE_LOST;
    else
        read_answer(op, epoch, answer);
    if (is_dead && op->kind == STORE_PUT && op->job->run.state == STORED_HANDED)
        op->job->run.state = STORED_WAITING;
    note(engine, op, epoch);
}

void redis_read_one(struct engine *engine, struct store_op *op, uint64_t epoch,
                    const struct redis_answer *answer, size_t i)
{
    const struct redis_reply *statuses = redis_reply_at(answer->reply, 1);
    STAILQ_INIT(&op->rows);
    if (answer->end != REDIS_ANSWERED)
        op->status = status_without(op, answer->end);
    else
        op->status =
            i < statuses->count ? status_of(redis_reply_number_at(statuses, i)) : STORE_AWAY;
    note(engine, op, epoch);
}
