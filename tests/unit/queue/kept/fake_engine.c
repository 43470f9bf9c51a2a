/* fake_engine: see fake_engine.h. */
#include "tests/unit/queue/kept/fake_engine.h"

#include "base/payload.h"
#include "common/xmalloc.h"

/* --- rows --- */

static struct store_row *row_of(const struct engine *engine, uint64_t seq)
{
    struct store_row *row;
    STAILQ_FOREACH (row, &engine->rows, link)
        if (row->job->seq == seq)
            return row;
    return NULL;
}

struct stored_job *fake_engine_find(const struct engine *engine, uint64_t seq)
{
    struct store_row *row = row_of(engine, seq);
    return row ? row->job : NULL;
}

size_t fake_engine_count(const struct engine *engine, enum stored_state state)
{
    struct store_row *row;
    size_t n = 0;
    STAILQ_FOREACH (row, &engine->rows, link)
        n += row->job->run.state == state;
    return n;
}

static void write_body(struct stored_body *to, const struct stored_body *from)
{
    free(to->data);
    *to = (struct stored_body){.size = from->size};
    if (!from->payload)
        return;
    to->data = xmalloc(from->size + 1);
    hot_assert(payload_copy(from->payload, 0, to->data, from->size) == from->size);
}

static void read_body(struct stored_body *to, const struct stored_body *from, bool with_data)
{
    *to = (struct stored_body){.size = from->size};
    if (!with_data || !from->data || !from->size)
        return;
    to->data = xmalloc(from->size);
    memcpy(to->data, from->data, from->size);
}

static bool is_meant(const struct store_op *op, const struct stored_body *body)
{
    return !op->only_small || body->size <= STORED_INLINE_MAX;
}

static struct stored_job *read_job(const struct stored_job *job, bool with_input, bool with_result)
{
    struct stored_job *copy = stored_job_new(&job->wish);
    copy->seq = job->seq;
    copy->run = job->run;
    if (job->run.state == STORED_ENDED)
        stored_job_set_outcome(copy, &job->outcome);
    read_body(&copy->input, &job->input, with_input);
    read_body(&copy->result, &job->result, with_result);
    return copy;
}

static void add_row(struct store_rows *rows, struct stored_job *job)
{
    struct store_row *row = xcalloc(1, sizeof *row);
    row->job = job;
    STAILQ_INSERT_TAIL(rows, row, link);
}

static void remove_row(struct engine *engine, struct store_row *row)
{
    STAILQ_REMOVE(&engine->rows, row, store_row, link);
    stored_job_free(row->job);
    free(row);
}

void fake_engine_remove(struct engine *engine, uint64_t seq)
{
    remove_row(engine, row_of(engine, seq));
}

/* --- keys --- */

static bool keeps_key(const struct stored_job *job)
{
    return job->wish.key && (job->run.state != STORED_ENDED || job->outcome.is_done);
}

static bool has_same_key(const struct stored_job *a, const struct stored_job *b)
{
    return strcmp(a->wish.key, b->wish.key) == 0 && strcmp(a->wish.owner, b->wish.owner) == 0 &&
           strcmp(a->wish.module, b->wish.module) == 0;
}

/* NULL: nobody has the key of the job, or it has none. */
static struct stored_job *holder_of_key(struct engine *engine, const struct stored_job *job)
{
    struct store_row *row;
    if (!job->wish.key)
        return NULL;
    STAILQ_FOREACH (row, &engine->rows, link)
        if (row->job->seq != job->seq && keeps_key(row->job) && has_same_key(row->job, job))
            return row->job;
    return NULL;
}

/* A sum stands in for SHA-256. */
static void digest(struct stored_job *job)
{
    uint8_t *sum = job->wish.digest;
    memset(sum, 0, STORED_DIGEST);
    for (size_t i = 0; job->input.data && i < job->input.size; i++)
        sum[i % STORED_DIGEST] =
            (uint8_t)(sum[i % STORED_DIGEST] * 31 + (uint8_t)job->input.data[i]);
}

