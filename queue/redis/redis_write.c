/* redis_write: operations as calls of scripts: the arguments of each, as lua/README.md has them. */
#include "queue/redis/redis_engine_internal.h"
#include "queue/redis/redis_key.h"
#include "queue/redis/redis_wish.h"
#include "queue/redis/scripts.h"

#include "base/payload.h"
#include "common/log.h"

enum { LIST_LOOKS_MAX = 10000 };

static const char state_letters[] = {
    [STORED_WAITING] = 'w', [STORED_DELAYED] = 'd', [STORED_HANDED] = 'h', [STORED_ENDED] = 'e'};

/* --- arguments --- */

static void add_state(struct redis_call *call, uint8_t state)
{
    redis_call_bytes(call, &state_letters[state], 1);
}

static void add_attempts(struct redis_call *call, const struct stored_run *run)
{
    redis_call_number(call, run->attempt);
    redis_call_number(call, run->failures);
    redis_call_number(call, run->losses);
}

/* --- one job --- */

static void add_key(struct redis_call *call, const struct stored_job *job)
{
    char hash[REDIS_KEY_HASH + 1];
    redis_key_hash(hash, &job->wish);
    redis_call_text(call, hash);
    redis_call_bytes(call, job->wish.digest, job->wish.key ? STORED_DIGEST : 0);
}

static void add_input(struct redis_call *call, const struct stored_job *job)
{
    struct redis_blob wish;
    redis_wish_write(&wish, &job->wish);
    redis_call_bytes(call, wish.bytes, wish.len);
    redis_call_payload(call, NULL, 0, job->input.payload);
    redis_blob_free(&wish);
}

static void write_put(struct redis_call *call, const struct store_op *op)
{
    const struct stored_job *job = op->job;
    redis_call_number(call, job->seq);
    add_state(call, job->run.state);
    redis_call_text(call, job->wish.module);
    redis_call_text(call, job->wish.owner);
    redis_call_number(call, job->wish.priority);
    redis_call_number(call, job->run.due_ms);
    redis_call_number(call, job->run.expires_ms);
    add_key(call, job);
    redis_call_number(call, job->wish.is_detached);
    redis_call_number(call, op->wants);
    redis_call_number(call, op->job_max);
    redis_call_number(call, op->owner_job_max);
    add_input(call, job);
}

static void write_load(struct redis_call *call, const struct store_op *op)
{
    redis_call_number(call, op->seq);
    redis_call_number(call, op->with_input);
    redis_call_number(call, op->with_result);
    redis_call_number(call, op->only_small ? STORED_INLINE_MAX : 0);
    redis_call_number(call, op->wants);
}

static void add_retry(struct redis_call *call, const struct store_news *news)
{
    redis_call_text(call, news->reason);
    redis_call_text(call, news->message);
    redis_call_number(call, news->delay_ms);
    redis_call_number(call, news->attempt);
}

static void write_back(struct redis_call *call, const struct store_op *op)
{
    const struct stored_run *run = &op->job->run;
    redis_call_number(call, op->job->seq);
    add_state(call, run->state);
    add_attempts(call, run);
    redis_call_number(call, run->due_ms);
    redis_call_number(call, run->expires_ms);
    redis_call_number(call, op->wants);
    if (op->news)
        add_retry(call, op->news);
}

static void add_result(struct redis_call *call, const struct payload *result)
{
    char bytes[REDIS_SMALL];
    if (result && result->size <= sizeof bytes)
        redis_call_bytes(call, bytes, payload_copy(result, 0, bytes, sizeof bytes));
    else
        redis_call_payload(call, NULL, 0, result);
}

static void add_ended(struct redis_call *call, const struct store_op *op)
{
    const struct stored_job *job = op->job;
    struct redis_blob outcome;
    redis_outcome_write(&outcome, &job->outcome);
    redis_call_number(call, job->seq);
    redis_call_number(call, op->is_held);
    redis_call_number(call, job->outcome.is_done);
    redis_call_number(call, job->outcome.over_ms);
    redis_call_bytes(call, outcome.bytes, outcome.len);
    add_result(call, job->result.payload);
    add_attempts(call, &job->run);
    redis_call_text(call, job->outcome.reason);
    redis_blob_free(&outcome);
}

static void write_again(struct redis_call *call, const struct store_op *op)
{
    redis_call_number(call, op->job->seq);
    redis_call_number(call, op->job->run.attempt);
    redis_call_number(call, op->job->run.expires_ms);
    redis_call_number(call, op->wants);
}

static void write_forget(struct redis_call *call, const struct store_op *op)
{
    redis_call_number(call, op->job->seq);
}

