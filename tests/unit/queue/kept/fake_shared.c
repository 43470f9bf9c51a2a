/* fake_shared: see fake_shared.h. */
#include "tests/unit/queue/kept/fake_shared.h"

#include "common/xmalloc.h"

enum { EPOCHS = 4096 };

/* An answer, or news. */
struct fake_item {
    STAILQ_ENTRY(fake_item) link;
    struct store_op *op;
    void (*tell)(struct fake_node *node, struct fake_item *item);
    uint64_t seq;
    unsigned wants;
    bool flag;
    char *text, *more; /* owned */
    struct store_news news;
    uint64_t epoch; /* of the answered operation */
};

struct engine fake_store;
struct fake_node fake_nodes[FAKE_NODES];
uint64_t (*fake_shared_wall_ms)(void);
void (*fake_shared_looked_at)(const struct fake_node *node, const struct store_op *op);

static struct {
    uint64_t holder;
    uint8_t wants[FAKE_NODES];
} sides[FAKE_SEQ_MAX];
uint32_t fake_shared_ends[FAKE_SEQ_MAX];
size_t fake_shared_faults;
static uint64_t last_epoch, last_seq;
static bool is_dead[EPOCHS];

static size_t index_of(const struct fake_node *node)
{
    return (size_t)(node - fake_nodes);
}

/* --- news --- */

static struct fake_item *add(struct fake_node *node,
                             void (*tell)(struct fake_node *node, struct fake_item *item))
{
    struct fake_item *item = xcalloc(1, sizeof *item);
    item->tell = tell;
    STAILQ_INSERT_TAIL(&node->items, item, link);
    return item;
}

static void free_item(struct fake_item *item)
{
    free(item->text);
    free(item->more);
    free(item);
}

static void tell_changed(struct fake_node *node, struct fake_item *item)
{
    node->news->changed(node->arg, item->seq);
}

static void tell_followed(struct fake_node *node, struct fake_item *item)
{
    node->news->followed(node->arg, item->seq, item->wants);
}

static void tell_stop(struct fake_node *node, struct fake_item *item)
{
    node->news->stop(node->arg, item->seq, item->flag, item->text);
}

static void tell_work(struct fake_node *node, struct fake_item *item)
{
    node->news->work(node->arg, item->text);
}

static void tell_told(struct fake_node *node, struct fake_item *item)
{
    node->news->told(node->arg, item->seq, &item->news);
}

static void tell_paused(struct fake_node *node, struct fake_item *item)
{
    (void)item;
    node->news->paused(node->arg);
}

static void tell_counted(struct fake_node *node, struct fake_item *item)
{
    (void)item;
    node->news->counted(node->arg);
}

static void tell_orphans(struct fake_node *node, struct fake_item *item)
{
    (void)item;
    node->news->orphans(node->arg);
}

static void tell_up(struct fake_node *node, struct fake_item *item)
{
    node->is_up = item->flag;
    if (item->flag)
        node->news->up(node->arg);
    else
        node->news->down(node->arg);
}

/* Later calls are of the new epoch. */
static void tell_lost(struct fake_node *node, struct fake_item *item)
{
    (void)item;
    node->epoch = ++last_epoch;
    hot_assert(last_epoch < EPOCHS);
    node->news->lost(node->arg);
}

static void each_node(void (*call)(struct fake_node *node, const void *arg), const void *arg)
{
    for (size_t i = 0; i < FAKE_NODES; i++)
        if (fake_nodes[i].news)
            call(&fake_nodes[i], arg);
}

/* Once, until it is told. */
static void add_work(struct fake_node *node, const void *module)
{
    const struct fake_item *item;
    STAILQ_FOREACH (item, &node->items, link)
        if (item->tell == tell_work && strcmp(item->text, module) == 0)
            return;
    add(node, tell_work)->text = xstrdup(module);
}

static void work(const struct stored_job *job)
{
    each_node(add_work, job->wish.module);
}

