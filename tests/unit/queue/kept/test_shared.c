/*
 * test_shared: what one keep does when other nodes have the store, too, case by case. Calls and
 * events are short texts, as in kept_world.h, with the node's number first.
 */
#include "tests/unit/queue/kept/fake_shared.h"

#include "queue/kept/keep.h"

#include <stdarg.h>

enum { FOLLOWERS = 4 };

struct test_follower {
    struct kept_follower follower;
    char name;
};

struct test_node {
    struct keep *keep;
    struct fake_node *fake;
    size_t number;
};

static struct timers timers;
static struct payload_budget budget;
static struct keep_settings settings;
static struct test_node nodes[FAKE_NODES];
static struct test_follower followers[FOLLOWERS];
static char told_text[4096];

__attribute__((format(printf, 1, 2))) static void tell(const char *fmt, ...)
{
    size_t len = strlen(told_text);
    va_list args;
    va_start(args, fmt);
    if (len)
        len += (size_t)sprintf(told_text + len, ", ");
    hot_assert(vsnprintf(told_text + len, sizeof told_text - len, fmt, args) < 200);
    va_end(args);
}

static void ck_told(const char *expected)
{
    ck_assert_str_eq(told_text, expected);
    told_text[0] = '\0';
}

/* --- the masters and followers --- */

static void op_submit(void *arg, struct kept *job)
{
    const struct test_node *node = arg;
    tell("%zu submit q%ju/%u", node->number, (uintmax_t)kept_seq(job), job->stored->run.attempt);
}

static void op_stop(void *arg, struct kept *job, bool kill)
{
    const struct test_node *node = arg;
    tell("%zu %s q%ju", node->number, kill ? "kill" : "stop", (uintmax_t)kept_seq(job));
}

static const struct kept_master_ops master_ops = {.submit = op_submit, .stop = op_stop};

static void on_event(struct kept_follower *follower, const struct kept_event *event)
{
    static const char *const names[] = {
        [KEPT_EVENT_ACCEPTED] = "accepted", [KEPT_EVENT_STARTED] = "started",
        [KEPT_EVENT_PROGRESS] = "progress", [KEPT_EVENT_RETRY] = "retry",
        [KEPT_EVENT_ENDED] = "done",        [KEPT_EVENT_REFUSED] = "refused",
        [KEPT_EVENT_GONE] = "gone",         [KEPT_EVENT_LEFT] = "left",
    };
    char name = ((struct test_follower *)follower)->name;
    bool has_failed = event->type == KEPT_EVENT_ENDED && !event->job->stored->outcome.is_done;
    if (has_failed)
        tell("%c failed %s", name, event->job->stored->outcome.reason);
    else if (event->type == KEPT_EVENT_REFUSED)
        tell("%c refused %d", name, (int)event->refusal);
    else
        tell("%c %s", name, names[event->type]);
}

/* --- the world --- */

static uint64_t wall_ms(void)
{
    return 1700000000 + timers.now_us / 1000;
}

static uint64_t fixed_random(void)
{
    return 200;
}

static void begin_node(size_t i)
{
    struct test_node *node = &nodes[i];
    *node = (struct test_node){.fake = &fake_nodes[i], .number = i};
    fake_node_join(node->fake);
    node->keep = keep_new(&(struct keep_parts){.timers = &timers,
                                               .wall_ms = wall_ms,
                                               .random = fixed_random,
                                               .payloads = &budget,
                                               .output = &budget,
                                               .engine_ops = &fake_shared_ops,
                                               .engine = &node->fake->engine,
                                               .master = &master_ops,
                                               .master_arg = node,
                                               .settings = &settings});
    fake_shared_ops.listen(&node->fake->engine, &keep_news, node->keep);
}

static void master_comes(size_t i, const char *boot)
{
    keep_master_up(nodes[i].keep,
                   &(struct kept_master_about){
                       .boot = boot, .payload_max = 1000, .job_max = 100, .kill_grace_ms = 5000});
}

