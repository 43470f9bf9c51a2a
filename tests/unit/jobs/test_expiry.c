/* test_expiry: jobs that have waited for max-wait-ms, in each place of a waiting job. */
#include "tests/unit/jobs/recorder.h"

enum { WAIT_MS = 100 };

static void open_with_limit(uint32_t workers, uint32_t pool_max)
{
    open_idle(workers, pool_max, 5000);
    limits.pool.max_wait_ms = WAIT_MS;
    reconfigure(false);
}

START_TEST(test_the_line)
{
    open_with_limit(1, 1);
    SUBMIT();
    SUBMIT();
    pass_ms(40);
    SUBMIT();
    hush_news();
    pass_us((WAIT_MS - 40) * 1000 - 1);
    ck_told("");
    pass_us(1);
    ck_told("a2 failed expired");
    pass_ms(39);
    ck_told("");
    pass_ms(1);
    ck_told("a3 failed expired");
    pass_ms(1000); /* a running job waits no more */
    done(1);
    ck_told("a1 done");
    ck_assert(!timer_is_set(&d.wait.timer));
}
END_TEST

START_TEST(test_no_limit)
{
    open_idle(1, 1, 10);
    SUBMIT();
    SUBMIT();
    ck_assert(!timer_is_set(&d.wait.timer));
    hush_news();
}
END_TEST

/* A shorter limit holds at once, also for waiting jobs; without a limit nothing expires. */
START_TEST(test_another_limit)
{
    open_with_limit(1, 1);
    SUBMIT();
    SUBMIT();
    hush_news();
    limits.pool.max_wait_ms = 50;
    reconfigure(false);
    pass_ms(50);
    ck_told("a2 failed expired");
    SUBMIT();
    limits.pool.max_wait_ms = 0;
    reconfigure(false);
    pass_ms(1000);
    ck_told("");
    limits.pool.max_wait_ms = 2000;
    reconfigure(false);
    pass_ms(999);
    ck_told("");
    pass_ms(1);
    ck_told("a3 failed expired");
}
END_TEST

/* The limit of the top level holds in every pool, if it is the least. */
START_TEST(test_the_least)
{
    open_with_limit(1, 1);
    SUBMIT();
    SUBMIT();
    hush_news();
    limits.pool.max_wait_ms = 30;
    dispatch_shared_configure(&shared, &limits);
    limits.pool.max_wait_ms = 70;
    dispatcher_configure(&d, &limits.pool, false);
    pass_ms(29);
    ck_told("");
    pass_ms(1);
    ck_told("a2 failed expired");
}
END_TEST

START_TEST(test_prefetched)
{
    open_prefetched(); /* 3 runs; 4 to 6 are with worker 1, 7 to 12 in the line */
    limits.pool.max_wait_ms = 1000;
    reconfigure(false);
    finishes_well(1);
    begins(1); /* 4: the master does not know */
    hush_news();
    pass_ms(1000);
    ck_told("back 1 j4 no, back 1 j5 yes, a5 failed expired, back 1 j6 yes, a6 failed expired, "
            "a7 failed expired, a8 failed expired, a9 failed expired, a10 failed expired, "
            "a11 failed expired, a12 failed expired");
    reads(1);
    finishes_well(1);
    reads(1);
    ck_told("a3 done, a4 started 1 #4, a4 done");
}
END_TEST

/* Batches: a turn of the loop ends a thousand. */
START_TEST(test_very_many)
{
    open_with_limit(1, 1);
    for (int i = 0; i < 3001; i++)
        SUBMIT();
    hush_news();
    silent = true;
    pass_us(WAIT_MS * 1000);
    ck_assert_uint_eq(shared.counts.failed[FAIL_EXPIRED], 1000);
    pass_us(1);
    ck_assert_uint_eq(shared.counts.failed[FAIL_EXPIRED], 2000);
    pass_us(5);
    ck_assert_uint_eq(shared.counts.failed[FAIL_EXPIRED], 3000);
    ck_assert_uint_eq(dispatcher_waiting(&d), 0);
}
END_TEST

/* Jobs of a held client wait as others do. */
START_TEST(test_held)
{
    open_with_limit(1, 1);
    limits.source_unread_max = 1000;
    reconfigure(false);
    SUBMIT(.source = 'b');
    dispatcher_source_unread(&shared, &source_of('a')->source, 2000);
    SUBMIT();
    SUBMIT(.source = 'b');
    done(1);
    hush_news();
    pass_ms(WAIT_MS);
    ck_told("a2 failed expired");
    dispatcher_source_unread(&shared, &source_of('a')->source, 0);
}
END_TEST

/* --- limits of jobs' own --- */

START_TEST(test_own_limits_in_any_order)
{
    open_idle(1, 1, 10);
    SUBMIT();
    SUBMIT(.max_wait_ms = 200);
    SUBMIT();
    SUBMIT(.max_wait_ms = 100);
    SUBMIT(.max_wait_ms = 150);
    hush_news();
    pass_us(99999);
    ck_told("");
    pass_us(1);
    ck_told("a4 failed expired");
    pass_ms(50);
    ck_told("a5 failed expired");
    pass_ms(50);
    ck_told("a2 failed expired");
    pass_ms(100000);
    ck_told("");
    ck_assert(!timer_is_set(&d.wait.timer));
}
END_TEST

