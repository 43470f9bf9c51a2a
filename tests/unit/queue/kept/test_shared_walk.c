/*
 * test_shared_walk: a long random walk of three keeps on one store: nodes that are cut off, taken
 * for dead and crash, masters that come and go, and all that clients ask at any node. It is checked
 * against the promises: an accepted job ends once, whatever happens; a node hands its master no job
 * that another living node holds, and none twice at a time; followers at any node hear of the end;
 * and each node counts the jobs that it holds. TEST_SEED walks one way again.
 */
#include "tests/unit/queue/kept/fake_shared.h"

#include "queue/kept/keep.h"
#include "tests/unit/queue/kept/any_end.h"

enum { STEPS = 60000, MODULES = 3, WALKERS = 60 };

/* A follower that comes and goes. */
struct walker {
    struct kept_follower follower;
    bool busy;
    bool accepted; /* it has a job, or may have */
    uint64_t seq;
};

struct walk_node {
    struct fake_node *fake;
    struct keep *keep;
    bool has_master;
    char boot[16];
    bool with_master[FAKE_SEQ_MAX];
    struct walker walkers[WALKERS];
};

static struct chance chance;
static struct timers timers;
static struct payload_budget budget;
static struct walk_node nodes[FAKE_NODES];
static bool accepted[FAKE_SEQ_MAX];
static uint64_t top_seq;
static unsigned boots;
static const char *const modules[MODULES] = {"echo", "fib", "ocr"};
static uint64_t tally_submits, tally_joined, tally_runs, tally_done, tally_unconfirmed,
    tally_deaths, tally_crashes, tally_late, tally_adopted, tally_left, tally_storage;

static struct keep_settings settings = {
    .job_max = 3000,
    .window = 32,
    .poison_limit = 3,
    .hold_max_ms = 20000,
    .ack_ms = 1000,
    .result_ttl_ms = 20000,
    .failed_ttl_ms = 20000,
};

static bool percent(unsigned n)
{
    return chance_percent(&chance, n);
}

static size_t below(size_t n)
{
    return chance_below(&chance, n);
}

static bool coin(void)
{
    return percent(50);
}

static uint64_t wall_ms(void)
{
    return 1700000000 + timers.now_us / 1000;
}

static uint64_t random_number(void)
{
    return below(1000000);
}

static struct walk_node *any_node(void)
{
    return &nodes[below(FAKE_NODES)];
}

/* --- the masters --- */

static void op_submit(void *arg, struct kept *job)
{
    struct walk_node *node = arg;
    uint64_t seq = kept_seq(job);
    hot_assert(node->has_master && !node->with_master[seq]);
    hot_assert(job->input || !job->stored->input.size);
    hot_assert_msg(fake_shared_holder(seq) == node->fake->epoch ||
                       !fake_shared_is_alive(node->fake->epoch),
                   "q%ju is not with the node that runs it", (uintmax_t)seq);
    node->with_master[seq] = true;
    tally_runs++;
}

static void op_stop(void *arg, struct kept *job, bool kill)
{
    const struct walk_node *node = arg;
    (void)kill;
    hot_assert(node->with_master[kept_seq(job)]);
}

static const struct kept_master_ops master_ops = {.submit = op_submit, .stop = op_stop};

static void master_goes(struct walk_node *node)
{
    node->has_master = false;
    memset(node->with_master, 0, sizeof node->with_master);
    keep_master_gone(node->keep);
}

static void master_comes(struct walk_node *node)
{
    node->has_master = true;
    if (!*node->boot || percent(50))
        snprintf(node->boot, sizeof node->boot, "k%u", ++boots);
    keep_master_up(node->keep, &(struct kept_master_about){.boot = node->boot,
                                                           .payload_max = 2500,
                                                           .job_max = 100,
                                                           .kill_grace_ms = 2000});
}

/* --- nodes --- */

