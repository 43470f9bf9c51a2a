/* test_redis_nodes: several nodes on one Redis. */
#include "base/clock.h"
#include "queue/redis/redis_engine.h"
#include "tests/unit/queue/redis/nodes.h"

#include <stdlib.h>

/* Two nodes, `a` first in the list. */
static struct node *a, *b;

static void begin(uint32_t lease_ms)
{
    nodes_settings.lease_ms = lease_ms;
    a = node_new();
    b = node_new();
    a->next = b;
}

static void end(void)
{
    node_free(a);
    node_free(b);
}

/* --- jobs go to one node --- */

START_TEST(test_each_job_is_claimed_once)
{
    static const uint8_t priorities[] = {5, 5, 9, 0};
    begin(10000);
    for (uint64_t i = 0; i < 4; i++) {
        const struct stored_wish wish = {
            .module = "echo", .owner = "", .id = "1", .priority = priorities[i]};
        node_put_job(a, world_job_like(a->world, i + 1, &wish, "in"));
    }
    ck_assert_str_eq(node_claim(b, 2), "3 1");
    ck_assert_str_eq(node_claim(a, 9), "2 4");
    ck_assert_str_eq(node_claim(b, 9), "");
    ck_assert_str_eq(node_look(a, 1, 0), "h1");
    ck_assert_str_eq(node_look(b, 1, 0), "h1 held");
    end();
}
END_TEST

START_TEST(test_claims_are_bounded)
{
    begin(10000);
    for (uint64_t seq = 1; seq <= 3; seq++)
        node_put(a, seq, STORED_WAITING);
    struct store_op op = {.kind = STORE_CLAIM, .module = "echo", .max = 9, .max_bytes = 5};
    ck_assert_int_eq(world_do(b->world, &op), STORE_OK);
    ck_assert(!op.is_whole);
    ck_assert_mem_eq(STAILQ_FIRST(&op.rows)->job->input.data, "in", 2);
    ck_assert_uint_eq(STAILQ_FIRST(&op.rows)->job->run.attempt, 1);
    world_rows_free(&op);
    ck_assert_str_eq(node_claim(b, 9), "3");
    end();
}
END_TEST

static uint8_t put_handed(struct node *node, uint64_t seq, const char *module)
{
    const struct stored_wish wish = {.module = module, .owner = "", .id = "1"};
    struct stored_job *job = world_job_like(node->world, seq, &wish, "");
    job->run = (struct stored_run){.state = STORED_HANDED, .attempt = 1};
    ck_assert_int_eq(world_do_job(node->world, STORE_PUT, job), STORE_OK);
    uint8_t state = job->run.state;
    world_job_free(job);
    return state;
}

static void pause(struct node *node, const char *module, bool on)
{
    struct store_op op = {.kind = STORE_PAUSE, .module = module, .on = on};
    ck_assert_int_eq(world_do(node->world, &op), STORE_OK);
}

START_TEST(test_a_submit_may_be_handed_at_once)
{
    begin(10000);
    ck_assert_uint_eq(put_handed(a, 1, "echo"), STORED_HANDED);
    node_put(b, 2, STORED_WAITING);
    ck_assert_uint_eq(put_handed(a, 3, "echo"), STORED_WAITING);
    ck_assert_uint_eq(put_handed(a, 4, "other"), STORED_HANDED);
    pause(b, "other", true);
    ck_assert_uint_eq(put_handed(a, 5, "other"), STORED_WAITING);
    ck_assert_str_eq(node_look(a, 4, 0), "h1 held");
    ck_assert_str_eq(node_look(a, 5, 0), "w0");
    end();
}
END_TEST

