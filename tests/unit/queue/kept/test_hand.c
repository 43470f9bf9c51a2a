/* test_hand: how many jobs the master has ahead, and in which order they go to it. */
#include "tests/unit/queue/kept/kept_world.h"

#include "common/xmalloc.h"

static void submit_many(size_t n)
{
    for (size_t i = 0; i < n; i++) {
        followers[25].follower = (struct kept_follower){.event = followers[25].follower.event};
        SUBMIT('z', .wish.is_detached = true);
        settle();
    }
}

static size_t with_master(void)
{
    return keep_counts(keep)->handed;
}

/* One job, so that its module's time is known. */
static void learn(uint64_t run_us)
{
    silent = true;
    submit_many(1);
    ends(keep_last_seq(keep), (struct kept_end){.type = KEPT_END_DONE, .run_us = run_us});
}

START_TEST(test_ahead)
{
    static const struct {
        uint64_t run_us;
        size_t ahead;
    } cases[] = {{0, 2}, {1, 32}, {1500, 32}, {5000, 10}, {20000, 2}, {10000000, 2}};
    if (cases[_i].run_us)
        learn(cases[_i].run_us);
    silent = true;
    submit_many(40);
    ck_assert_uint_eq(with_master(), cases[_i].ahead);
    silent = false;
}
END_TEST

/* Begun jobs are not ahead any more. */
START_TEST(test_begun)
{
    silent = true;
    submit_many(10);
    starts(1);
    starts(2);
    ck_assert_uint_eq(with_master(), 2);
    ck_assert_uint_eq(keep_handed_count(keep), 4);
    silent = false;
}
END_TEST

START_TEST(test_begun_twice)
{
    SUBMIT('a', .wants = KEPT_WANTS_STARTED);
    settle();
    starts(1);
    starts(1);
    done(1);
    ck_told("submit q1, a started q1, a done q1");
}
END_TEST

START_TEST(test_no_more_than_the_master_takes)
{
    learn(1);
    keep_master_gone(keep);
    keep_master_up(keep,
                   &(struct kept_master_about){.boot = "few", .payload_max = 100, .job_max = 3});
    submit_many(40);
    ck_assert_uint_eq(with_master(), 3);
    silent = false;
}
END_TEST

START_TEST(test_priorities)
{
    keep_pause(keep, NULL, true, NULL, NULL);
    SUBMIT('a', .wish.priority = 5);
    SUBMIT('b', .wish.priority = 0);
    SUBMIT('c', .wish.priority = 9);
    SUBMIT('d', .wish.priority = 5);
    settle();
    keep_pause(keep, NULL, false, NULL, NULL);
    settle();
    ck_told("submit q3, submit q1");
    done(3);
    done(1);
    ck_told("c done q3, submit q4, a done q1, submit q2");
}
END_TEST

/* A module's waiting jobs hold up no other module's. */
START_TEST(test_modules)
{
    SUBMIT('a', 0);
    SUBMIT('b', 0);
    SUBMIT('c', 0);
    SUBMIT('d', .wish.module = "fib");
    settle();
    ck_told("submit q1, submit q2, submit q4");
}
END_TEST

/* Far more wait than memory has of them: each is handed on once, in order. */
START_TEST(test_long_line)
{
    enum { N = 1500 };
    settings.window = 2;
    keep_configure(keep, &settings);
    keep_pause(keep, NULL, true, NULL, NULL);
    silent = true;
    submit_many(N);
    keep_pause(keep, NULL, false, NULL, NULL);
    settle();
    for (uint64_t seq = 1; seq <= N; seq++)
        done(seq);
    ck_assert_uint_eq(keep_counts(keep)->done, N);
    ck_assert_uint_le(engine.counts[STORE_TAKE], 2 + N / 4);
    silent = false;
}
END_TEST

static void fill(bool is_detached)
{
    char input[100001];
    memset(input, 'x', sizeof input - 1);
    input[sizeof input - 1] = '\0';
    for (size_t i = 0; i < 30; i++) {
        if (is_detached)
            SUBMIT('z', .wish.is_detached = true, .input = input);
        else if (i < 26)
            SUBMIT((char)('a' + i), .input = input);
        settle();
    }
}

/* Inputs of waiting jobs take a megabyte of memory, whatever their number. */
START_TEST(test_memory)
{
    silent = true;
    fill(_i);
    ck_assert_uint_le(budget.held, 1300000);
    for (uint64_t seq = 1; seq <= (_i ? 30 : 26); seq++) {
        done(seq);
        ck_assert_uint_le(budget.held, 1300000);
    }
    ck_assert_uint_eq(budget.held, 0);
    silent = false;
}
END_TEST