static void begin_node(struct walk_node *node)
{
    fake_node_join(node->fake);
    node->keep = keep_new(&(struct keep_parts){.timers = &timers,
                                               .wall_ms = wall_ms,
                                               .random = random_number,
                                               .payloads = &budget,
                                               .output = &budget,
                                               .engine_ops = &fake_shared_ops,
                                               .engine = &node->fake->engine,
                                               .master = &master_ops,
                                               .master_arg = node,
                                               .settings = &settings});
    fake_shared_ops.listen(&node->fake->engine, &keep_news, node->keep);
}

static void note_counts(const struct walk_node *node)
{
    tally_late += keep_counts(node->keep)->late;
    tally_adopted += keep_counts(node->keep)->adopted;
}

/* --- asks --- */

struct walk_ask {
    struct kept_ask ask;
    struct walk_node *node;
    LIST_ENTRY(walk_ask) link;
};

static LIST_HEAD(, walk_ask) asked;

static struct kept_ask *new_ask(struct walk_node *node, enum kept_ask_kind kind, uint64_t seq)
{
    struct walk_ask *walk = calloc(1, sizeof *walk);
    LIST_INSERT_HEAD(&asked, walk, link);
    walk->node = node;
    walk->ask = (struct kept_ask){.kind = kind, .seq = seq, .by = ""};
    return &walk->ask;
}

static void free_ask(struct walk_ask *walk)
{
    LIST_REMOVE(walk, link);
    free(walk);
}

static void on_answer(struct kept_ask *ask, enum kept_answer answer, struct kept *job)
{
    hot_assert((answer == KEPT_ANSWER_UNKNOWN || answer == KEPT_ANSWER_STORAGE) == !job);
    tally_storage += answer == KEPT_ANSWER_STORAGE;
    free_ask((struct walk_ask *)ask);
}

static void forget_asks(const struct walk_node *node)
{
    struct walk_ask *walk = LIST_FIRST(&asked), *next;
    for (; walk; walk = next) {
        next = LIST_NEXT(walk, link);
        if (walk->node == node)
            free_ask(walk);
    }
}

/* --- followers --- */

static void on_event(struct kept_follower *follower, const struct kept_event *event)
{
    struct walker *walker = (struct walker *)follower;
    uint64_t seq = event->job ? kept_seq(event->job) : 0;
    hot_assert(walker->busy);
    if (event->type == KEPT_EVENT_ACCEPTED) {
        accepted[seq] = true;
        walker->seq = seq;
        tally_joined += event->joined;
    }
    if (event->type == KEPT_EVENT_ENDED) {
        hot_assert_msg(fake_shared_ends[seq] > 0, "q%ju has not ended", (uintmax_t)seq);
        hot_assert(!walker->seq || walker->seq == seq);
        tally_done += event->job->stored->outcome.is_done;
    }
    tally_left += event->type == KEPT_EVENT_LEFT;
    tally_unconfirmed += event->type == KEPT_EVENT_REFUSED && event->refusal == KEPT_UNCONFIRMED;
    walker->busy = follower->job != NULL;
}

static struct walker *free_walker(struct walk_node *node)
{
    struct walker *walker = &node->walkers[below(WALKERS)];
    return walker->busy ? NULL : walker;
}

/* --- steps --- */

static struct stored_wish a_wish(char key[8])
{
    struct stored_wish wish = {.module = modules[below(MODULES)],
                               .owner = percent(50) ? "x" : "",
                               .id = "1",
                               .priority = percent(80) ? 5 : (uint8_t)below(10),
                               .retry_on = (uint8_t)below(16),
                               .retries = (uint32_t)below(3),
                               .retry_delay_ms = (uint32_t)below(3) * 1000,
                               .max_wait_ms = percent(10) ? 1 + below(100000) : 0,
                               .ttl_ms = percent(30) ? 1 + below(30000) : 0,
                               .is_detached = percent(40)};
    if (percent(30)) {
        snprintf(key, 8, "k%zu", below(10));
        wish.key = key;
    }
    return wish;
}

