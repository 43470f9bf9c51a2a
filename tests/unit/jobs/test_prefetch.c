/*
 * test_prefetch: busy workers are handed their next jobs early.
 *
 * Workers are lazy here: they begin a job when the test says so.
 */
#include "tests/unit/jobs/recorder.h"

START_TEST(test_prefetched)
{
    open_prefetched();
    ck_assert_int_eq(the_job(4)->state, JOB_WAITING);
    ck_assert_uint_eq(modules[0].running, 1);
    ck_assert_uint_eq(modules[0].waiting, 9);
    finishes_well(1);
    begins(1);
    finishes_well(1);
    begins(1);
    ck_told(""); /* unread so far */
    reads(1);
    ck_told("a3 done, a4 started 1 #4");
    reads(1);
    ck_told("a4 done, a5 started 1 #5, give 1 j7, give 1 j8");
    SUBMIT(.accepted = true);
    ck_told("a13 accepted 7"); /* 6, 7, 8 prefetched, 9 to 12 in the line */
}
END_TEST

/* It counts as waiting when a submit is refused, too. */
START_TEST(test_prefetched_and_job_max)
{
    open_prefetched();
    limits.pool.job_max = 9;
    dispatch_shared_configure(&shared, &limits);
    dispatcher_configure(&d, &limits.pool, false);
    SUBMIT();
    ck_told("a13 overload queue-full 9 1");
    dispatcher_cancel(the_job(5), false);
    hush_news();
    SUBMIT(.accepted = true);
    ck_told("a14 accepted 8");
}
END_TEST

/* ... and when the pool grows. */
START_TEST(test_prefetched_and_growing)
{
    open_prefetched();
    limits.pool.pool_max = 3;
    dispatch_shared_configure(&shared, &limits);
    dispatcher_configure(&d, &limits.pool, false);
    ck_told("start 2, start 3");
}
END_TEST

START_TEST(test_window_of_1)
{
    open_warm(1, 1);
    submit_many(10);
    begins(1);
    finishes_well(1);
    reads(1);
    ck_told("give 1 j2, a2 started 1 #2, a2 done, give 1 j3, a3 started 1 #3");
    ck_assert_uint_eq(d.line.prefetched_count, 0);
}
END_TEST

/* With others busy, a worker prefetches its share of the line and no more. */
START_TEST(test_share)
{
    open_warm(2, 16);
    submit_many(8);
    begins(1);
    begins(2);
    hush_news();
    finishes_well(1);
    reads(1); /* 8 gone to it, 5 left, 2 busy: one */
    ck_assert_uint_eq(d.line.prefetched_count, 1);
    ck_assert_uint_eq(job_queue_count(&d.line.queue), 4);
}
END_TEST

START_TEST(test_not_for_long_jobs)
{
    open_warm(1, 8);
    submit_many(10);
    begins(1);
    pass_ms(2);
    finishes_well(1);
    reads(1);
    ck_told("give 1 j2, a2 started 1 #2, a2 done, give 1 j3, a3 started 1 #3");
    ck_assert_uint_eq(d.line.prefetched_count, 0);
    begins(1);
    finishes_well(1);
    reads(1); /* a short one */
    ck_assert_uint_gt(d.line.prefetched_count, 0);
}
END_TEST

START_TEST(test_not_for_large_payloads)
{
    open_warm(1, 8);
    SUBMIT();
    SUBMIT();
    SUBMIT();
    SUBMIT(.size = 100000);
    for (int i = 0; i < 10; i++)
        SUBMIT();
    begins(1);
    finishes_well(1);
    reads(1);
    ck_told("give 1 j2, a2 done, give 1 j3, give 1 j4"); /* and none to overtake 5 */
}
END_TEST

START_TEST(test_not_for_one_that_prints)
{
    open_warm(1, 8);
    submit_many(10);
    the_worker(1)->printed_us = timers.now_us;
    begins(1);
    finishes_well(1);
    reads(1);
    ck_assert_uint_eq(d.line.prefetched_count, 0);
}
END_TEST

START_TEST(test_not_for_one_that_is_to_end)
{
    open_warm(1, 8);
    submit_many(10);
    begins(1);
    dispatch_shared_configure(&shared, &limits);
    dispatcher_configure(&d, &limits.pool, true);
    hush_news();
    finishes_well(1);
    reads(1);
    ck_told("a2 done, retire 1");
}
END_TEST

static struct worker_answer large_answer(size_t size)
{
    static char bytes[16 * 1024];
    return (struct worker_answer){.type = JOB_DONE, .payload = payload_from(&budget, bytes, size)};
}

START_TEST(test_no_prefetch_behind_a_large_result)
{
    open_warm(1, 4);
    submit_many(5);
    hush_news();
    struct worker_answer large = large_answer(16 * 1024), small = large_answer(16 * 1024 - 1);
    begins(1);
    finishes(1, large);
    reads(1);
    ck_told("a2 done, give 1 j3, a3 started 1 #3");
    begins(1);
    finishes(1, small);
    reads(1);
    ck_told("a3 done, give 1 j4, a4 started 1 #4, give 1 j5, give 1 j6");
    payload_unref(large.payload);
    payload_unref(small.payload);
}
END_TEST

START_TEST(test_no_prefetch_for_a_module_that_prints)
{
    open_warm(1, 4);
    modules[0].history.printed_us = timers.now_us;
    submit_many(5);
    hush_news();
    begins(1);
    finishes_well(1);
    reads(1);
    ck_told("a2 done, give 1 j3, a3 started 1 #3");
    pass_ms(10001);
    begins(1);
    finishes(1, (struct worker_answer){.type = JOB_DONE, .run_us = 100});
    reads(1);
    ck_told("a3 done, give 1 j4, a4 started 1 #4, give 1 j5, give 1 j6");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("prefetch");
    TCase *tc = recorder_case(suite, "prefetch");
    tcase_add_test(tc, test_prefetched);
    tcase_add_test(tc, test_prefetched_and_job_max);
    tcase_add_test(tc, test_prefetched_and_growing);
    tcase_add_test(tc, test_window_of_1);
    tcase_add_test(tc, test_share);
    tcase_add_test(tc, test_not_for_long_jobs);
    tcase_add_test(tc, test_not_for_large_payloads);
    tcase_add_test(tc, test_not_for_one_that_prints);
    tcase_add_test(tc, test_not_for_one_that_is_to_end);
    tcase_add_test(tc, test_no_prefetch_behind_a_large_result);
    tcase_add_test(tc, test_no_prefetch_for_a_module_that_prints);
    return run_suite(suite);
}