static void settle(void)
{
    for (size_t n = 0; n < 20; n++)
        for (size_t i = 0; i < FAKE_NODES; i++) {
            keep_turn(nodes[i].keep);
            while (fake_node_answer(nodes[i].fake))
                ;
            keep_turn(nodes[i].keep);
        }
}

static void tick(void)
{
    for (size_t i = 0; i < FAKE_NODES; i++)
        fake_node_tick(nodes[i].fake);
    settle();
}

static void pass_ms(uint64_t ms)
{
    timers_turn(&timers, timers.now_us + ms * 1000);
    timers_run(&timers);
    settle();
}

/* Node 0 alone has a master. */
static void set_up(void)
{
    quiet_log();
    settings = (struct keep_settings){.job_max = 100,
                                      .window = 32,
                                      .poison_limit = 3,
                                      .hold_max_ms = 3600000,
                                      .ack_ms = 60000,
                                      .result_ttl_ms = 86400000,
                                      .failed_ttl_ms = 604800000};
    budget = (struct payload_budget){.max = UINT64_MAX};
    timers_init(&timers, 1000000);
    fake_shared_wall_ms = wall_ms;
    fake_shared_init();
    for (size_t i = 0; i < FAKE_NODES; i++)
        begin_node(i);
    for (size_t i = 0; i < FOLLOWERS; i++)
        followers[i] = (struct test_follower){{.event = on_event}, (char)('a' + i)};
    settle();
    master_comes(0, "k0");
    settle();
    ck_told("");
}

static void tear_down(void)
{
    for (size_t i = 0; i < FAKE_NODES; i++) {
        fake_node_crash(nodes[i].fake);
        keep_free(nodes[i].keep);
    }
    fake_shared_free();
    timers_free(&timers);
    ck_assert_uint_eq(budget.held, 0);
}

static void crash(size_t i)
{
    fake_node_dies(nodes[i].fake);
    fake_node_crash(nodes[i].fake);
    keep_free(nodes[i].keep);
    begin_node(i);
}

/* --- calls --- */

static struct kept_follower *follower(char name)
{
    return &followers[name - 'a'].follower;
}

static void submit_in_flight(size_t i, char name, struct stored_wish wish)
{
    wish.module = wish.module ? wish.module : "echo";
    wish.owner = wish.id = "";
    follower(name)->wants = 15 & ~(unsigned)KEPT_WANTS_ACCEPTED;
    follower(name)->is_submit = true;
    follower(name)->is_detached = wish.is_detached;
    keep_submit(nodes[i].keep, stored_job_new(&wish), payload_from(&budget, "hi", 2),
                follower(name));
}

static void submit_as(size_t i, char name, struct stored_wish wish)
{
    submit_in_flight(i, name, wish);
    settle();
}

#define SUBMIT(i, name, ...) submit_as(i, name, (struct stored_wish){.priority = 5, __VA_ARGS__})

static void on_answer(struct kept_ask *ask, enum kept_answer answer, struct kept *job)
{
    static const char *const names[] = {"ok",         "unknown",      "denied", "not-yet",
                                        "not-failed", "key-conflict", "storage"};
    (void)ask, (void)job;
    tell("%s", names[answer]);
}

static void ask(size_t i, enum kept_ask_kind kind, uint64_t seq, struct kept_follower *by)
{
    struct kept_ask asked = {.kind = kind,
                             .seq = seq,
                             .by = ",\"by\":\"client\"",
                             .follower = by,
                             .with_input = !by,
                             .answered = on_answer};
    keep_ask(nodes[i].keep, &asked);
    settle();
    ck_assert_ptr_null(asked.of);
}

static void waits(size_t i, char name, uint64_t seq)
{
    follower(name)->wants = 15;
    ask(i, KEPT_ASK_FOLLOW, seq, follower(name));
}