static void changed(uint64_t seq, const struct fake_node *but)
{
    for (size_t i = 0; i < FAKE_NODES; i++)
        if (sides[seq].wants[i] && &fake_nodes[i] != but && fake_nodes[i].news)
            add(&fake_nodes[i], tell_changed)->seq = seq;
    memset(sides[seq].wants, 0, sizeof sides[seq].wants);
}

static void told(uint64_t seq, const struct fake_node *by, const struct store_news *news)
{
    for (size_t i = 0; i < FAKE_NODES; i++) {
        if (!(sides[seq].wants[i] & news->what) || &fake_nodes[i] == by || !fake_nodes[i].news)
            continue;
        struct fake_item *item = add(&fake_nodes[i], tell_told);
        item->seq = seq;
        item->news = *news;
        item->text = xstrdup(news->fields ? news->fields : news->reason);
        item->more = xstrdup(news->message ? news->message : "");
        item->news.fields = item->news.reason = item->text;
        item->news.message = item->more;
    }
}

static unsigned others(uint64_t seq, const struct fake_node *but)
{
    unsigned wants = 0;
    for (size_t i = 0; i < FAKE_NODES; i++)
        wants |= &fake_nodes[i] == but ? 0u : sides[seq].wants[i];
    return wants;
}

static struct fake_node *node_of(uint64_t epoch)
{
    for (size_t i = 0; i < FAKE_NODES; i++)
        if (epoch && fake_nodes[i].epoch == epoch && fake_nodes[i].news)
            return &fake_nodes[i];
    return NULL;
}

static void follow(struct fake_node *node, uint64_t seq, unsigned wants)
{
    struct fake_node *holder = node_of(sides[seq].holder);
    if (!wants || holder == node || is_dead[node->epoch])
        return;
    sides[seq].wants[index_of(node)] = (uint8_t)(wants & ~(unsigned)STORE_WANTS_NOTHING);
    if (!holder)
        return;
    struct fake_item *item = add(holder, tell_followed);
    item->seq = seq;
    item->wants = others(seq, holder);
}

/* --- operations --- */

static bool is_paused(const char *module)
{
    for (size_t i = 0; i < fake_store.paused_count; i++)
        if (!*fake_store.paused[i] || strcmp(fake_store.paused[i], module) == 0)
            return true;
    return false;
}

static bool is_waited_for(const char *module)
{
    struct store_row *row;
    STAILQ_FOREACH (row, &fake_store.rows, link)
        if (row->job->run.state == STORED_WAITING && strcmp(row->job->wish.module, module) == 0)
            return true;
    return false;
}

/* `epoch` is the one of the call. */
struct call {
    struct fake_node *node;
    uint64_t epoch;
    struct store_op *op;
};

static enum store_status do_put(const struct call *call)
{
    struct store_op *op = call->op;
    struct stored_job *job = op->job;
    bool wants_held = job->run.state == STORED_HANDED;
    uint32_t attempt = job->run.attempt;
    if (wants_held &&
        (is_paused(job->wish.module) || is_dead[call->epoch] || is_waited_for(job->wish.module))) {
        job->run.state = STORED_WAITING;
        job->run.attempt = 0;
    }
    enum store_status status = fake_engine_do(&fake_store, op);
    job->run.attempt = attempt;
    if (status != STORE_OK)
        return status;
    sides[job->seq].holder = job->run.state == STORED_HANDED ? call->epoch : 0;
    follow(call->node, job->seq, op->wants);
    if (job->run.state == STORED_WAITING)
        work(job);
    return STORE_OK;
}

static enum store_status do_load(const struct call *call)
{
    struct store_op *op = call->op;
    enum store_status status = fake_engine_do(&fake_store, op);
    if (status != STORE_OK)
        return status;
    op->job->others = others(op->seq, call->node);
    op->is_held = sides[op->seq].holder == call->epoch;
    if (op->wants == STORE_WANTS_NOTHING || op->job->run.state != STORED_ENDED)
        follow(call->node, op->seq, op->wants);
    return STORE_OK;
}