static void write_mark(struct redis_call *call, const struct store_op *op)
{
    redis_call_number(call, op->job->seq);
    redis_call_number(call, op->is_held);
    redis_call_number(call, op->kill);
    redis_call_text(call, op->by);
}

/* RETRY is told by BACK. */
static void write_tell(struct redis_call *call, const struct store_op *op)
{
    const struct store_news *news = op->news;
    redis_call_number(call, op->seq);
    redis_call_text(call, news->what == STORE_WANTS_STARTED ? "started" : "progress");
    redis_call_text(call, news->fields);
    redis_call_number(call, news->attempt);
}

/* --- several jobs --- */

void redis_write_add(struct redis_call *call, const struct store_op *op)
{
    if (op->kind == STORE_ENDED) {
        add_ended(call, op);
    } else {
        redis_call_number(call, op->job->seq);
        redis_call_number(call, op->job->outcome.over_ms);
    }
}

static void write_claim(struct redis_call *call, const struct store_op *op)
{
    redis_call_text(call, op->module);
    redis_call_number(call, op->max);
    redis_call_number(call, op->max_bytes);
}

static void write_max(struct redis_call *call, const struct store_op *op)
{
    redis_call_number(call, op->max);
}

static void add_states(struct redis_call *call, unsigned states)
{
    char letters[STORED_STATES];
    size_t len = 0;
    for (size_t state = 0; state < STORED_STATES; state++)
        if (states & 1u << state)
            letters[len++] = state_letters[state];
    redis_call_bytes(call, letters, len);
}

static void write_list(struct redis_call *call, const struct store_op *op)
{
    const struct store_filter *filter = &op->filter;
    redis_call_number(call, op->behind_seq);
    if (op->until_seq)
        redis_call_number(call, op->until_seq);
    else
        redis_call_text(call, "");
    redis_call_number(call, op->max);
    redis_call_text(call, filter->module);
    redis_call_text(call, filter->owner);
    add_states(call, filter->states);
    redis_call_number(call, LIST_LOOKS_MAX);
}

static void write_pause(struct redis_call *call, const struct store_op *op)
{
    redis_call_text(call, op->module);
    redis_call_number(call, op->on);
}

static void write_nothing(struct redis_call *call, const struct store_op *op)
{
    (void)call, (void)op;
}

/* --- all kinds --- */

static const struct {
    enum redis_script_number script;
    void (*write)(struct redis_call *call, const struct store_op *op);
} kinds[STORE_KINDS] = {
    [STORE_PUT] = {REDIS_SCRIPT_PUT, write_put},
    [STORE_LOAD] = {REDIS_SCRIPT_LOAD, write_load},
    [STORE_BACK] = {REDIS_SCRIPT_BACK, write_back},
    [STORE_AGAIN] = {REDIS_SCRIPT_AGAIN, write_again},
    [STORE_FORGET] = {REDIS_SCRIPT_FORGET, write_forget},
    [STORE_MARK] = {REDIS_SCRIPT_MARK, write_mark},
    [STORE_RIPEN] = {REDIS_SCRIPT_RIPEN, write_max},
    [STORE_EXPIRE] = {REDIS_SCRIPT_EXPIRE, write_max},
    [STORE_SWEEP] = {REDIS_SCRIPT_SWEEP, write_max},
    [STORE_LIST] = {REDIS_SCRIPT_LIST, write_list},
    [STORE_PAUSE] = {REDIS_SCRIPT_PAUSE, write_pause},
    [STORE_CLAIM] = {REDIS_SCRIPT_CLAIM, write_claim},
    [STORE_ADOPT] = {REDIS_SCRIPT_ADOPT, write_max},
    [STORE_HELD] = {REDIS_SCRIPT_HELD, write_nothing},
    [STORE_TELL] = {REDIS_SCRIPT_TELL, write_tell},
    [STORE_NODES] = {REDIS_SCRIPT_NODES, write_nothing},
};

struct redis_call *redis_write(struct engine *engine, const struct store_op *op)
{
    struct redis_call *call;
    bug_on(!kinds[op->kind].write);
    call =
        redis_call_new(engine->calls, &redis_scripts[kinds[op->kind].script], engine->node.epoch);
    kinds[op->kind].write(call, op);
    return call;
}

struct redis_call *redis_write_back(struct engine *engine, uint64_t seq, uint64_t expires_ms)
{
    struct redis_call *call =
        redis_call_new(engine->calls, &redis_scripts[REDIS_SCRIPT_BACK], engine->node.epoch);
    const struct stored_run never = {.state = STORED_WAITING, .expires_ms = expires_ms};
    redis_call_number(call, seq);
    add_state(call, never.state);
    add_attempts(call, &never);
    redis_call_number(call, never.due_ms);
    redis_call_number(call, never.expires_ms);
    redis_call_number(call, 0);
    return call;
}