static struct kept *handed(size_t i, uint64_t seq)
{
    struct kept *job = keep_handed(nodes[i].keep, seq);
    ck_assert_ptr_nonnull(job);
    return job;
}

static void starts(size_t i, uint64_t seq)
{
    kept_on_started(handed(i, seq), ",\"order\":1");
    settle();
}

static void ends(size_t i, uint64_t seq, struct kept_end end)
{
    end.message = "why";
    end.fields = ",\"message\":\"why\"";
    end.delay_ms = -1;
    kept_on_end(handed(i, seq), &end);
    settle();
}

static void done(size_t i, uint64_t seq)
{
    ends(i, seq,
         (struct kept_end){.type = KEPT_END_DONE, .result = payload_from(&budget, "result", 6)});
}

static void fails(size_t i, uint64_t seq, const char *reason, bool has_order)
{
    ends(i, seq,
         (struct kept_end){.type = KEPT_END_FAILED, .reason = reason, .has_order = has_order});
}

static const struct stored_job *row(uint64_t seq)
{
    return fake_engine_find(&fake_store, seq);
}

static const struct keep_counts *counts(size_t i)
{
    return keep_counts(nodes[i].keep);
}

/* --- jobs that run --- */

/* A lonely job costs a put and an end. */
START_TEST(test_a_lonely_job)
{
    SUBMIT(0, 'a', 0);
    done(0, 1);
    fake_store.counts[STORE_CLAIM] = 0;
    ck_told("0 submit q1/1, a done");
    SUBMIT(0, 'a', 0);
    ck_assert_uint_eq(fake_store.counts[STORE_CLAIM], 0);
    done(0, 2);
    ck_told("0 submit q2/1, a done");
    ck_assert_uint_eq(counts(0)->done, 2);
    ck_assert_uint_eq(keep_record_count(nodes[0].keep), 0);
}
END_TEST

START_TEST(test_submitted_here_and_run_elsewhere)
{
    SUBMIT(1, 'a', 0);
    ck_told("0 submit q1/1");
    ck_assert_uint_eq(counts(0)->handed, 1);
    ck_assert_uint_eq(counts(1)->handed, 0);
    starts(0, 1);
    kept_on_progress(handed(0, 1), ",\"progress\":1");
    settle();
    done(0, 1);
    ck_told("a started, a progress, a done");
    for (size_t i = 0; i < FAKE_NODES; i++)
        ck_assert_uint_eq(keep_record_count(nodes[i].keep), 0);
}
END_TEST

START_TEST(test_a_retry_elsewhere)
{
    SUBMIT(1, 'a', .retries = 1, .retry_on = RETRY_ON_ERROR);
    waits(2, 'b', 1);
    fails(0, 1, "error", true);
    tick();
    done(0, 1);
    ck_told("0 submit q1/1, ok, 0 submit q1/2, a retry, b retry, a done, b done");
}
END_TEST

/* No more than the master can begin soon are claimed; the others wait in the store. */
START_TEST(test_no_more_than_can_begin)
{
    for (size_t i = 0; i < 6; i++) {
        SUBMIT(1, 'd', .is_detached = true);
        *follower('d') = (struct kept_follower){.event = on_event};
    }
    ck_assert_uint_eq(counts(0)->handed, 2);
    ck_assert_uint_eq(fake_engine_count(&fake_store, STORED_WAITING), 4);
    master_comes(1, "k1");
    settle();
    ck_assert_uint_eq(counts(1)->handed, 2);
    told_text[0] = '\0';
}
END_TEST

/* The only worker of node 0 is busy: what does not begin there in a moment goes to others. */
START_TEST(test_idle_nodes_get_work_of_a_busy_one)
{
    tick(); /* there are others */
    SUBMIT(0, 'a', 0);
    starts(0, 1);
    SUBMIT(0, 'b', 0);
    ck_assert_uint_eq(kept_wait_left_ms(handed(0, 2)), 100);
    ck_told("0 submit q1/1, a started, 0 submit q2/1");
    master_comes(1, "k1");
    fails(0, 2, "expired", false);
    ck_told("1 submit q2/1");
    ck_assert_uint_eq(row(2)->run.attempt, 1);
    SUBMIT(0, 'c', 0);
    ck_told("1 submit q3/1"); /* the module is held at node 0, */
    done(0, 1);
    SUBMIT(0, 'd', 0); /* until a worker is free */
    ck_told("a done, 0 submit q4/1");
}
END_TEST