/* A large input behind a small one is read once, and not again while both wait. */
START_TEST(test_a_large_input_is_read_once)
{
    enum { LARGE = 1 << 20 };
    char *input = xmalloc(LARGE + 1);
    memset(input, 'x', LARGE);
    input[LARGE] = '\0';
    silent = true;
    submit_many(3);
    SUBMIT('a', .input = input);
    free(input);
    for (int i = 0; i < 100; i++)
        turn();
    ck_assert_uint_le(engine.counts[STORE_TAKE], 1);
    for (uint64_t seq = 1; seq <= 4; seq++)
        done(seq);
    ck_assert_uint_eq(keep_counts(keep)->done, 4);
    silent = false;
}
END_TEST

static void submit_to(size_t module, const char *input)
{
    char name[16];
    snprintf(name, sizeof name, "m%zu", module);
    followers[25].follower = (struct kept_follower){.event = followers[25].follower.event};
    SUBMIT('z', .wish.is_detached = true, .wish.module = name, .input = input);
    settle();
}

/* Nor do those of many modules take more than some megabytes. */
START_TEST(test_memory_of_many_modules)
{
    enum { MANY = 60, EACH = 15 };
    char input[50001];
    memset(input, 'x', sizeof input - 1);
    input[sizeof input - 1] = '\0';
    silent = true;
    for (size_t i = 0; i < MANY * EACH; i++)
        submit_to(i % MANY, input);
    ck_assert_uint_le(budget.held, 20000000); /* of 45,000,000 */
    for (size_t n = MANY * EACH; n; n--) {
        uint64_t seq = 1;
        while (!keep_handed(keep, seq))
            seq++;
        done(seq);
        ck_assert_uint_le(budget.held, 20000000);
    }
    ck_assert_uint_eq(budget.held, 0);
    silent = false;
}
END_TEST

/* Results on their way must find room. */
START_TEST(test_room)
{
    SUBMIT('a', 0);
    settle();
    done(1);
    ck_told("submit q1, a done q1");
    engine.left = 10; /* the last result had 6 bytes */
    SUBMIT('a', 0);
    SUBMIT('b', 0);
    settle();
    ck_told("submit q2");
    engine.left = 12;
    pass_ms(1010);
    ck_told("submit q3");
    engine.left = 0;
    done(2);
    done(3);
    SUBMIT('c', 0);
    pass_ms(3000);
    ck_told("a done q2, b done q3");
    engine.left = 1; /* a lonely one may try */
    pass_ms(1010);
    ck_told("submit q4");
}
END_TEST

START_TEST(test_drain)
{
    SUBMIT('a', 0);
    settle();
    keep_drain(keep);
    SUBMIT('b', .wants = KEPT_WANTS_ACCEPTED);
    settle();
    ck_told("submit q1, b accepted q2");
    done(1);
    ck_told("a done q1");
    ck_assert_uint_eq(keep_handed_count(keep), 0);
}
END_TEST

/* The master goes while a job is written as handed on. */
START_TEST(test_gone_amid_writing)
{
    SUBMIT('a', 0);
    keep_turn(keep);
    keep_master_gone(keep);
    settle();
    ck_told("");
    ck_assert_int_eq(row(1)->run.state, STORED_WAITING);
    ck_assert_uint_eq(row(1)->run.attempt, 0);
    master_up("k2");
    settle();
    ck_told("submit q1");
}
END_TEST

START_TEST(test_paused)
{
    keep_pause(keep, "echo", true, NULL, NULL);
    ck_assert(keep_is_paused(keep, "echo") && !keep_is_paused(keep, NULL));
    SUBMIT('a', .wants = KEPT_WANTS_ACCEPTED);
    SUBMIT('b', .wish.module = "fib");
    settle();
    ck_told("a accepted q1, submit q2");
    crash(); /* kept over restarts */
    settle();
    ck_assert(keep_is_paused(keep, "echo"));
    master_up("k2");
    pass_ms(7000);
    ck_told("submit q2 again 2");
    keep_pause(keep, "echo", false, NULL, NULL);
    settle();
    ck_told("submit q1");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("hand");
    TCase *tests = tcase_create("all");
    tcase_add_checked_fixture(tests, open_world, close_world);
    tcase_add_loop_test(tests, test_ahead, 0, 6);
    tcase_add_test(tests, test_begun);
    tcase_add_test(tests, test_begun_twice);
    tcase_add_test(tests, test_no_more_than_the_master_takes);
    tcase_add_test(tests, test_priorities);
    tcase_add_test(tests, test_modules);
    tcase_add_test(tests, test_long_line);
    tcase_add_loop_test(tests, test_memory, 0, 2);
    tcase_add_test(tests, test_a_large_input_is_read_once);
    tcase_add_test(tests, test_memory_of_many_modules);
    tcase_add_test(tests, test_room);
    tcase_add_test(tests, test_drain);
    tcase_add_test(tests, test_gone_amid_writing);
    tcase_add_test(tests, test_paused);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