START_TEST(test_bounds_of_jobs)
{
    begin(10000);
    struct stored_job *job = world_job(a->world, 3, "");
    struct store_op op = {.kind = STORE_PUT, .job = job, .job_max = 2, .owner_job_max = 1};
    node_put(a, 1, STORED_WAITING);
    ck_assert_int_eq(world_do(b->world, &op), STORE_QUOTA);
    node_put(a, 2, STORED_WAITING);
    ck_assert_int_eq(world_do(b->world, &op), STORE_FULL);
    ck_assert_int_eq(node_end(b, 1, false), STORE_OK);
    op.owner_job_max = 0;
    ck_assert_int_eq(world_do(b->world, &op), STORE_OK);
    world_job_free(job);
    end();
}
END_TEST

START_TEST(test_numbers_are_of_one_clock)
{
    begin(10000);
    uint64_t last = 0, step = 0;
    for (int i = 0; i < 3000; i++) {
        uint64_t seq = a->world->ops->next_seq(a->world->engine);
        hot_assert(seq > last);
        last = seq;
    }
    ck_assert_uint_ne(last >> 10 & 1023, b->world->ops->next_seq(b->world->engine) >> 10 & 1023);
    step = a->world->ops->wall_ms(a->world->engine) - b->world->ops->wall_ms(b->world->engine);
    ck_assert_uint_lt(step + 500, 1000);
    end();
}
END_TEST

/* --- news --- */

START_TEST(test_work_is_told)
{
    begin(10000);
    nodes_until(a, !(b->has_work = false));
    node_put(a, 1, STORED_WAITING);
    nodes_until(a, b->has_work);
    end();
}
END_TEST

static void tell(struct node *node, uint64_t seq, enum store_wants what, const char *fields)
{
    struct store_news news = {.what = what, .fields = fields, .attempt = 1};
    struct store_op op = {.kind = STORE_TELL, .seq = seq, .is_held = true, .news = &news};
    ck_assert_int_eq(world_do(node->world, &op), STORE_OK);
}

START_TEST(test_followers_elsewhere)
{
    begin(10000);
    put_handed(a, 7, "echo");
    ck_assert_str_eq(node_look(b, 7, STORE_WANTS_END | STORE_WANTS_STARTED), "h1");
    nodes_until(a, node_heard(a, "followed 7 3;"));
    tell(a, 7, STORE_WANTS_PROGRESS, ",\"done\":1");
    tell(a, 7, STORE_WANTS_STARTED, ",\"order\":1");
    nodes_until(a, node_heard(b, "started 7 ,\"order\":1;"));
    ck_assert(!node_heard(b, "progress"));
    ck_assert_int_eq(node_end(a, 7, true), STORE_OK);
    nodes_until(a, node_heard(b, "changed 7;"));
    ck_assert_str_eq(node_look(b, 7, 0), "e1");
    end();
}
END_TEST

START_TEST(test_a_retry_is_told)
{
    begin(10000);
    put_handed(a, 7, "echo");
    node_look(b, 7, STORE_WANTS_RETRY);
    struct store_news news = {.what = STORE_WANTS_RETRY,
                              .attempt = 1,
                              .reason = "error",
                              .message = "two\nlines",
                              .delay_ms = 90};
    struct stored_job *job = world_job(a->world, 7, "");
    struct store_op op = {.kind = STORE_BACK, .job = job, .is_held = true, .news = &news};
    job->run = (struct stored_run){.attempt = 1, .failures = 1};
    ck_assert_int_eq(world_do(a->world, &op), STORE_OK);
    nodes_until(a, node_heard(b, "retry 7 1 error two\nlines 90;"));
    ck_assert_str_eq(node_claim(b, 1), "7");
    ck_assert_str_eq(node_look(a, 7, 0), "h2");
    world_job_free(job);
    end();
}
END_TEST

static enum store_status stop(struct node *node, uint64_t seq, bool kill)
{
    struct stored_job *job = world_job(node->world, seq, "");
    struct store_op op = {.kind = STORE_MARK, .job = job, .kill = kill, .by = "ann"};
    job->run.is_cancelled = true;
    world_do(node->world, &op);
    world_job_free(job);
    return op.status;
}