/* A job's own limit is none of that. */
START_TEST(test_a_limit_within_the_moment)
{
    tick();
    SUBMIT(0, 'a', .max_wait_ms = 50);
    ck_assert_uint_eq(kept_wait_left_ms(handed(0, 1)), 50);
    pass_ms(50);
    fails(0, 1, "expired", false);
    ck_told("0 submit q1/1, a failed expired");
}
END_TEST

START_TEST(test_a_pause_holds_everywhere)
{
    keep_pause(nodes[2].keep, "echo", true, NULL, NULL);
    settle();
    ck_assert(keep_is_paused(nodes[0].keep, "echo"));
    SUBMIT(0, 'a', 0);
    ck_told("");
    keep_pause(nodes[1].keep, "echo", false, NULL, NULL);
    settle();
    done(0, 1);
    ck_told("0 submit q1/1, a done");
}
END_TEST

/* The store knows of the pause before this node does. */
START_TEST(test_put_as_handed_is_stored_as_waiting)
{
    SUBMIT(0, 'a', 0);
    done(0, 1);
    ck_told("0 submit q1/1, a done");
    keep_pause(nodes[1].keep, "echo", true, NULL, NULL);
    keep_turn(nodes[1].keep);
    SUBMIT(0, 'a', 0);
    ck_told("");
    ck_assert_uint_eq(row(2)->run.attempt, 0);
    ck_assert_uint_eq(counts(0)->handed, 0);
    keep_pause(nodes[1].keep, "echo", false, NULL, NULL);
    settle();
    done(0, 2);
    ck_told("0 submit q2/1, a done");
}
END_TEST

/* --- asks at other nodes --- */

START_TEST(test_a_cancel_of_a_running_job_elsewhere)
{
    SUBMIT(1, 'a', 0);
    starts(0, 1);
    ask(2, KEPT_ASK_KILL, 1, NULL);
    ck_told("0 submit q1/1, a started, 0 kill q1, ok");
    fails(0, 1, "cancelled", true);
    ck_told("a failed cancelled");
    ask(2, KEPT_ASK_CANCEL, 1, NULL);
    ck_told("unknown");
}
END_TEST

START_TEST(test_a_cancel_of_a_waiting_job)
{
    keep_master_gone(nodes[0].keep);
    SUBMIT(1, 'a', 0);
    ask(2, KEPT_ASK_CANCEL, 1, NULL);
    ck_told("ok, a failed cancelled");
    ck_assert_uint_eq(counts(2)->cancelled, 1);
}
END_TEST

/* The cancel finds the job waiting, and comes when it is handed on: it is asked again. */
START_TEST(test_a_cancel_that_comes_too_late)
{
    struct kept_ask asked = {.kind = KEPT_ASK_CANCEL, .seq = 1, .by = "", .answered = on_answer};
    keep_master_gone(nodes[0].keep);
    SUBMIT(1, 'a', 0);
    keep_ask(nodes[2].keep, &asked);
    keep_turn(nodes[2].keep);
    while (fake_node_answer(nodes[2].fake))
        ; /* it is read */
    master_comes(0, "k1");
    settle();
    ck_told("0 submit q1/1, 0 stop q1, ok");
}
END_TEST