static void step_submit(struct walk_node *node)
{
    struct walker *walker = free_walker(node);
    char key[8], input[3000];
    struct stored_wish wish = a_wish(key);
    size_t size = percent(80) ? below(20) : below(sizeof input);
    if (!walker)
        return;
    memset(input, wish.key ? 'k' : 'x', sizeof input);
    if (wish.key)
        size = percent(90) ? 2 : 3;
    struct stored_job *stored = stored_job_new(&wish);
    if (percent(20))
        stored->run.due_ms = wall_ms() + below(20000);
    *walker = (struct walker){.busy = true};
    walker->follower = (struct kept_follower){
        .event = on_event, .wants = 15, .is_submit = true, .is_detached = wish.is_detached};
    keep_submit(node->keep, stored, size ? payload_from(&budget, input, size) : NULL,
                &walker->follower);
    top_seq = fake_shared_last_seq();
    tally_submits++;
}

static uint64_t any_seq(void)
{
    uint64_t back = below(percent(40) ? 60 : 600);
    return top_seq > back ? top_seq - back : 1 + below(20);
}

static void step_ask(struct walk_node *node)
{
    struct kept_ask *ask;
    enum kept_ask_kind kind = (enum kept_ask_kind)below(KEPT_ASK_RETRY + 1);
    if (kind == KEPT_ASK_FOLLOW)
        return;
    ask = new_ask(node, kind, any_seq());
    ask->with_input = percent(50);
    ask->answered = on_answer;
    keep_ask(node->keep, ask);
    if (percent(5)) {
        keep_ask_forget(ask);
        free_ask((struct walk_ask *)ask);
    }
}

static void on_follow_answer(struct kept_ask *ask, enum kept_answer answer, struct kept *job)
{
    struct walker *walker = (struct walker *)ask->follower;
    hot_assert((answer == KEPT_ANSWER_OK) == (job != NULL));
    walker->busy = answer == KEPT_ANSWER_OK;
    free_ask((struct walk_ask *)ask);
}

static void step_wait(struct walk_node *node)
{
    struct walker *walker = free_walker(node);
    struct kept_ask *ask;
    if (!walker)
        return;
    *walker = (struct walker){.busy = true, .follower.event = on_event};
    walker->follower.wants = (unsigned)below(16);
    walker->seq = any_seq();
    ask = new_ask(node, KEPT_ASK_FOLLOW, walker->seq);
    ask->follower = &walker->follower;
    ask->answered = on_follow_answer;
    keep_ask(node->keep, ask);
}

static void step_leave(struct walk_node *node)
{
    struct walker *walker = &node->walkers[below(WALKERS)];
    if (!walker->follower.job)
        return;
    if (walker->follower.is_submit && percent(50)) {
        walker->busy = kept_withdraw(&walker->follower, percent(50), "");
    } else {
        kept_unfollow(&walker->follower);
        walker->busy = false;
    }
}

/* A job with the node's master; NULL: there is none. */
static struct kept *any_handed(struct walk_node *node)
{
    uint64_t from = 1 + below(top_seq + 1);
    for (uint64_t i = 0; i <= top_seq; i++) {
        uint64_t seq = (from + i) % (top_seq + 1);
        if (node->with_master[seq])
            return keep_handed(node->keep, seq);
    }
    return NULL;
}

static void end_one(struct walk_node *node, struct kept *job, struct kept_end end)
{
    hot_assert(node->with_master[kept_seq(job)]);
    node->with_master[kept_seq(job)] = false;
    kept_on_end(job, &end);
}

static void step_run(struct walk_node *node)
{
    struct kept *job = any_handed(node);
    if (!job)
        return;
    if (percent(60))
        end_one(node, job, any_end(&chance, &budget));
    else if (job->state == KEPT_HANDED)
        kept_on_started(job, "");
    else
        kept_on_progress(job, "");
}

static void step_time(void)
{
    uint64_t ms = below(percent(90) ? 100 : 3000);
    timers_turn(&timers, timers.now_us + ms * 1000);
    timers_run(&timers);
}

