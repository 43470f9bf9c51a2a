/* test_tiny: tiny jobs are left to busy workers. */
#include "tests/unit/jobs/recorder.h"

static void finishes_in(uint32_t id, uint64_t run_us)
{
    finishes(id, (struct worker_answer){.type = JOB_DONE, .run_us = run_us});
    reads(id);
}

/* Five workers share one processor. Workers 1 and 2 are on jobs of a module with such run times of
 * late. */
static void open_tiny(uint64_t run_us, uint32_t window)
{
    open_warm(5, window);
    limits.processors = 1;
    dispatch_shared_configure(&shared, &limits);
    dispatcher_configure(&d, &limits.pool, false);
    SUBMIT();
    begins(1);
    finishes_in(1, run_us);
    SUBMIT();
    SUBMIT();
    begins(1);
    begins(2);
    hush_news();
}

/* They are left to the two, and they prefetch the next ones. */
START_TEST(test_tiny)
{
    open_tiny(50, 4);
    submit_many(12);
    ck_told("");
    ck_assert_uint_eq(d.pool.counts[WORKER_IDLE], 3);
    finishes_in(2, 50);
    ck_told("a8 done, give 2 j9, a9 started 2 #9, give 2 j10, give 2 j11, give 2 j12");
    begins(2);
    finishes_in(1, 50);
    ck_told("a7 done, give 1 j13, a13 started 1 #13, give 1 j14, give 1 j15");
    ck_assert_uint_eq(d.pool.forks, 5);
}
END_TEST

START_TEST(test_tiny_accepted)
{
    open_tiny(50, 4);
    SUBMIT(.accepted = true);
    SUBMIT(.accepted = true);
    ck_told("a9 accepted 0, a10 accepted 1");
}
END_TEST

/* Whatever speaks against it, the idle worker is woken. */
START_TEST(test_tiny_not)
{
    open_tiny(_i == 0 ? 51 : 50, _i == 1 ? 1 : 4);
    if (_i == 2)
        limits.processors = 2; /* more can run */
    if (_i == 3)
        limits.processors = 0; /* nobody knows */
    if (_i == 4)
        limits.pool.job_max = 0; /* no job may wait */
    dispatch_shared_configure(&shared, &limits);
    dispatcher_configure(&d, &limits.pool, false);
    hush_news();
    if (_i == 5)
        SUBMIT(.module = 1, .started = true); /* of unknown length */
    else
        SUBMIT(.started = true);
    ck_told("give 3 j9, a9 started 3 #9");
}
END_TEST

/* Nobody else has to wait for them: first in, first out, and all idle workers are woken. */
START_TEST(test_tiny_and_another)
{
    open_tiny(50, 4);
    submit_many(1);
    ck_told("");
    SUBMIT(.module = 1, .started = true);
    ck_told("give 3 j9, a9 started 3 #9, give 4 j10, a10 started 4 #10");
}
END_TEST

/* ... nor is anybody refused for them. */
START_TEST(test_tiny_and_job_max)
{
    open_tiny(50, 4);
    limits.pool.job_max = 3;
    dispatch_shared_configure(&shared, &limits);
    dispatcher_configure(&d, &limits.pool, false);
    submit_many(2);
    ck_told("");
    submit_many(1);
    ck_told("give 3 j9, a9 started 3 #9");
    submit_many(2);
    ck_told("give 4 j10, a10 started 4 #10, give 5 j11, a11 started 5 #11");
    submit_many(1);
    ck_told("");
    SUBMIT();
    ck_told("a15 overload queue-full 3 5");
}
END_TEST

/* This time their jobs are long: soon all waiting jobs are elsewhere, and for a while nothing is
 * left to anybody. */
START_TEST(test_tiny_recall)
{
    open_tiny(50, 4);
    submit_many(2);
    ck_told("");
    pass_ms(4);
    ck_told("");
    pass_ms(1);
    ck_told("give 3 j9, a9 started 3 #9, give 4 j10, a10 started 4 #10");
    ck_assert(!timer_is_set(&d.tiny.recall));
    begins(3);
    finishes_in(3, 50);
    pass_ms(90);
    SUBMIT();
    ck_told("a9 done, give 3 j11");
    begins(3);
    finishes_in(3, 50);
    pass_ms(10);
    SUBMIT();
    ck_told("a11 done");
}
END_TEST

/* Prefetched jobs are reclaimed, too. */
START_TEST(test_tiny_recall_prefetched)
{
    open_tiny(50, 4);
    submit_many(12);
    finishes_in(1, 50);
    begins(1);
    hush_news();
    pass_ms(5);
    const char *got = news();
    ck_assert_ptr_nonnull(strstr(got, "back 1 j10 yes, back 1 j11 yes, back 1 j12 yes"));
    ck_assert_ptr_nonnull(strstr(got, "give 3 j10"));
    ck_assert_ptr_nonnull(strstr(got, "give 4 j11"));
    ck_assert_uint_eq(d.pool.counts[WORKER_IDLE], 0);
}
END_TEST

/* They go on: all is well, and looked at again. */
START_TEST(test_tiny_no_recall)
{
    open_tiny(50, 4);
    submit_many(12);
    pass_ms(3);
    finishes_in(1, 50);
    finishes_in(2, 50);
    begins(1);
    begins(2);
    hush_news();
    pass_ms(2);
    ck_told("");
    ck_assert(timer_is_set(&d.tiny.recall));
    ck_assert_uint_eq(d.pool.counts[WORKER_IDLE], 3);
}
END_TEST

START_TEST(test_tiny_reload)
{
    open_tiny(50, 4);
    submit_many(1);
    dispatch_shared_configure(&shared, &limits);
    dispatcher_configure(&d, &limits.pool, true);
    ck_told("retire 3"); /* it makes room */
    dies(3, -0);
    ck_told("forget 3, start 6");
    ready(6);
    ck_told("retire 5");
    dies(5, -0);
    ready(7);
    ck_told("forget 5, start 7, retire 4");
    dies(4, -0);
    ready(8);
    ck_told("forget 4, start 8");
    finishes_in(2, 50); /* the last one to be left anything */
    ck_told("a8 done, retire 2");
}
END_TEST

/* One of the two is gone: they are not enough any more. */
START_TEST(test_tiny_lost)
{
    open_tiny(50, 4);
    submit_many(2);
    dies(2, SIGSEGV);
    ck_told("back 2 j8 no, a8 failed error SIG 11, give 3 j9, a9 started 3 #9, forget 2, start 6");
    ck_assert_uint_eq(dispatcher_waiting(&d), 1); /* and now they are */
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("tiny");
    TCase *tc = recorder_case(suite, "tiny");
    tcase_add_test(tc, test_tiny);
    tcase_add_test(tc, test_tiny_accepted);
    tcase_add_loop_test(tc, test_tiny_not, 0, 6);
    tcase_add_test(tc, test_tiny_and_another);
    tcase_add_test(tc, test_tiny_and_job_max);
    tcase_add_test(tc, test_tiny_recall);
    tcase_add_test(tc, test_tiny_recall_prefetched);
    tcase_add_test(tc, test_tiny_no_recall);
    tcase_add_test(tc, test_tiny_reload);
    tcase_add_test(tc, test_tiny_lost);
    return run_suite(suite);
}