static bool holds(const struct call *call, uint64_t seq)
{
    return !is_dead[call->epoch] && sides[seq].holder == call->epoch &&
           fake_engine_find(&fake_store, seq);
}

static enum store_status do_back(const struct call *call)
{
    const struct stored_job *job = call->op->job;
    struct stored_job *row = fake_engine_find(&fake_store, job->seq);
    if (!holds(call, job->seq))
        return row ? STORE_LOST : STORE_UNKNOWN;
    bool is_cancelled = row->run.is_cancelled;
    hot_assert(call->op->is_held && fake_engine_do(&fake_store, call->op) == STORE_OK);
    row->run.is_cancelled = row->run.is_cancelled || is_cancelled;
    sides[job->seq].holder = 0;
    if (call->op->news)
        told(job->seq, call->node, call->op->news);
    follow(call->node, job->seq, call->op->wants);
    if (row->run.state == STORED_WAITING)
        work(row);
    return STORE_OK;
}

static enum store_status do_ended(const struct call *call)
{
    uint64_t seq = call->op->job->seq;
    const struct stored_job *row = fake_engine_find(&fake_store, seq);
    if (!row)
        return STORE_UNKNOWN;
    if (call->op->is_held && !holds(call, seq))
        return STORE_LOST;
    if (!call->op->is_held && row->run.state != STORED_WAITING && row->run.state != STORED_DELAYED)
        return STORE_MOVED;
    hot_assert(fake_engine_do(&fake_store, call->op) == STORE_OK);
    sides[seq].holder = 0;
    fake_shared_ends[seq]++;
    changed(seq, call->node);
    return STORE_OK;
}

static enum store_status do_mark(const struct call *call)
{
    struct store_op *op = call->op;
    struct stored_job *row = fake_engine_find(&fake_store, op->job->seq);
    if (op->job->outcome.over_ms)
        return fake_engine_do(&fake_store, op);
    if (!row)
        return STORE_UNKNOWN;
    if (op->is_held && !holds(call, row->seq))
        return STORE_LOST;
    if (!op->is_held && row->run.state != STORED_HANDED)
        return STORE_MOVED;
    row->run.is_cancelled = true;
    if (op->is_held || !node_of(sides[row->seq].holder))
        return STORE_OK;
    struct fake_item *item = add(node_of(sides[row->seq].holder), tell_stop);
    item->seq = row->seq;
    item->flag = op->kill;
    item->text = xstrdup(op->by ? op->by : "");
    return STORE_OK;
}

static enum store_status do_again(const struct call *call)
{
    const struct stored_job *row = fake_engine_find(&fake_store, call->op->job->seq);
    if (row && row->run.state != STORED_ENDED)
        return STORE_MOVED;
    enum store_status status = fake_engine_do(&fake_store, call->op);
    if (status != STORE_OK)
        return status;
    follow(call->node, row->seq, call->op->wants);
    work(row);
    return STORE_OK;
}

static enum store_status do_forget(const struct call *call)
{
    const struct stored_job *row = fake_engine_find(&fake_store, call->op->job->seq);
    if (row && row->run.state != STORED_ENDED)
        return STORE_MOVED;
    if (row)
        changed(row->seq, call->node);
    return fake_engine_do(&fake_store, call->op);
}

static void drop_rows(struct store_rows *rows, void (*call)(const struct stored_job *job))
{
    struct store_row *row;
    while ((row = STAILQ_FIRST(rows))) {
        STAILQ_REMOVE_HEAD(rows, link);
        if (call)
            call(row->job);
        stored_job_free(row->job);
        free(row);
    }
}

static enum store_status do_ripen(const struct call *call)
{
    enum store_status status = fake_engine_do(&fake_store, call->op);
    drop_rows(&call->op->rows, work);
    return status;
}