static void answer_some(struct walk_node *node, size_t n)
{
    while (n-- && fake_node_answer(node->fake))
        ;
}

/* Or it ends in good order, as far as the store is there. */
static void crash(struct walk_node *node)
{
    if (percent(50)) {
        keep_drain(node->keep);
        keep_take_back(node->keep);
        answer_some(node, below(200));
    }
    note_counts(node);
    fake_node_dies(node->fake);
    fake_node_crash(node->fake);
    keep_free(node->keep);
    forget_asks(node);
    memset(node->with_master, 0, sizeof node->with_master);
    memset(node->walkers, 0, sizeof node->walkers);
    node->has_master = false;
    *node->boot = '\0';
    tally_crashes++;
    begin_node(node);
}

static void nothing(void *arg, bool is_stored)
{
    (void)arg, (void)is_stored;
}

static void cut_or_mend(struct walk_node *node)
{
    if (!node->fake->is_cut)
        fake_node_cut(node->fake);
    else
        fake_node_mend(node->fake);
}

static void lease_ends(struct walk_node *node)
{
    if (!node->fake->is_cut)
        return;
    if (percent(50)) {
        keep_news.expiring(node->keep, percent(50));
        return;
    }
    fake_node_dies(node->fake);
    tally_deaths++;
}

static void step_rare(struct walk_node *node)
{
    switch (below(9)) {
    case 0:
        keep_pause(node->keep, percent(80) ? modules[below(MODULES)] : NULL, percent(20), nothing,
                   NULL);
        break;
    case 1:
        if (!node->has_master)
            master_comes(node);
        else if (percent(60))
            master_goes(node);
        break;
    case 2:
        if (percent(10))
            crash(node);
        break;
    case 3:
        if (percent(3) && node->has_master)
            keep_master_draining(node->keep);
        break;
    case 4:
        fake_store.is_full = percent(20);
        fake_store.left = percent(20) ? 0 : UINT64_MAX;
        break;
    case 5:
        kept_acknowledge(node->keep, any_seq());
        break;
    case 6:
        if (node->fake->is_cut)
            fake_node_give_up(node->fake, coin);
        break;
    case 7:
        lease_ends(node);
        break;
    default:
        cut_or_mend(node);
    }
}

static void step(void)
{
    struct walk_node *node = any_node();
    size_t n = below(1000);
    if (node->fake->is_cut && percent(2))
        fake_node_mend(node->fake);
    if (!node->has_master && percent(1))
        master_comes(node);
    if (n < 250)
        step_submit(node);
    else if (n < 310)
        step_ask(node);
    else if (n < 360)
        step_wait(node);
    else if (n < 390)
        step_leave(node);
    else if (n < 680)
        step_run(node);
    else if (n < 860)
        answer_some(node, below(20));
    else if (n < 930)
        step_time();
    else if (n < 960)
        fake_node_tick(node->fake);
    else
        step_rare(node);
    if (percent(60))
        keep_turn(node->keep);
}

/* --- the end --- */

static void check_node(const struct walk_node *node)
{
    const struct keep_counts *counts = keep_counts(node->keep);
    ck_assert_uint_eq(counts->handed + counts->running, fake_shared_held(node->fake));
}

static void quiet(void)
{
    for (size_t round = 0; round < 50; round++)
        for (size_t i = 0; i < FAKE_NODES; i++) {
            fake_node_tick(nodes[i].fake);
            keep_turn(nodes[i].keep);
            while (fake_node_answer(nodes[i].fake))
                ;
            keep_turn(nodes[i].keep);
        }
}

static bool end_any(void)
{
    struct kept_end end = {.type = KEPT_END_DONE, .fields = "", .delay_ms = -1};
    bool has_ended = false;
    for (size_t i = 0; i < FAKE_NODES; i++)
        for (uint64_t seq = 1; seq <= top_seq; seq++)
            if (nodes[i].with_master[seq]) {
                end_one(&nodes[i], keep_handed(nodes[i].keep, seq), end);
                has_ended = true;
            }
    return has_ended;
}