/* The least holds, also behind a change of the pool's. */
START_TEST(test_own_limit_and_the_pools)
{
    open_with_limit(1, 1);
    SUBMIT();
    SUBMIT(.max_wait_ms = WAIT_MS + 100);
    SUBMIT(.max_wait_ms = WAIT_MS - 50);
    hush_news();
    pass_ms(WAIT_MS - 50);
    ck_told("a3 failed expired");
    pass_ms(50);
    ck_told("a2 failed expired");
    SUBMIT(.max_wait_ms = WAIT_MS + 100);
    limits.pool.max_wait_ms = 0;
    reconfigure(false);
    pass_ms(WAIT_MS + 99);
    ck_told("");
    pass_ms(1);
    ck_told("a4 failed expired");
}
END_TEST

START_TEST(test_own_limit_of_a_job_that_begins_or_ends)
{
    open_idle(1, 1, 10);
    SUBMIT(.max_wait_ms = 50);
    SUBMIT(.max_wait_ms = 50);
    hush_news();
    dispatcher_cancel(the_job(2), false);
    ck_told("a2 failed cancelled");
    ck_assert_uint_eq(d.wait.own.count, 1);
    pass_ms(1000);
    ck_told("");
    ck_assert_uint_eq(d.wait.own.count, 0);
    done(1);
    ck_told("a1 done");
}
END_TEST

START_TEST(test_own_limit_in_a_paused_pool)
{
    open_idle(1, 1, 10);
    dispatcher_pause(&d);
    SUBMIT(.max_wait_ms = 50);
    hush_news();
    pass_ms(50);
    ck_told("a1 failed expired");
    dispatcher_resume(&d);
}
END_TEST

/* A job that its worker has begun runs, though the master does not know yet. */
START_TEST(test_own_limits_of_jobs_handed_early)
{
    open_warm(1, 4);
    submit_many(2);
    for (int i = 0; i < 3; i++)
        SUBMIT(.max_wait_ms = 50);
    begins(1);
    finishes_well(1);
    reads(1);
    begins(1);
    finishes_well(1);
    begins(1);
    ck_assert_uint_eq(the_worker(1)->prefetched_count, 3); /* behind 3; 4 is begun */
    hush_news();
    pass_ms(50);
    ck_told("back 1 j4 no, back 1 j6 yes, a6 failed expired, back 1 j5 yes, a5 failed expired");
    reads(1);
    finishes_well(1);
    reads(1);
    ck_told("a3 done, a4 done");
}
END_TEST

START_TEST(test_own_limit_of_a_job_that_its_worker_does_not_begin)
{
    open_idle(1, 1, 10);
    lazy = true;
    SUBMIT(.max_wait_ms = 50);
    hush_news();
    pass_ms(50);
    ck_told("back 1 j1 yes, a1 failed expired");
    SUBMIT(.max_wait_ms = 50);
    begins(1);
    hush_news();
    pass_ms(50);
    ck_told("");
    finishes_well(1);
    reads(1);
    ck_told("a2 done");
}
END_TEST

/* The job ran when it was due, and its worker could not begin it after all. */
START_TEST(test_own_limit_of_a_job_given_back)
{
    struct worker_answer unfit = a_failure(FAIL_UNAVAILABLE, NULL);
    unfit.unfit = true;
    open_idle(1, 1, 10);
    SUBMIT();
    done(1);
    SUBMIT(.max_wait_ms = 50);
    hush_news();
    pass_ms(60);
    ck_told("");
    finishes(1, unfit);
    reads(1);
    news();
    pass_us(1);
    ck_told("a2 failed expired");
}
END_TEST

/* A thousand in a turn, whosever the limits are. */
START_TEST(test_very_many_own_limits)
{
    open_with_limit(1, 1);
    SUBMIT();
    for (int i = 0; i < 3000; i++)
        SUBMIT(.max_wait_ms = i % 2 ? WAIT_MS : 0);
    hush_news();
    silent = true;
    for (uint64_t n = 1000; n <= 3000; n += 1000) {
        pass_us(n == 1000 ? WAIT_MS * 1000 : 1);
        ck_assert_uint_eq(shared.counts.failed[FAIL_EXPIRED], n);
    }
    ck_assert_uint_eq(d.wait.own.count, 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("expiry");
    TCase *tc = recorder_case(suite, "max-wait-ms");
    tcase_add_test(tc, test_the_line);
    tcase_add_test(tc, test_no_limit);
    tcase_add_test(tc, test_another_limit);
    tcase_add_test(tc, test_the_least);
    tcase_add_test(tc, test_prefetched);
    tcase_add_test(tc, test_very_many);
    tcase_add_test(tc, test_held);
    tc = recorder_case(suite, "max_wait_ms");
    tcase_add_test(tc, test_own_limits_in_any_order);
    tcase_add_test(tc, test_own_limit_and_the_pools);
    tcase_add_test(tc, test_own_limit_of_a_job_that_begins_or_ends);
    tcase_add_test(tc, test_own_limit_in_a_paused_pool);
    tcase_add_test(tc, test_own_limits_of_jobs_handed_early);
    tcase_add_test(tc, test_own_limit_of_a_job_that_its_worker_does_not_begin);
    tcase_add_test(tc, test_own_limit_of_a_job_given_back);
    tcase_add_test(tc, test_very_many_own_limits);
    return run_suite(suite);
}