static void swept(const struct stored_job *job)
{
    changed(job->seq, NULL);
}

static enum store_status do_sweep(const struct call *call)
{
    enum store_status status = fake_engine_do(&fake_store, call->op);
    drop_rows(&call->op->rows, swept);
    return status;
}

/* The rows are held by the node from now on. */
static void hold_rows(const struct call *call, uint32_t attempts)
{
    struct store_row *row;
    STAILQ_FOREACH (row, &call->op->rows, link) {
        struct stored_job *stored = fake_engine_find(&fake_store, row->job->seq);
        stored->run.state = STORED_HANDED;
        stored->run.attempt += attempts;
        row->job->run = stored->run;
        row->job->others = others(stored->seq, call->node);
        sides[stored->seq].holder = call->epoch;
    }
}

static enum store_status do_expire(const struct call *call)
{
    if (is_dead[call->epoch])
        return STORE_LOST;
    enum store_status status = fake_engine_do(&fake_store, call->op);
    hold_rows(call, 0);
    return status;
}

static enum store_status do_claim(const struct call *call)
{
    if (is_dead[call->epoch])
        return STORE_LOST;
    if (is_paused(call->op->module))
        return STORE_OK;
    call->op->kind = STORE_TAKE;
    fake_engine_do(&fake_store, call->op);
    call->op->kind = STORE_CLAIM;
    hold_rows(call, 1);
    return STORE_OK;
}

static void add_row(struct store_op *op, uint64_t seq)
{
    struct store_op load = {.kind = STORE_LOAD, .seq = seq};
    struct store_row *row = xcalloc(1, sizeof *row);
    hot_assert(fake_engine_do(&fake_store, &load) == STORE_OK);
    row->job = load.job;
    STAILQ_INSERT_TAIL(&op->rows, row, link);
}

static void add_rows(struct store_op *op, size_t most,
                     bool (*is_meant)(uint64_t holder, uint64_t epoch), uint64_t epoch)
{
    struct store_row *row;
    STAILQ_FOREACH (row, &fake_store.rows, link)
        if (row->job->run.state == STORED_HANDED && most &&
            is_meant(sides[row->job->seq].holder, epoch)) {
            add_row(op, row->job->seq);
            most--;
        }
}

static bool is_of_dead(uint64_t holder, uint64_t epoch)
{
    (void)epoch;
    return is_dead[holder];
}

static bool is_of(uint64_t holder, uint64_t epoch)
{
    return holder == epoch;
}

static enum store_status do_adopt(const struct call *call)
{
    if (is_dead[call->epoch])
        return STORE_LOST;
    add_rows(call->op, call->op->max, is_of_dead, 0);
    hold_rows(call, 0);
    return STORE_OK;
}

static enum store_status do_held(const struct call *call)
{
    if (is_dead[call->epoch])
        return STORE_LOST;
    add_rows(call->op, SIZE_MAX, is_of, call->epoch);
    return STORE_OK;
}

static enum store_status do_tell(const struct call *call)
{
    if (!holds(call, call->op->seq))
        return STORE_LOST;
    told(call->op->seq, call->node, call->op->news);
    return STORE_OK;
}

static void add_paused(struct fake_node *node, const void *arg)
{
    (void)arg;
    add(node, tell_paused);
}

static enum store_status do_pause(const struct call *call)
{
    enum store_status status = fake_engine_do(&fake_store, call->op);
    struct store_row *row;
    each_node(add_paused, NULL);
    STAILQ_FOREACH (row, &fake_store.rows, link)
        if (!call->op->on && row->job->run.state == STORED_WAITING)
            work(row->job);
    return status;
}

static enum store_status do_list(const struct call *call)
{
    return fake_engine_do(&fake_store, call->op);
}