static size_t unfinished(void)
{
    return fake_engine_count(&fake_store, STORED_WAITING) +
           fake_engine_count(&fake_store, STORED_DELAYED) +
           fake_engine_count(&fake_store, STORED_HANDED);
}

static void finish(void)
{
    fake_store.is_full = false;
    fake_store.left = UINT64_MAX;
    for (size_t i = 0; i < FAKE_NODES; i++) {
        if (nodes[i].fake->is_cut)
            fake_node_mend(nodes[i].fake);
        while (fake_node_answer(nodes[i].fake))
            ;
        if (nodes[i].has_master)
            master_goes(&nodes[i]);
        *nodes[i].boot = '\0';
        master_comes(&nodes[i]);
    }
    keep_pause(nodes[0].keep, NULL, false, nothing, NULL);
    for (size_t i = 0; i < MODULES; i++)
        keep_pause(nodes[0].keep, modules[i], false, nothing, NULL);
    for (size_t n = 0; n < 3000; n++) {
        quiet();
        if (!end_any() && !unfinished())
            break;
        timers_turn(&timers, timers.now_us + 1000000);
        timers_run(&timers);
    }
    quiet();
    ck_assert_uint_eq(unfinished(), 0);
}

static void check_ends(void)
{
    for (uint64_t seq = 1; seq <= top_seq; seq++)
        ck_assert_msg(!accepted[seq] || fake_shared_ends[seq],
                      "q%ju was accepted and has not ended", (uintmax_t)seq);
    for (size_t i = 0; i < FAKE_NODES; i++) {
        check_node(&nodes[i]);
        ck_assert_uint_eq(keep_counts(nodes[i].keep)->handed, 0);
        for (size_t k = 0; k < WALKERS; k++)
            ck_assert_msg(!nodes[i].walkers[k].busy, "node %zu: a follower of q%ju waits for ever",
                          i, (uintmax_t)nodes[i].walkers[k].seq);
        ck_assert_uint_eq(keep_record_count(nodes[i].keep), 0);
        ck_assert_uint_eq(keep_busy_count(nodes[i].keep), 0);
        note_counts(&nodes[i]);
    }
}

static void begin(void)
{
    quiet_log();
    chance_init(&chance, "shared_walk");
    budget = (struct payload_budget){.max = UINT64_MAX};
    timers_init(&timers, 1000000);
    fake_shared_wall_ms = wall_ms;
    fake_shared_init();
    for (size_t i = 0; i < FAKE_NODES; i++) {
        nodes[i].fake = &fake_nodes[i];
        begin_node(&nodes[i]);
    }
}

static void tell_tallies(void)
{
    printf(
        "shared_walk: %ju submits, %ju joined, %ju unconfirmed, %ju runs, %ju done, %ju adopted, "
        "%ju late, %ju left, %ju storage, %ju deaths, %ju crashes\n",
        (uintmax_t)tally_submits, (uintmax_t)tally_joined, (uintmax_t)tally_unconfirmed,
        (uintmax_t)tally_runs, (uintmax_t)tally_done, (uintmax_t)tally_adopted,
        (uintmax_t)tally_late, (uintmax_t)tally_left, (uintmax_t)tally_storage,
        (uintmax_t)tally_deaths, (uintmax_t)tally_crashes);
}

static void end(void)
{
    for (size_t i = 0; i < FAKE_NODES; i++) {
        fake_node_crash(nodes[i].fake);
        keep_free(nodes[i].keep);
    }
    while (!LIST_EMPTY(&asked))
        free_ask(LIST_FIRST(&asked));
    fake_shared_free();
    timers_free(&timers);
    ck_assert_uint_eq(budget.held, 0);
}

START_TEST(test_walk)
{
    begin();
    for (size_t n = 0; n < STEPS; n++)
        step();
    finish();
    check_ends();
    tell_tallies();
    end();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("shared_walk");
    TCase *tests = tcase_create("all");
    tcase_set_timeout(tests, 300);
    tcase_add_test(tests, test_walk);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