static enum store_status join(struct store_op *op, struct stored_job *holder,
                              const struct stored_job *job)
{
    op->other = holder->seq;
    if (holder->input.size != job->input.size ||
        memcmp(holder->wish.digest, job->wish.digest, STORED_DIGEST) != 0)
        return STORE_CONFLICT;
    holder->wish.is_detached = holder->wish.is_detached || job->wish.is_detached;
    return STORE_JOINED;
}

/* --- operations on one job --- */

static enum store_status do_put(struct engine *engine, struct store_op *op)
{
    struct stored_job *job = read_job(op->job, false, false), *holder;
    enum store_status status = STORE_OK;
    hot_assert(!row_of(engine, job->seq) && job->run.state != STORED_ENDED);
    write_body(&job->input, &op->job->input);
    digest(job);
    if (engine->is_full)
        status = STORE_NO_ROOM;
    else if ((holder = holder_of_key(engine, job)))
        status = join(op, holder, job);
    if (status != STORE_OK) {
        stored_job_free(job);
        return status;
    }
    engine->next_seq = job->seq + 1;
    add_row(&engine->rows, job);
    return STORE_OK;
}

static enum store_status do_load(struct engine *engine, struct store_op *op)
{
    struct stored_job *job = fake_engine_find(engine, op->seq);
    if (job)
        op->job = read_job(job, op->with_input && is_meant(op, &job->input),
                           op->with_result && is_meant(op, &job->result));
    return job ? STORE_OK : STORE_UNKNOWN;
}

/* The job of the operation, in one of these states. */
static struct stored_job *in_state(const struct engine *engine, const struct store_op *op,
                                   unsigned states)
{
    struct stored_job *job = fake_engine_find(engine, op->job->seq);
    return job && states & 1u << job->run.state ? job : NULL;
}

enum {
    WAITING = 1u << STORED_WAITING,
    DELAYED = 1u << STORED_DELAYED,
    HANDED = 1u << STORED_HANDED,
    ENDED = 1u << STORED_ENDED,
};

static enum store_status do_run(struct stored_job *job, const struct store_op *op, unsigned to)
{
    if (!job)
        return STORE_UNKNOWN;
    hot_assert(to & 1u << op->job->run.state);
    job->run = op->job->run;
    return STORE_OK;
}

static enum store_status do_handed(struct engine *engine, struct store_op *op)
{
    return do_run(in_state(engine, op, WAITING), op, HANDED);
}

static enum store_status do_back(struct engine *engine, struct store_op *op)
{
    return do_run(in_state(engine, op, WAITING | DELAYED | HANDED), op, WAITING | DELAYED);
}

static enum store_status do_ended(struct engine *engine, struct store_op *op)
{
    struct stored_job *job = in_state(engine, op, WAITING | DELAYED | HANDED);
    if (do_run(job, op, ENDED) != STORE_OK)
        return STORE_UNKNOWN;
    stored_job_set_outcome(job, &op->job->outcome);
    write_body(&job->result, &op->job->result);
    if (!job->outcome.is_done)
        return STORE_OK;
    free(job->input.data);
    job->input.data = NULL;
    return STORE_OK;
}

static enum store_status do_again(struct engine *engine, struct store_op *op)
{
    struct stored_job *job = in_state(engine, op, ENDED), *holder;
    if (!job || job->outcome.is_done)
        return STORE_UNKNOWN;
    if ((holder = holder_of_key(engine, job))) {
        op->other = holder->seq;
        return STORE_CONFLICT;
    }
    return do_run(job, op, WAITING);
}

static enum store_status do_forget(struct engine *engine, struct store_op *op)
{
    if (!in_state(engine, op, ENDED))
        return STORE_UNKNOWN;
    remove_row(engine, row_of(engine, op->job->seq));
    return STORE_OK;
}