START_TEST(test_a_stop_goes_to_the_holder)
{
    begin(10000);
    put_handed(a, 7, "echo");
    ck_assert_int_eq(stop(b, 7, false), STORE_OK);
    ck_assert_int_eq(stop(b, 7, true), STORE_OK);
    nodes_until(a, node_heard(a, "cancel 7 ann;kill 7 ann;"));
    node_put(a, 8, STORED_WAITING);
    ck_assert_int_eq(stop(b, 8, false), STORE_MOVED);
    ck_assert_int_eq(stop(b, 9, false), STORE_UNKNOWN);
    end();
}
END_TEST

START_TEST(test_watches)
{
    begin(10000);
    b->world->ops->watch(b->world->engine, true);
    nodes_until(a, a->world->ops->is_watched(a->world->engine));
    put_handed(a, 7, "echo");
    tell(a, 7, STORE_WANTS_STARTED, "");
    ck_assert_int_eq(node_end(a, 7, true), STORE_OK);
    nodes_until(a, node_heard(b, "watched 7 done 1 echo ;"));
    ck_assert(node_heard(b, "watched 7 accepted 0 echo ;watched 7 started 1 echo ;"));
    ck_assert(!node_heard(a, "watched"));
    b->world->ops->watch(b->world->engine, false);
    nodes_until(a, !a->world->ops->is_watched(a->world->engine));
    end();
}
END_TEST

START_TEST(test_pauses_hold_everywhere)
{
    begin(10000);
    node_put(a, 1, STORED_WAITING);
    pause(a, NULL, true);
    nodes_until(a, node_heard(b, "paused;"));
    const struct store_contents *contents = b->world->ops->contents(b->world->engine);
    ck_assert_uint_eq(contents->paused_count, 1);
    ck_assert_str_eq(contents->paused[0], "");
    ck_assert_str_eq(node_claim(b, 1), "");
    b->has_work = false;
    pause(a, NULL, false);
    nodes_until(a, b->has_work && !contents->paused_count);
    ck_assert_str_eq(node_claim(b, 1), "1");
    end();
}
END_TEST

START_TEST(test_counts_are_of_all_nodes)
{
    begin(10000);
    const struct store_contents *contents = b->world->ops->contents(b->world->engine);
    node_put(a, 1, STORED_WAITING);
    put_handed(a, 2, "other");
    nodes_until(a, contents->all.waiting == 1 && contents->all.handed == 1);
    ck_assert_uint_eq(contents->module_count, 2);
    ck_assert_str_eq(contents->modules[0].name, "echo");
    ck_assert_uint_eq(contents->modules[0].waiting, 1);
    ck_assert_str_eq(contents->modules[1].name, "other");
    ck_assert_uint_eq(contents->modules[1].handed, 1);
    ck_assert_uint_eq(contents->owner_count, 2);
    end();
}
END_TEST

/* --- times --- */

static struct store_op do_max(struct node *node, enum store_kind kind)
{
    struct store_op op = {.kind = kind, .max = 10};
    ck_assert_int_eq(world_do(node->world, &op), STORE_OK);
    return op;
}

START_TEST(test_delayed_jobs_ripen_anywhere)
{
    begin(10000);
    uint64_t now_ms = a->world->ops->wall_ms(a->world->engine);
    struct stored_job *job = world_job(a->world, 1, "");
    job->run = (struct stored_run){.state = STORED_DELAYED, .due_ms = now_ms + 300};
    node_put_job(a, job);
    nodes_until(a, b->ripe_ms == now_ms + 300);
    struct store_op op = do_max(b, STORE_RIPEN);
    ck_assert_uint_eq(op.next_ms, now_ms + 300);
    nodes_until(a, b->world->ops->wall_ms(b->world->engine) > now_ms + 301);
    op = do_max(b, STORE_RIPEN);
    ck_assert(op.is_whole && !op.next_ms);
    ck_assert_str_eq(node_claim(a, 1), "1");
    end();
}
END_TEST