static enum store_status (*const calls[STORE_KINDS])(const struct call *call) = {
    [STORE_PUT] = do_put,     [STORE_LOAD] = do_load,   [STORE_BACK] = do_back,
    [STORE_ENDED] = do_ended, [STORE_AGAIN] = do_again, [STORE_FORGET] = do_forget,
    [STORE_MARK] = do_mark,   [STORE_RIPEN] = do_ripen, [STORE_EXPIRE] = do_expire,
    [STORE_SWEEP] = do_sweep, [STORE_LIST] = do_list,   [STORE_PAUSE] = do_pause,
    [STORE_CLAIM] = do_claim, [STORE_ADOPT] = do_adopt, [STORE_HELD] = do_held,
    [STORE_TELL] = do_tell,
};

/* --- the table --- */

static struct fake_node *of(struct engine *engine)
{
    return (struct fake_node *)engine;
}

static bool is_of_one_job(const struct store_op *op)
{
    return op->kind == STORE_PUT || (op->kind >= STORE_BACK && op->kind <= STORE_MARK);
}

static void post(struct engine *engine, struct store_op *op)
{
    const struct store_op *other;
    const struct fake_item *item;
    STAILQ_FOREACH (other, &engine->posted, link)
        hot_assert(!is_of_one_job(op) || !is_of_one_job(other) || other->job != op->job);
    STAILQ_FOREACH (item, &of(engine)->items, link)
        hot_assert(!is_of_one_job(op) || !item->op || !is_of_one_job(item->op) ||
                   item->op->job != op->job);
    STAILQ_INSERT_TAIL(&engine->posted, op, link);
}

static void answer(struct fake_node *node, struct store_op *op, enum store_status status,
                   uint64_t epoch)
{
    struct fake_item *item = add(node, NULL);
    op->status = status;
    item->op = op;
    item->epoch = epoch;
}

/* All that was posted, in its order, of the epoch that the node believes to be of. */
static void do_posted(struct fake_node *node)
{
    struct store_op *op;
    while ((op = STAILQ_FIRST(&node->engine.posted))) {
        const struct call call = {node, node->epoch, op};
        STAILQ_REMOVE_HEAD(&node->engine.posted, link);
        if (fake_shared_looked_at)
            fake_shared_looked_at(node, op);
        bool is_faulty = fake_shared_faults && op->is_held && op->job;
        fake_shared_faults -= is_faulty;
        answer(node, op, is_faulty ? STORE_AWAY : calls[op->kind](&call), node->epoch);
    }
}

/* A dead node hears of that first. */
static void add_lost(struct fake_node *node)
{
    const struct fake_item *item;
    STAILQ_FOREACH (item, &node->items, link)
        if (item->tell == tell_lost)
            return;
    add(node, tell_lost);
}

static void flush(struct engine *engine)
{
    struct fake_node *node = of(engine);
    if (node->is_cut)
        return;
    if (is_dead[node->epoch])
        add_lost(node);
    do_posted(node);
}

static const struct store_contents *contents(struct engine *engine)
{
    struct store_contents *all = (struct store_contents *)fake_engine_ops.contents(&fake_store);
    (void)engine;
    all->nodes = FAKE_NODES;
    all->all = (struct store_count){.waiting = fake_engine_count(&fake_store, STORED_WAITING),
                                    .delayed = fake_engine_count(&fake_store, STORED_DELAYED),
                                    .handed = fake_engine_count(&fake_store, STORED_HANDED),
                                    .ended = fake_engine_count(&fake_store, STORED_ENDED)};
    return all;
}

static uint64_t left(const struct engine *engine)
{
    (void)engine;
    return fake_store.left;
}

static bool has_room(const struct engine *engine)
{
    (void)engine;
    return !fake_store.is_full;
}

static void listen(struct engine *engine, const struct engine_news *news, void *arg)
{
    of(engine)->news = news;
    of(engine)->arg = arg;
}

static bool is_up(const struct engine *engine)
{
    return ((const struct fake_node *)engine)->is_up;
}