/* It was noted while the job was on its way back: whoever has the job next ends it. */
START_TEST(test_a_cancel_that_meets_a_return)
{
    SUBMIT(0, 'a', 0);
    kept_on_end(handed(0, 1), &(struct kept_end){.type = KEPT_END_OVERLOAD,
                                                 .reason = "",
                                                 .message = "",
                                                 .fields = "",
                                                 .retry_after_ms = 60000,
                                                 .delay_ms = -1});
    ask(2, KEPT_ASK_CANCEL, 1, NULL);
    ck_told("0 submit q1/1, ok, a failed cancelled");
}
END_TEST

START_TEST(test_forget_and_retry_anywhere)
{
    SUBMIT(1, 'a', 0);
    fails(0, 1, "module", true);
    ask(2, KEPT_ASK_RETRY, 1, NULL);
    ck_told("0 submit q1/1, a failed module, ok, 0 submit q1/2");
    ask(1, KEPT_ASK_FORGET, 1, NULL);
    done(0, 1);
    ask(2, KEPT_ASK_RETRY, 1, NULL);
    ask(1, KEPT_ASK_FORGET, 1, NULL);
    ask(0, KEPT_ASK_LOOK, 1, NULL);
    ck_told("not-yet, not-failed, ok, unknown");
}
END_TEST

/* --- keys --- */

START_TEST(test_a_join_elsewhere)
{
    SUBMIT(1, 'a', .key = "k");
    SUBMIT(2, 'b', .key = "k");
    ck_assert(kept_withdraw(follower('a'), false, ",\"by\":\"link\""));
    settle();
    done(0, 1);
    ck_told("0 submit q1/1, a left, b done");
    ck_assert_uint_eq(counts(2)->joined, 1);
}
END_TEST

/* Each is the last one of its node; whoever comes last at the store is the last one of all. */
START_TEST(test_all_withdraw_together)
{
    SUBMIT(1, 'a', .key = "k");
    SUBMIT(2, 'b', .key = "k");
    kept_withdraw(follower('a'), false, "");
    kept_withdraw(follower('b'), false, "");
    settle();
    fails(0, 1, "cancelled", false);
    ck_told("0 submit q1/1, a left, 0 stop q1, b failed cancelled");
}
END_TEST

/* --- leases --- */

START_TEST(test_jobs_of_a_dead_node)
{
    SUBMIT(1, 'a', 0);
    starts(0, 1);
    crash(0);
    master_comes(2, "k2");
    tick();
    ck_told("0 submit q1/1, a started, 2 submit q1/2");
    ck_assert_uint_eq(row(1)->run.losses, 1);
    ck_assert_uint_eq(counts(0)->adopted + counts(1)->adopted + counts(2)->adopted, 1);
    done(2, 1);
    ck_told("a done");
}
END_TEST

START_TEST(test_a_poisoned_job)
{
    settings.poison_limit = 1;
    for (size_t i = 0; i < FAKE_NODES; i++)
        keep_configure(nodes[i].keep, &settings);
    SUBMIT(1, 'a', 0);
    crash(0);
    tick();
    ck_told("0 submit q1/1, a failed poison");
}
END_TEST

/* The node was out of reach; its outcome comes after another node has the job. */
START_TEST(test_a_late_outcome)
{
    SUBMIT(1, 'a', 0);
    starts(0, 1);
    fake_node_cut(nodes[0].fake);
    settle();
    fake_node_dies(nodes[0].fake);
    master_comes(2, "k2");
    tick();
    done(0, 1);
    ck_told("0 submit q1/1, a started, 2 submit q1/2");
    fake_node_mend(nodes[0].fake);
    settle();
    ck_assert_uint_eq(counts(0)->late, 1);
    done(2, 1);
    ck_told("a done");
    ck_assert_uint_eq(keep_record_count(nodes[0].keep), 0);
}
END_TEST

/* It runs still when the node hears that it was taken for dead. */
START_TEST(test_a_late_run)
{
    SUBMIT(1, 'a', 0);
    starts(0, 1);
    fake_node_dies(nodes[0].fake);
    tick();
    tick();
    ck_told("0 submit q1/1, a started, 0 stop q1");
    ck_assert_uint_eq(counts(0)->handed + counts(0)->running, 1); /* it has come back to node 0 */
    done(0, 1);
    ck_assert_uint_eq(counts(0)->late, 1);
    ck_told("0 submit q1/2"); /* once the late run has ended */
    done(0, 1);
    ck_told("a done");
}
END_TEST