START_TEST(test_expired_jobs_are_held)
{
    begin(10000);
    struct stored_job *job = world_job(a->world, 1, "");
    job->run.expires_ms = 1000;
    node_put_job(a, job);
    nodes_until(a, b->expires_ms == 1000);
    struct store_op op = do_max(b, STORE_EXPIRE);
    ck_assert(op.is_whole);
    ck_assert_uint_eq(STAILQ_FIRST(&op.rows)->job->run.attempt, 0);
    world_rows_free(&op);
    ck_assert_str_eq(node_look(b, 1, 0), "h0 held");
    ck_assert_int_eq(node_end(b, 1, true), STORE_OK);
    end();
}
END_TEST

START_TEST(test_sweep_anywhere)
{
    begin(10000);
    node_put(a, 1, STORED_WAITING);
    struct stored_job *job = world_job(a->world, 1, "");
    stored_job_set_outcome(
        job, &(struct stored_outcome){.reason = "error", .fields = "", .over_ms = 1000});
    ck_assert_int_eq(world_do_job(a->world, STORE_ENDED, job), STORE_OK);
    world_job_free(job);
    nodes_until(a, b->over_ms == 1000);
    ck_assert_uint_eq(do_max(b, STORE_SWEEP).next_ms, 0);
    ck_assert_str_eq(node_look(a, 1, 0), "");
    end();
}
END_TEST

/* --- a node dies --- */

/* Only `a` has turns. */
static void let_b_die(void)
{
    a->next = NULL;
    nodes_until(a, node_heard(a, "orphans;"));
}

/* It has heard of its death, and has joined again. */
static bool is_back(const struct node *node)
{
    const char *lost = strstr(node->heard, "lost;");
    return lost && strstr(lost, "up;");
}

START_TEST(test_jobs_of_a_dead_node_are_adopted)
{
    begin(1000);
    put_handed(b, 7, "echo");
    node_look(a, 7, STORE_WANTS_END);
    let_b_die();
    ck_assert_str_eq(node_adopt(a), "7");
    ck_assert_str_eq(node_look(a, 7, 0), "h1 held");
    ck_assert_int_eq(node_end(b, 7, true), STORE_LOST);
    nodes_until(b, is_back(b));
    ck_assert_str_eq(node_look(b, 7, 0), "h1");
    ck_assert_int_eq(node_end(a, 7, true), STORE_OK);
    end();
}
END_TEST

/* A claim that was answered to a dead epoch hands nothing on. */
START_TEST(test_a_dead_node_claims_nothing)
{
    begin(1000);
    put_handed(b, 7, "echo");
    let_b_die();
    node_adopt(a);
    node_put(a, 8, STORED_WAITING);
    ck_assert_str_eq(node_claim(b, 1), "lost");
    ck_assert_uint_eq(b->world->ops->next_seq(b->world->engine) >> 63, 0);
    nodes_until(b, is_back(b));
    ck_assert_str_eq(node_claim(b, 1), "8");
    end();
}
END_TEST

/* A node that leaves with a job keeps its lease. */
START_TEST(test_a_node_leaves)
{
    begin(1000);
    put_handed(b, 7, "echo");
    node_free(b);
    ck_assert_str_eq(node_adopt(a), "");
    let_b_die();
    ck_assert_str_eq(node_adopt(a), "7");
    b = node_new();
    struct store_op op = {.kind = STORE_NODES};
    ck_assert_int_eq(world_do(b->world, &op), STORE_OK);
    ck_assert_ptr_nonnull(strstr(op.text, "\"self\":true"));
    ck_assert_ptr_nonnull(strstr(op.text, "\"held\":1"));
    free(op.text);
    end();
}
END_TEST

/* --- Redis hangs --- */

START_TEST(test_a_lease_that_cannot_be_renewed)
{
    begin(1000);
    own_redis_freeze(&nodes_server);
    nodes_until(a, node_heard(a, "down;") && node_heard(a, "expiring-kill;"));
    ck_assert_uint_eq(a->world->ops->next_seq(a->world->engine), 0);
    ck_assert(!a->world->ops->has_room(a->world->engine));
    own_redis_thaw(&nodes_server);
    nodes_until(a, node_heard(a, "up;"));
    ck_assert(!node_heard(a, "lost;"));
    end();
}
END_TEST