static uint64_t next_seq(struct engine *engine)
{
    hot_assert(last_seq + 1 < FAKE_SEQ_MAX);
    return of(engine)->is_up && !of(engine)->has_no_numbers ? ++last_seq : 0;
}

static void watch(struct engine *engine, bool on)
{
    of(engine)->watches = on;
}

static bool is_watched(const struct engine *engine)
{
    (void)engine;
    return false;
}

static uint64_t wall_ms(const struct engine *engine)
{
    (void)engine;
    return fake_shared_wall_ms();
}

const struct engine_ops fake_shared_ops = {
    .name = "fake-shared",
    .is_shared = true,
    .contents = contents,
    .post = post,
    .flush = flush,
    .left = left,
    .has_room = has_room,
    .listen = listen,
    .is_up = is_up,
    .next_seq = next_seq,
    .watch = watch,
    .is_watched = is_watched,
    .wall_ms = wall_ms,
};

/* --- what the test does --- */

void fake_shared_init(void)
{
    fake_engine_init(&fake_store);
    memset(fake_nodes, 0, sizeof fake_nodes);
    memset(sides, 0, sizeof sides);
    memset(fake_shared_ends, 0, sizeof fake_shared_ends);
    memset(is_dead, 0, sizeof is_dead);
    last_epoch = last_seq = 0;
    fake_shared_faults = 0;
    for (size_t i = 0; i < FAKE_NODES; i++) {
        STAILQ_INIT(&fake_nodes[i].items);
        STAILQ_INIT(&fake_nodes[i].engine.posted);
    }
}

void fake_shared_free(void)
{
    for (size_t i = 0; i < FAKE_NODES; i++)
        fake_node_crash(&fake_nodes[i]);
    fake_engine_free(&fake_store);
}

void fake_node_join(struct fake_node *node)
{
    hot_assert(last_epoch + 1 < EPOCHS);
    node->epoch = ++last_epoch;
    node->is_cut = false;
    node->is_up = false;
    add(node, tell_up)->flag = true;
}

/* Lost operations stay in reach of the leak checker. */
static struct store_ops graveyard = STAILQ_HEAD_INITIALIZER(graveyard);

static void bury(struct store_op *op)
{
    drop_rows(&op->rows, NULL);
    if (op->kind == STORE_LOAD)
        stored_job_free(op->job);
    STAILQ_INSERT_TAIL(&graveyard, op, link);
}

void fake_node_crash(struct fake_node *node)
{
    struct fake_item *item;
    struct store_op *op;
    while ((item = STAILQ_FIRST(&node->items))) {
        STAILQ_REMOVE_HEAD(&node->items, link);
        if (item->op)
            bury(item->op);
        free_item(item);
    }
    while ((op = STAILQ_FIRST(&node->engine.posted))) {
        STAILQ_REMOVE_HEAD(&node->engine.posted, link);
        bury(op);
    }
    node->news = NULL;
    node->is_up = false;
    memset(node->engine.counts, 0, sizeof node->engine.counts);
    for (size_t seq = 0; seq < FAKE_SEQ_MAX; seq++)
        sides[seq].wants[index_of(node)] = 0;
}

/* What was handed to an epoch of before is with this node no more. */
static void put_right(const struct fake_node *node, const struct fake_item *item)
{
    struct store_op *op = item->op;
    bool hands = op->kind == STORE_CLAIM || op->kind == STORE_ADOPT || op->kind == STORE_EXPIRE ||
                 op->kind == STORE_HELD;
    if (item->epoch == node->epoch)
        return;
    if (hands) {
        drop_rows(&op->rows, NULL);
        op->status = STORE_LOST;
    }
    if (op->kind == STORE_PUT && op->job->run.state == STORED_HANDED)
        op->job->run.state = STORED_WAITING;
}