START_TEST(test_the_end_of_a_late_run_that_was_stopped)
{
    SUBMIT(1, 'a', 0);
    starts(0, 1);
    fake_node_dies(nodes[0].fake);
    master_comes(2, "k2");
    tick();
    tick();
    fails(0, 1, "cancelled", true);
    ck_assert_uint_eq(counts(0)->late, 0);
    told_text[0] = '\0';
}
END_TEST

START_TEST(test_a_lease_that_runs_out)
{
    SUBMIT(0, 'a', 0);
    starts(0, 1);
    fake_node_cut(nodes[0].fake);
    settle();
    ck_assert_uint_eq(keep_news.expiring(nodes[0].keep, false), 1);
    ck_assert_uint_eq(keep_news.expiring(nodes[0].keep, true), 1);
    fails(0, 1, "cancelled", true);
    ck_told("0 submit q1/1, a started, 0 stop q1, 0 kill q1");
    fake_node_mend(nodes[0].fake);
    settle();
    ck_assert_uint_eq(row(1)->run.losses, 0);
    done(0, 1);
    ck_told("0 submit q1/2, a done");
}
END_TEST

/* A cancel that was asked for is one, also then. */
START_TEST(test_a_cancel_as_the_lease_runs_out)
{
    SUBMIT(0, 'a', 0);
    ask(1, KEPT_ASK_CANCEL, 1, NULL);
    keep_news.expiring(nodes[0].keep, false);
    fails(0, 1, "cancelled", true);
    ck_told("0 submit q1/1, 0 stop q1, ok, 0 stop q1, a failed cancelled");
}
END_TEST

/* A store that has forgotten a change: nobody else would ever run the job. */
START_TEST(test_a_return_that_the_store_forgot)
{
    struct stored_job *stored;
    keep_pause(nodes[0].keep, NULL, true, NULL, NULL);
    SUBMIT(1, 'a', 0);
    stored = fake_engine_find(&fake_store, 1);
    stored->run.state = STORED_HANDED;
    fake_shared_hold(1, nodes[0].fake->epoch);
    keep_pause(nodes[0].keep, NULL, false, NULL, NULL);
    settle();
    ck_told("");
    keep_news.up(nodes[0].keep);
    settle();
    ck_told("0 submit q1/1");
}
END_TEST

/* --- the store is away --- */

START_TEST(test_asks_and_submits_without_the_store)
{
    SUBMIT(0, 'a', 0);
    fake_node_cut(nodes[0].fake);
    settle();
    ask(0, KEPT_ASK_LOOK, 1, NULL);
    SUBMIT(0, 'b', 0);
    ck_told("0 submit q1/1, ok, b refused 3");
    done(0, 1);
    ck_told("");
    fake_node_mend(nodes[0].fake);
    settle();
    ck_told("a done");
}
END_TEST

/* The store's clock says that the lease is over, though nothing else does. */
START_TEST(test_a_submit_without_a_number)
{
    fake_nodes[0].has_no_numbers = true;
    SUBMIT(0, 'a', 0);
    ck_told("a refused 3");
    fake_nodes[0].has_no_numbers = false;
    SUBMIT(0, 'b', 0);
    ck_told("0 submit q1/1");
    done(0, 1);
    ck_told("b done");
}
END_TEST

static bool yes(void)
{
    return true;
}

static bool no(void)
{
    return false;
}