static enum store_status do_mark(struct engine *engine, struct store_op *op)
{
    uint64_t over_ms = op->job->outcome.over_ms;
    struct stored_job *job = in_state(engine, op, over_ms ? ENDED : WAITING | DELAYED | HANDED);
    if (!job)
        return STORE_UNKNOWN;
    if (!over_ms)
        job->run.is_cancelled = op->job->run.is_cancelled;
    else if (!job->wish.key && over_ms < job->outcome.over_ms)
        job->outcome.over_ms = over_ms;
    return STORE_OK;
}

/* --- operations on several --- */

static bool is_behind(const struct stored_job *job, const struct store_op *op)
{
    if (job->wish.priority != op->behind_priority)
        return job->wish.priority < op->behind_priority;
    return job->seq > op->behind_seq;
}

static bool stands_before(const struct stored_job *a, const struct stored_job *b)
{
    return a->wish.priority > b->wish.priority ||
           (a->wish.priority == b->wish.priority && a->seq < b->seq);
}

/* The first waiting job behind `last`, or behind the operation's place. */
static const struct stored_job *next_taken(const struct engine *engine, const struct store_op *op,
                                           const struct stored_job *last)
{
    const struct stored_job *first = NULL;
    struct store_row *row;
    STAILQ_FOREACH (row, &engine->rows, link)
        if (row->job->run.state == STORED_WAITING &&
            strcmp(row->job->wish.module, op->module) == 0 &&
            (last ? stands_before(last, row->job) : !op->behind_seq || is_behind(row->job, op)) &&
            (!first || stands_before(row->job, first)))
            first = row->job;
    return first;
}

static enum store_status do_take(struct engine *engine, struct store_op *op)
{
    const struct stored_job *job = NULL;
    size_t n = 0, bytes = 0;
    while ((job = next_taken(engine, op, job))) {
        bytes += job->input.size;
        if (n++ == op->max || (n > 1 && bytes > op->max_bytes))
            return STORE_OK;
        add_row(&op->rows, read_job(job, true, false));
    }
    op->is_whole = true;
    return STORE_OK;
}

static bool is_in_range(const struct stored_job *job, const struct store_op *op)
{
    return job->seq > op->behind_seq && (!op->until_seq || job->seq <= op->until_seq);
}

/* The time of the job that the operation looks at; 0: none. */
static uint64_t time_of(const struct stored_job *job, const struct store_op *op)
{
    switch (op->kind) {
    case STORE_RIPEN:
        return job->run.state == STORED_DELAYED ? job->run.due_ms : 0;
    case STORE_EXPIRE:
        return job->run.state <= STORED_DELAYED ? job->run.expires_ms : 0;
    default:
        return job->run.state == STORED_ENDED ? job->outcome.over_ms : 0;
    }
}

static struct store_row *earliest(const struct engine *engine, const struct store_op *op,
                                  uint64_t after_ms, uint64_t after_seq)
{
    struct store_row *row, *first = NULL;
    STAILQ_FOREACH (row, &engine->rows, link) {
        uint64_t at = time_of(row->job, op);
        if (!at || !is_in_range(row->job, op) || at < after_ms ||
            (at == after_ms && row->job->seq <= after_seq))
            continue;
        if (!first || at < time_of(first->job, op))
            first = row;
    }
    return first;
}

static void do_due(struct engine *engine, struct store_op *op,
                   void (*change)(struct engine *engine, struct store_row *row))
{
    struct store_row *row;
    uint64_t at_ms = 0, seq = 0;
    size_t n = 0;
    while ((row = earliest(engine, op, at_ms, seq))) {
        at_ms = time_of(row->job, op);
        seq = row->job->seq;
        if (at_ms > op->now_ms || n++ == op->max)
            break;
        add_row(&op->rows, read_job(row->job, false, false));
        change(engine, row);
    }
    op->next_ms = !row ? 0 : at_ms > op->now_ms ? at_ms : op->now_ms;
    op->is_whole = !row || at_ms > op->now_ms;
}

static void change_to_waiting(struct engine *engine, struct store_row *row)
{
    (void)engine;
    row->job->run.state = STORED_WAITING;
}