/* A node that was stopped asks for its lease before it stops its runs. */
START_TEST(test_a_stopped_node_asks_first)
{
    begin(1000);
    put_handed(b, 7, "echo");
    a->next = NULL;
    uint64_t until_us = clock_us() + 900000;
    nodes_until(a, clock_us() > until_us);
    nodes_until(b, node_heard(b, "down;up;"));
    ck_assert(!node_heard(b, "expiring"));
    ck_assert_int_eq(node_end(b, 7, true), STORE_OK);
    end();
}
END_TEST

/* After an outage of a lease nobody takes over for another one. */
START_TEST(test_calm_after_an_outage)
{
    begin(1000);
    put_handed(b, 7, "echo");
    own_redis_freeze(&nodes_server);
    nodes_until(a, node_heard(b, "expiring-kill;"));
    uint64_t until_us = clock_us() + 1000000;
    nodes_until(a, clock_us() > until_us);
    own_redis_thaw(&nodes_server);
    nodes_until(a, node_heard(b, "up;") && node_heard(a, "up;"));
    ck_assert_str_eq(node_adopt(a), "");
    ck_assert_int_eq(node_end(b, 7, true), STORE_OK);
    end();
}
END_TEST

/* The job that may be in the store is not ours to run: it goes back. */
START_TEST(test_an_unconfirmed_submit_goes_back)
{
    nodes_settings.timeout_ms = 300;
    begin(10000);
    own_redis_freeze(&nodes_server);
    struct stored_job *job = world_job(a->world, 7, "");
    job->run = (struct stored_run){.state = STORED_HANDED, .attempt = 1};
    ck_assert_int_eq(node_put_job(a, job), STORE_UNCONFIRMED);
    own_redis_thaw(&nodes_server);
    nodes_until(a, strcmp(node_look(b, 7, 0), "w0") == 0);
    ck_assert_str_eq(node_claim(b, 1), "7");
    end();
}
END_TEST

START_TEST(test_the_end_without_redis)
{
    begin(1000);
    struct stored_job *job = world_job(a->world, 7, "");
    struct store_op op = {.kind = STORE_PUT, .job = job, .done = world_count_answer};
    own_redis_freeze(&nodes_server);
    nodes_until(a, node_heard(a, "down;"));
    a->world->ops->post(a->world->engine, &op);
    world_close(a->world);
    ck_assert_uint_eq(a->world->answered, 1);
    ck_assert(op.status == STORE_AWAY || op.status == STORE_UNCONFIRMED);
    own_redis_thaw(&nodes_server);
    world_job_free(job);
    end();
}
END_TEST

/* --- the rest --- */

/* Many marks of one turn are one call; each has its own answer. */
START_TEST(test_outcomes_are_kept_for_less)
{
    enum { JOBS = 300 };
    static struct store_op ops[JOBS];
    begin(10000);
    for (uint64_t seq = 1; seq <= JOBS; seq += 2) {
        node_put(a, seq, STORED_WAITING);
        ck_assert_int_eq(node_end(a, seq, false), STORE_OK);
    }
    node_put(a, JOBS, STORED_WAITING);
    for (uint64_t seq = 1; seq <= JOBS; seq++) {
        struct store_op *op = &ops[seq - 1];
        *op = (struct store_op){.kind = STORE_MARK, .done = world_count_answer};
        op->job = world_job(a->world, seq, "");
        op->job->outcome.over_ms = 1000 + seq;
        a->world->ops->post(a->world->engine, op);
    }
    world_wait(a->world, a->world->answered + JOBS);
    for (uint64_t seq = 1; seq <= JOBS; seq++) {
        enum store_status is = seq % 2 ? STORE_OK : seq < JOBS ? STORE_UNKNOWN : STORE_MOVED;
        hot_assert(ops[seq - 1].status == is);
        world_job_free(ops[seq - 1].job);
    }
    nodes_until(a, b->over_ms == 1001);
    end();
}
END_TEST