START_TEST(test_an_answer_that_does_not_come)
{
    struct kept_ask asked = {
        .kind = KEPT_ASK_LOOK, .seq = 1, .with_input = true, .answered = on_answer};
    fake_nodes[1].is_cut = true;
    submit_in_flight(1, 'a', (struct stored_wish){.priority = 5});
    keep_ask(nodes[1].keep, &asked);
    settle();
    fake_node_give_up(nodes[1].fake, _i ? yes : no);
    settle();
    fake_nodes[1].is_cut = false;
    settle();
    ck_told(_i ? "a refused 5, unknown, 0 submit q1/1" : "a refused 5, unknown");
    ck_assert_uint_eq(counts(1)->unconfirmed, 1);
    told_text[0] = '\0';
}
END_TEST

START_TEST(test_a_wait_goes_on_behind_an_outage)
{
    SUBMIT(0, 'a', 0);
    waits(1, 'b', 1);
    fake_node_cut(nodes[1].fake);
    done(0, 1);
    ck_told("0 submit q1/1, ok, a done");
    fake_node_mend(nodes[1].fake);
    settle();
    ck_told("b done");
}
END_TEST

/* A held job is nobody else's: its outcome is tried again and again. */
START_TEST(test_a_fault_of_the_store)
{
    SUBMIT(0, 'a', 0);
    fake_shared_faults = 2;
    done(0, 1);
    pass_ms(1000);
    ck_told("0 submit q1/1");
    pass_ms(1000);
    ck_told("a done");
}
END_TEST

START_TEST(test_an_end_amid_faults)
{
    SUBMIT(0, 'a', .retries = 3, .retry_on = RETRY_ON_ERROR);
    SUBMIT(0, 'b', 0);
    SUBMIT(0, 'c', 0);
    starts(0, 1);
    fake_shared_faults = 3;
    fails(0, 1, "error", true);
    done(0, 2);
    ask(1, KEPT_ASK_CANCEL, 3, NULL);
    told_text[0] = '\0'; /* the keep ends with all of these under way */
}
END_TEST

/* --- times --- */

START_TEST(test_delays)
{
    struct stored_wish wish = {.module = "echo", .owner = "", .id = "", .priority = 5};
    struct stored_job *stored = stored_job_new(&wish);
    stored->run.due_ms = wall_ms() + 5000;
    follower('a')->is_submit = true;
    keep_submit(nodes[1].keep, stored, NULL, follower('a'));
    settle();
    pass_ms(4900);
    ck_told("");
    pass_ms(200);
    ck_told("0 submit q1/1");
}
END_TEST

START_TEST(test_a_job_that_has_waited_too_long)
{
    keep_master_gone(nodes[0].keep);
    SUBMIT(1, 'a', .max_wait_ms = 1000);
    pass_ms(1100);
    ck_told("a failed expired");
    ck_assert_uint_eq(counts(1)->failed, 1);
}
END_TEST

/* --- the end --- */

START_TEST(test_an_end_in_good_order)
{
    SUBMIT(1, 'a', 0);
    SUBMIT(1, 'b', 0);
    starts(0, 1);
    keep_drain(nodes[0].keep);
    keep_take_back(nodes[0].keep);
    settle();
    ck_assert_int_eq(row(1)->run.state, STORED_HANDED);
    ck_assert_int_eq(row(2)->run.state, STORED_WAITING);
    ck_assert_uint_eq(row(2)->run.attempt, 0);
    ck_told("0 submit q1/1, 0 submit q2/1, a started");
    ck_assert_uint_eq(keep_busy_count(nodes[0].keep), 0);
}
END_TEST

struct modules {
    size_t count;
    bool has_held; /* one of them is "held" */
};

static void count_module(void *arg, const struct keep_module_view *view)
{
    struct modules *modules = arg;
    modules->count++;
    modules->has_held |= !strcmp(view->name, "held");
}

static struct modules modules(size_t i)
{
    struct modules found = {0};
    keep_each_module(nodes[i].keep, count_module, &found);
    return found;
}

static void submit_modules(uint32_t count)
{
    settings.job_max = count + 1;
    for (uint32_t n = 1; n <= count; n++) {
        char name[16];
        snprintf(name, sizeof name, "m%u", n);
        SUBMIT(1, 'a', .module = name, .is_detached = true);
        told_text[0] = '\0';
    }
    tick();
}