static void change_nothing(struct engine *engine, struct store_row *row)
{
    (void)engine, (void)row;
}

static enum store_status do_ripen(struct engine *engine, struct store_op *op)
{
    do_due(engine, op, change_to_waiting);
    return STORE_OK;
}

static enum store_status do_expire(struct engine *engine, struct store_op *op)
{
    do_due(engine, op, change_nothing);
    return STORE_OK;
}

static enum store_status do_sweep(struct engine *engine, struct store_op *op)
{
    do_due(engine, op, remove_row);
    return STORE_OK;
}

static bool passes(const struct stored_job *job, const struct store_filter *filter)
{
    return (!filter->module || strcmp(filter->module, job->wish.module) == 0) &&
           (!filter->owner || strcmp(filter->owner, job->wish.owner) == 0) &&
           (!filter->states || filter->states & 1u << job->run.state);
}

static enum store_status do_list(struct engine *engine, struct store_op *op)
{
    struct store_row *row;
    size_t n = 0;
    STAILQ_FOREACH (row, &engine->rows, link) {
        if (row->job->seq <= op->behind_seq || !passes(row->job, &op->filter))
            continue;
        if (n++ == op->max)
            return STORE_OK;
        op->behind_seq = row->job->seq;
        add_row(&op->rows, read_job(row->job, false, false));
    }
    op->is_whole = true;
    return STORE_OK;
}

static enum store_status do_pause(struct engine *engine, struct store_op *op)
{
    const char *name = op->module ? op->module : "";
    for (size_t i = 0; i < engine->paused_count; i++)
        if (strcmp(engine->paused[i], name) == 0) {
            free(engine->paused[i]);
            engine->paused[i] = engine->paused[--engine->paused_count];
        }
    if (op->on)
        engine->paused[engine->paused_count++] = xstrdup(name);
    hot_assert(engine->paused_count < FAKE_PAUSED_MAX);
    return STORE_OK;
}

static enum store_status do_backup(struct engine *engine, struct store_op *op)
{
    (void)engine, (void)op;
    return STORE_FAILED;
}

static enum store_status (*const calls[STORE_KINDS])(struct engine *engine, struct store_op *op) = {
    [STORE_PUT] = do_put,       [STORE_LOAD] = do_load,     [STORE_TAKE] = do_take,
    [STORE_HANDED] = do_handed, [STORE_BACK] = do_back,     [STORE_ENDED] = do_ended,
    [STORE_AGAIN] = do_again,   [STORE_FORGET] = do_forget, [STORE_MARK] = do_mark,
    [STORE_RIPEN] = do_ripen,   [STORE_EXPIRE] = do_expire, [STORE_SWEEP] = do_sweep,
    [STORE_LIST] = do_list,     [STORE_PAUSE] = do_pause,   [STORE_BACKUP] = do_backup,
};

enum store_status fake_engine_do(struct engine *engine, struct store_op *op)
{
    engine->counts[op->kind]++;
    return calls[op->kind](engine, op);
}

/* --- the table of operations --- */

static bool is_of_one_job(const struct store_op *op)
{
    return op->kind == STORE_PUT || (op->kind >= STORE_HANDED && op->kind <= STORE_MARK);
}

static void check_alone(const struct store_ops *ops, const struct store_op *op)
{
    const struct store_op *other;
    STAILQ_FOREACH (other, ops, link)
        hot_assert_msg(!is_of_one_job(other) || other->job != op->job,
                       "two operations of job %ju at a time", (uintmax_t)op->job->seq);
}

static void post(struct engine *engine, struct store_op *op)
{
    if (is_of_one_job(op)) {
        check_alone(&engine->posted, op);
        check_alone(&engine->answers, op);
    }
    STAILQ_INSERT_TAIL(&engine->posted, op, link);
}

