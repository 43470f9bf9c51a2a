/* A worker asks to be replaced when jobs have used it up. */
#include "tests/unit/suite.h"
#include "tests/unit/worker/one_worker.h"

#include <check.h>
#include <stdbool.h>
#include <string.h>

static uint32_t leaving; /* as the worker said last */

/* Takes the next message, and returns false if the worker only asks to be replaced. */
static bool take_answer(void)
{
    const struct answer *answer = fake_master_answer(&master);

    leaving = answer->head.leaving;
    return answer->head.type != WIRE_ANSWERED;
}

static void ask(const char *what)
{
    static uint64_t job;

    fake_master_run(&master, ++job, "greedy", what, strlen(what));
    while (!take_answer())
        ;
}

static void await_leaving(uint32_t reason)
{
    while (leaving == WIRE_STAYS)
        take_answer();
    ck_assert_uint_eq(leaving, reason);
}

static uint64_t *rss(void)
{
    return &((struct worker_shared *)master.page)->rss;
}

/* An idle worker has looked at its memory last. */
static void await_idle_look(void)
{
    __atomic_store_n(rss(), 0, __ATOMIC_RELAXED);
    while (__atomic_load_n(rss(), __ATOMIC_RELAXED) == 0)
        ck_assert(!ended_within(master.pid_fd, 10));
}

START_TEST(an_idle_worker_tells_of_descriptors_left_open)
{
    start_with_test_modules("");
    ask("descriptors 64");
    await_idle_look();
    ask("descriptors 1");
    await_leaving(WIRE_LEAVING_FILES);
    fake_master_expect_log(&master, "jobs have left 65 descriptors open");
    fake_master_expect_log(&master, "its last job was of module greedy");
    ask("nothing");
    ck_assert_uint_eq(leaving, WIRE_LEAVING_FILES);
    fake_master_finish(&master);
}
END_TEST

/* The limit of a worker in these tests is 200. */
START_TEST(what_init_opens_is_the_modules_own)
{
    start_with_test_modules("config:greedy={\"descriptors\": 150}\n");
    ask("descriptors 20");
    await_idle_look();
    ask("descriptors 15");
    await_leaving(WIRE_LEAVING_FILES);
    fake_master_expect_log(&master, "jobs have left 35 descriptors open");
    fake_master_finish(&master);
}
END_TEST

START_TEST(a_worker_short_of_descriptors_from_the_start_stays)
{
    start_with_test_modules("config:greedy={\"descriptors\": 190}\n");
    ask("nothing");
    await_idle_look();
    ask("nothing");
    ck_assert_uint_eq(leaving, WIRE_STAYS);
    fake_master_finish(&master);
}
END_TEST

START_TEST(a_failure_without_a_descriptor_is_told_at_once)
{
    start_with_test_modules("");
    ask("descriptors");
    ask("fail");
    ck_assert_uint_eq(leaving, WIRE_LEAVING_FILES);
    fake_master_finish(&master);
}
END_TEST

START_TEST(a_worker_at_work_looks_once_in_a_second)
{
    start_with_test_modules("");
    ask("descriptors 100");
    while (leaving == WIRE_STAYS) /* without a pause; the test's time limit ends this */
        ask("nothing");
    ck_assert_uint_eq(leaving, WIRE_LEAVING_FILES);
    fake_master_finish(&master);
}
END_TEST

START_TEST(a_large_worker_asks_to_be_replaced)
{
    master_limits.rss_max = 64 << 20;
    start_with_test_modules("");
    ask("nothing");
    await_idle_look();
    ask("rss 100000000");
    ck_assert_uint_eq(leaving, WIRE_LEAVING_RSS); /* 100 ms after the last look */
    fake_master_finish(&master);
}
END_TEST

START_TEST(a_worker_looks_again_when_it_turns_idle)
{
    master_limits.rss_max = 64 << 20;
    start_with_test_modules("");
    ask("nothing");
    ask("rss 100000000");
    await_leaving(WIRE_LEAVING_RSS);
    fake_master_finish(&master);
}
END_TEST

START_TEST(a_worker_without_a_limit_may_be_large)
{
    start_with_test_modules("");
    ask("rss 100000000");
    await_idle_look();
    ck_assert_uint_gt(*rss(), 100000000);
    ask("nothing");
    ck_assert_uint_eq(leaving, WIRE_STAYS);
    fake_master_finish(&master);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("worker usage");
    TCase *tc = tcase_create("usage");

    tcase_set_timeout(tc, TEST_TIMEOUT_S);
    tcase_add_test(tc, an_idle_worker_tells_of_descriptors_left_open);
    tcase_add_test(tc, what_init_opens_is_the_modules_own);
    tcase_add_test(tc, a_worker_short_of_descriptors_from_the_start_stays);
    tcase_add_test(tc, a_failure_without_a_descriptor_is_told_at_once);
    tcase_add_test(tc, a_worker_at_work_looks_once_in_a_second);
    tcase_add_test(tc, a_large_worker_asks_to_be_replaced);
    tcase_add_test(tc, a_worker_looks_again_when_it_turns_idle);
    tcase_add_test(tc, a_worker_without_a_limit_may_be_large);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
