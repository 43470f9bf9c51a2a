/* test_retire: many workers are told to end at a rate. */
#include "tests/unit/jobs/recorder.h"

static size_t told_to_end(void)
{
    return d.pool.counts[WORKER_STOPPING];
}

/* If thousands ended in one moment, nobody else would get a processor. */
START_TEST(test_reload_of_many)
{
    open_idle(100, 101, 100);
    reconfigure(true);
    pass_ms(BATCH_MS);
    ready(101);
    ck_assert_uint_eq(pool_ending(&d.pool), 25); /* a quarter of them gets no job any more */
    for (size_t told; (told = told_to_end()) < 25;) {
        pass_ms(BATCH_MS);
        ck_assert_uint_gt(told_to_end(), told);
        ck_assert_uint_le(told_to_end(), told + BATCH);
    }
    ck_assert_uint_eq(told_to_end(), 25);
}
END_TEST

/* Whoever ends before it was told, or is killed, is told no more. */
START_TEST(test_reload_of_many_that_end)
{
    open_idle(80, 81, 100);
    reconfigure(true);
    pass_ms(BATCH_MS);
    ready(81);
    ck_assert_uint_eq(told_to_end(), BATCH);
    for (uint32_t id = 1; id <= 10; id++)
        dies(id, SIGKILL);
    hush_news();
    dispatcher_abort(&d);
    ck_assert_uint_eq(d.pool.counts[WORKER_RETIRING], 0);
    hush_news();
    pass_ms(BATCH_MS);
    ck_assert_ptr_null(strstr(news(), "retire"));
}
END_TEST

/* It asks while it is idle; the next job starts another. */
START_TEST(test_idle_worker_leaves)
{
    open_idle(2, 2, 10);
    dispatcher_worker_leaves(the_worker(2), END_MAX_RSS);
    ck_told("retire 2");
    dispatcher_worker_leaves(the_worker(2), END_MAX_RSS);
    SUBMIT();
    ck_told("give 1 j1");
    dies(2, -0);
    ck_told("forget 2, start 3");
}
END_TEST

START_TEST(test_busy_worker_leaves)
{
    open_idle(1, 1, 10);
    SUBMIT();
    SUBMIT();
    hush_news();
    dispatcher_worker_leaves(the_worker(1), END_MAX_RSS);
    ck_told("");
    done(1);
    ck_told("a1 done, retire 1");
    dies(1, -0);
    ck_told("forget 1, start 2");
    ready(2);
    ck_told("give 2 j2");
}
END_TEST

/* Workers are lazy here. */
START_TEST(test_prefetched_jobs_of_one_that_leaves)
{
    open_prefetched();
    hush_news();
    dispatcher_worker_leaves(the_worker(1), END_MAX_RSS);
    ck_told("back 1 j4 yes, back 1 j5 yes, back 1 j6 yes");
    finishes_well(1);
    reads(1);
    ck_told("a3 done, retire 1");
    dies(1, -0);
    hush_news();
    ready(2);
    ck_assert_ptr_nonnull(strstr(news(), "give 2 j4"));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("retire");
    TCase *tc = recorder_case(suite, "retire");
    tcase_add_test(tc, test_reload_of_many);
    tcase_add_test(tc, test_reload_of_many_that_end);
    tcase_add_test(tc, test_idle_worker_leaves);
    tcase_add_test(tc, test_busy_worker_leaves);
    tcase_add_test(tc, test_prefetched_jobs_of_one_that_leaves);
    return run_suite(suite);
}