static void flush(struct engine *engine)
{
    struct store_op *op;
    while ((op = STAILQ_FIRST(&engine->posted))) {
        STAILQ_REMOVE_HEAD(&engine->posted, link);
        if (engine->looked_at)
            engine->looked_at(op);
        op->status = fake_engine_do(engine, op);
        STAILQ_INSERT_TAIL(&engine->answers, op, link);
    }
}

bool fake_engine_answer(struct engine *engine)
{
    struct store_op *op = STAILQ_FIRST(&engine->answers);
    if (!op)
        return false;
    STAILQ_REMOVE_HEAD(&engine->answers, link);
    op->done(op);
    return true;
}

bool fake_engine_answer_all(struct engine *engine)
{
    struct store_op *op;
    size_t n = 0;
    STAILQ_FOREACH (op, &engine->answers, link)
        n++;
    for (size_t i = 0; i < n; i++)
        fake_engine_answer(engine);
    return n > 0;
}

/* Lost operations are nobody's any more. They stay in reach of the leak checker. */
static struct store_ops graveyard = STAILQ_HEAD_INITIALIZER(graveyard);

static void lose(struct store_ops *ops)
{
    struct store_op *op;
    struct store_row *row;
    while ((op = STAILQ_FIRST(ops))) {
        STAILQ_REMOVE_HEAD(ops, link);
        STAILQ_INSERT_TAIL(&graveyard, op, link);
        if (op->kind == STORE_LOAD)
            stored_job_free(op->job);
        while ((row = STAILQ_FIRST(&op->rows))) {
            STAILQ_REMOVE_HEAD(&op->rows, link);
            stored_job_free(row->job);
            free(row);
        }
    }
}

void fake_engine_crash(struct engine *engine)
{
    lose(&engine->posted);
    lose(&engine->answers);
}

/* --- contents --- */

static void count(struct store_count *counts, size_t *n, const char *name,
                  const struct stored_job *job)
{
    size_t i = 0;
    while (i < *n && strcmp(counts[i].name, name) != 0)
        i++;
    if (i == *n)
        counts[(*n)++] = (struct store_count){.name = name};
    uint64_t *by_state[] = {&counts[i].waiting, &counts[i].delayed, &counts[i].handed,
                            &counts[i].ended};
    ++*by_state[job->run.state];
}

static const struct store_contents *contents(struct engine *engine)
{
    struct store_contents *all = &engine->contents;
    struct store_row *row;
    size_t n = 1;
    STAILQ_FOREACH (row, &engine->rows, link)
        n++;
    free(all->modules);
    free(all->owners);
    *all = (struct store_contents){.next_seq = engine->next_seq,
                                   .modules = xcalloc(n, sizeof *all->modules),
                                   .owners = xcalloc(n, sizeof *all->owners),
                                   .paused = (const char **)engine->paused,
                                   .paused_count = engine->paused_count};
    STAILQ_FOREACH (row, &engine->rows, link) {
        count(all->modules, &all->module_count, row->job->wish.module, row->job);
        count(all->owners, &all->owner_count, row->job->wish.owner, row->job);
    }
    return all;
}

static uint64_t left(const struct engine *engine)
{
    return engine->left;
}

static bool has_room(const struct engine *engine)
{
    return !engine->is_full;
}

const struct engine_ops fake_engine_ops = {
    .name = "fake",
    .contents = contents,
    .post = post,
    .flush = flush,
    .left = left,
    .has_room = has_room,
};

void fake_engine_init(struct engine *engine)
{
    memset(engine, 0, sizeof *engine);
    STAILQ_INIT(&engine->rows);
    STAILQ_INIT(&engine->posted);
    STAILQ_INIT(&engine->answers);
    engine->next_seq = 1;
    engine->left = UINT64_MAX;
}

void fake_engine_free(struct engine *engine)
{
    fake_engine_crash(engine);
    while (!STAILQ_EMPTY(&engine->rows))
        remove_row(engine, STAILQ_FIRST(&engine->rows));
    for (size_t i = 0; i < engine->paused_count; i++)
        free(engine->paused[i]);
    free(engine->contents.modules);
    free(engine->contents.owners);
}