bool fake_node_answer(struct fake_node *node)
{
    struct fake_item *item = STAILQ_FIRST(&node->items);
    if (!item)
        return false;
    STAILQ_REMOVE_HEAD(&node->items, link);
    if (item->op) {
        put_right(node, item);
        item->op->done(item->op);
    } else {
        item->tell(node, item);
    }
    free_item(item);
    return true;
}

void fake_node_cut(struct fake_node *node)
{
    node->is_cut = true;
    add(node, tell_up)->flag = false;
}

void fake_node_mend(struct fake_node *node)
{
    node->is_cut = false;
    flush(&node->engine);
    add(node, tell_up)->flag = true;
}

static bool is_patient(const struct store_op *op)
{
    return op->is_held || op->kind == STORE_CLAIM || op->kind == STORE_ADOPT ||
           op->kind == STORE_EXPIRE || op->kind == STORE_HELD || op->kind == STORE_RIPEN ||
           op->kind == STORE_SWEEP;
}

/* It came about all the same. The engine gives a job back that nobody here knows of. */
static void do_unheard(struct fake_node *node, struct store_op *op)
{
    const struct call call = {node, node->epoch, op};
    enum store_status status = calls[op->kind](&call);
    struct stored_job *row =
        op->kind == STORE_PUT ? fake_engine_find(&fake_store, op->job->seq) : NULL;
    if (op->kind == STORE_LOAD && op->job) {
        stored_job_free(op->job);
        op->job = NULL;
    }
    if (op->kind == STORE_LIST)
        drop_rows(&op->rows, NULL);
    if (status != STORE_OK || !row || row->run.state != STORED_HANDED)
        return;
    row->run.state = STORED_WAITING;
    row->run.attempt = 0;
    sides[row->seq].holder = 0;
    work(row);
}

void fake_node_give_up(struct fake_node *node, bool (*comes_about)(void))
{
    struct store_ops posted = STAILQ_HEAD_INITIALIZER(posted);
    struct store_op *op;
    STAILQ_CONCAT(&posted, &node->engine.posted);
    while ((op = STAILQ_FIRST(&posted))) {
        STAILQ_REMOVE_HEAD(&posted, link);
        if (is_patient(op)) {
            STAILQ_INSERT_TAIL(&node->engine.posted, op, link);
            continue;
        }
        if (comes_about())
            do_unheard(node, op);
        answer(node, op, op->kind == STORE_PUT ? STORE_UNCONFIRMED : STORE_AWAY, node->epoch);
    }
}

void fake_node_dies(struct fake_node *node)
{
    is_dead[node->epoch] = true;
    for (size_t seq = 0; seq < FAKE_SEQ_MAX; seq++)
        sides[seq].wants[index_of(node)] = 0;
}

void fake_node_tick(struct fake_node *node)
{
    struct store_row *row;
    bool has_orphans = false;
    if (node->is_cut)
        return;
    if (is_dead[node->epoch])
        add_lost(node);
    add(node, tell_counted);
    STAILQ_FOREACH (row, &fake_store.rows, link) {
        if (row->job->run.state == STORED_WAITING)
            add_work(node, row->job->wish.module);
        has_orphans |= row->job->run.state == STORED_HANDED && is_dead[sides[row->job->seq].holder];
    }
    if (has_orphans)
        add(node, tell_orphans);
}

uint64_t fake_shared_holder(uint64_t seq)
{
    return sides[seq].holder;
}

bool fake_shared_is_alive(uint64_t epoch)
{
    return epoch && !is_dead[epoch];
}

size_t fake_shared_held(const struct fake_node *node)
{
    struct store_row *row;
    size_t n = 0;
    STAILQ_FOREACH (row, &fake_store.rows, link)
        n += row->job->run.state == STORED_HANDED && sides[row->job->seq].holder == node->epoch;
    return n;
}

uint64_t fake_shared_last_seq(void)
{
    return last_seq;
}

void fake_shared_hold(uint64_t seq, uint64_t epoch)
{
    sides[seq].holder = epoch;
}