static void lose_all_jobs(void)
{
    for (uint64_t seq = 1; seq <= fake_shared_last_seq(); seq++)
        if (row(seq))
            fake_engine_remove(&fake_store, seq);
    tick();
}

/* The jobs end at other nodes: only the counts of the store tell. */
START_TEST(test_modules_without_jobs_are_forgotten)
{
    enum { MODULES = 1100, REMEMBERED = 1000 };
    keep_master_gone(nodes[0].keep);
    submit_modules(MODULES);
    ck_assert_uint_eq(modules(2).count, MODULES);
    lose_all_jobs();
    for (size_t i = 1; i < FAKE_NODES; i++)
        ck_assert_uint_eq(modules(i).count, REMEMBERED);
}
END_TEST

/* Or its jobs would try again at once, and for ever. */
START_TEST(test_a_hold_is_remembered_without_counts)
{
    SUBMIT(0, 'a', .module = "held", .is_detached = true);
    fails(0, 1, "unknown-module", false);
    keep_pause(nodes[1].keep, NULL, true, NULL, NULL);
    settle();
    submit_modules(1100);
    lose_all_jobs();
    ck_assert(modules(0).has_held);
    submit_modules(1100);
    pass_ms(70000);
    lose_all_jobs();
    ck_assert(!modules(0).has_held);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("shared");
    TCase *tests = tcase_create("all");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, test_a_lonely_job);
    tcase_add_test(tests, test_submitted_here_and_run_elsewhere);
    tcase_add_test(tests, test_a_retry_elsewhere);
    tcase_add_test(tests, test_no_more_than_can_begin);
    tcase_add_test(tests, test_idle_nodes_get_work_of_a_busy_one);
    tcase_add_test(tests, test_a_limit_within_the_moment);
    tcase_add_test(tests, test_a_pause_holds_everywhere);
    tcase_add_test(tests, test_put_as_handed_is_stored_as_waiting);
    tcase_add_test(tests, test_a_cancel_of_a_running_job_elsewhere);
    tcase_add_test(tests, test_a_cancel_of_a_waiting_job);
    tcase_add_test(tests, test_a_cancel_that_comes_too_late);
    tcase_add_test(tests, test_a_cancel_that_meets_a_return);
    tcase_add_test(tests, test_forget_and_retry_anywhere);
    tcase_add_test(tests, test_a_join_elsewhere);
    tcase_add_test(tests, test_all_withdraw_together);
    tcase_add_test(tests, test_jobs_of_a_dead_node);
    tcase_add_test(tests, test_a_poisoned_job);
    tcase_add_test(tests, test_a_late_outcome);
    tcase_add_test(tests, test_a_late_run);
    tcase_add_test(tests, test_the_end_of_a_late_run_that_was_stopped);
    tcase_add_test(tests, test_a_lease_that_runs_out);
    tcase_add_test(tests, test_a_cancel_as_the_lease_runs_out);
    tcase_add_test(tests, test_a_return_that_the_store_forgot);
    tcase_add_test(tests, test_asks_and_submits_without_the_store);
    tcase_add_test(tests, test_a_submit_without_a_number);
    tcase_add_loop_test(tests, test_an_answer_that_does_not_come, 0, 2);
    tcase_add_test(tests, test_a_wait_goes_on_behind_an_outage);
    tcase_add_test(tests, test_a_fault_of_the_store);
    tcase_add_test(tests, test_an_end_amid_faults);
    tcase_add_test(tests, test_delays);
    tcase_add_test(tests, test_a_job_that_has_waited_too_long);
    tcase_add_test(tests, test_an_end_in_good_order);
    tcase_add_test(tests, test_modules_without_jobs_are_forgotten);
    tcase_add_test(tests, test_a_hold_is_remembered_without_counts);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