START_TEST(test_what_a_node_holds)
{
    begin(10000);
    put_handed(a, 7, "echo");
    put_handed(b, 8, "echo");
    struct store_op op = {.kind = STORE_HELD};
    ck_assert_int_eq(world_do(b->world, &op), STORE_OK);
    ck_assert_uint_eq(STAILQ_FIRST(&op.rows)->job->seq, 8);
    ck_assert_ptr_null(STAILQ_NEXT(STAILQ_FIRST(&op.rows), link));
    world_rows_free(&op);
    end();
}
END_TEST

START_TEST(test_backups_are_redis_s)
{
    begin(10000);
    struct store_op op = {.kind = STORE_BACKUP, .path = "/tmp/x"};
    ck_assert_int_eq(world_do(a->world, &op), STORE_FAILED);
    ck_assert_ptr_nonnull(strstr(op.error, "Redis"));
    end();
}
END_TEST

START_TEST(test_stats)
{
    begin(10000);
    char *stats = a->world->ops->stats(a->world->engine);
    ck_assert_ptr_eq(strstr(stats, ",\"up\":true,\"node\":"), stats);
    ck_assert_ptr_nonnull(strstr(stats, "\"redis_version\":\""));
    free(stats);
    end();
}
END_TEST

/* A test may have failed while Redis was frozen. */
static void thaw(void)
{
    own_redis_thaw(&nodes_server);
}

int main(void)
{
    TCase *tc = tcase_create("nodes");
    tcase_set_timeout(tc, 120);
    tcase_add_checked_fixture(tc, thaw, NULL);
    tcase_add_test(tc, test_each_job_is_claimed_once);
    tcase_add_test(tc, test_claims_are_bounded);
    tcase_add_test(tc, test_a_submit_may_be_handed_at_once);
    tcase_add_test(tc, test_bounds_of_jobs);
    tcase_add_test(tc, test_numbers_are_of_one_clock);
    tcase_add_test(tc, test_work_is_told);
    tcase_add_test(tc, test_followers_elsewhere);
    tcase_add_test(tc, test_a_retry_is_told);
    tcase_add_test(tc, test_a_stop_goes_to_the_holder);
    tcase_add_test(tc, test_watches);
    tcase_add_test(tc, test_pauses_hold_everywhere);
    tcase_add_test(tc, test_counts_are_of_all_nodes);
    tcase_add_test(tc, test_delayed_jobs_ripen_anywhere);
    tcase_add_test(tc, test_expired_jobs_are_held);
    tcase_add_test(tc, test_sweep_anywhere);
    tcase_add_test(tc, test_jobs_of_a_dead_node_are_adopted);
    tcase_add_test(tc, test_a_dead_node_claims_nothing);
    tcase_add_test(tc, test_a_node_leaves);
    tcase_add_test(tc, test_a_lease_that_cannot_be_renewed);
    tcase_add_test(tc, test_a_stopped_node_asks_first);
    tcase_add_test(tc, test_calm_after_an_outage);
    tcase_add_test(tc, test_an_unconfirmed_submit_goes_back);
    tcase_add_test(tc, test_the_end_without_redis);
    tcase_add_test(tc, test_outcomes_are_kept_for_less);
    tcase_add_test(tc, test_what_a_node_holds);
    tcase_add_test(tc, test_backups_are_redis_s);
    tcase_add_test(tc, test_stats);
    Suite *suite = suite_create("redis_nodes");
    quiet_log();
    own_redis_start(&nodes_server);
    world_engine = &redis_engine;
    world_prepare = nodes_prepare;
    suite_add_tcase(suite, tc);
    int status = run_suite(suite);
    own_redis_end(&nodes_server);
    return status;
}
