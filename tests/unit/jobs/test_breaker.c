/* test_breaker: jobs of a module with an open breaker, in each place of a waiting job. */
#include "tests/unit/jobs/recorder.h"

enum { ECHO, FIB };

/* Idle workers, and a breaker that two crashes open. */
static void open_with_breaker(uint32_t workers, uint32_t pool_max)
{
    open_idle(workers, pool_max, 100);
    limits.breaker_window_ms = 10000;
    limits.breaker_crashes = 2;
    limits.breaker_pause_ms = 5000;
    reconfigure(false);
}

/* Two jobs of echo crash workers 3 and 2; worker 1 is left. */
static void crash_twice(void)
{
    SUBMIT();
    SUBMIT();
    dies(3, SIGSEGV);
    dies(2, SIGABRT);
    hush_news();
    ck_assert_int_eq(modules[ECHO].breaker.state, BREAKER_OPEN);
}

START_TEST(test_new_jobs)
{
    open_with_breaker(3, 3);
    crash_twice();
    SUBMIT(.accepted = true, .started = true);
    ck_told("a3 failed unavailable");
    SUBMIT(.module = FIB);
    ck_told("give 1 j4");
}
END_TEST

/* A kill is nobody's crash; a failure of the module neither. */
START_TEST(test_other_ends)
{
    open_with_breaker(3, 3);
    SUBMIT();
    SUBMIT();
    dies(3, SIGKILL);
    dies(2, SIGKILL);
    SUBMIT();
    fails(1, "no");
    ck_assert_int_eq(modules[ECHO].breaker.state, BREAKER_CLOSED);
    hush_news();
}
END_TEST

/* Waiting jobs fail when they come to the head of the line, and not before. */
START_TEST(test_head_of_the_line)
{
    open_with_breaker(2, 2);
    for (int i = 0; i < 4; i++)
        SUBMIT();
    SUBMIT(.module = FIB);
    SUBMIT();
    dies(2, SIGSEGV);
    ready(3);
    hush_news();
    dies(1, SIGSEGV);
    ck_told("back 1 j2 no, a2 failed error SIG 11, forget 1, start 4");
    ready(4);
    ck_told("a4 failed unavailable, give 4 j5");
    done(4);
    ck_told("a5 done, a6 failed unavailable");
    hush_news();
}
END_TEST

START_TEST(test_the_probe)
{
    open_with_breaker(3, 3);
    crash_twice();
    pass_ms(5000);
    SUBMIT(.started = true);
    ck_told("give 1 j3, a3 started 1 #3");
    SUBMIT();
    ck_told("a4 failed unavailable");
    done(1);
    ck_told("a3 done");
    SUBMIT();
    ck_told("give 1 j5");
}
END_TEST

START_TEST(test_a_cancelled_probe)
{
    open_with_breaker(3, 3);
    crash_twice();
    pass_ms(5000);
    SUBMIT();
    dispatcher_cancel(the_job(3), false);
    fails(1, "stopped");
    hush_news();
    SUBMIT();
    ck_told("give 1 j4");
    dies(1, SIGSEGV);
    hush_news();
    SUBMIT();
    ck_told("a5 failed unavailable");
}
END_TEST

/* A probe that its worker has not begun goes back; the next try is the probe. */
START_TEST(test_a_returned_probe)
{
    open_with_breaker(3, 3);
    crash_twice();
    lazy = true;
    pass_ms(5000);
    SUBMIT();
    ck_told("give 1 j3");
    dies(1, SIGKILL);
    ck_assert_int_eq(modules[ECHO].breaker.state, BREAKER_OPEN);
    hush_news();
    ready(4);
    ck_told("give 4 j3");
    ck_assert_int_eq(modules[ECHO].breaker.state, BREAKER_PROBING);
}
END_TEST

START_TEST(test_prefetched)
{
    open_warm(2, 4);
    limits.breaker_window_ms = 10000;
    limits.breaker_crashes = 1;
    limits.breaker_pause_ms = 5000;
    reconfigure(false);
    SUBMIT();
    SUBMIT();
    begins(1);
    begins(2);
    for (int i = 0; i < 10; i++)
        SUBMIT();
    finishes_well(1);
    reads(1);
    ck_assert_uint_gt(the_worker(1)->prefetched_count, 0);
    modules[ECHO].breaker = (struct module_breaker){0}; /* jobs before do not count */
    hush_news();
    dies(2, SIGSEGV);
    ck_assert_uint_eq(the_worker(1)->prefetched_count, 0);
    ck_assert_uint_eq(d.line.prefetched_count, 0);
    hush_news();
}
END_TEST

START_TEST(test_a_long_line)
{
    open_with_breaker(2, 2);
    limits.pool.job_max = 5000;
    reconfigure(false);
    for (int i = 0; i < 3000; i++)
        SUBMIT();
    dies(1, SIGSEGV);
    dies(2, SIGSEGV);
    ready(3);
    hush_news();
    pass_ms(1);
    ck_assert_uint_eq(dispatcher_waiting(&d), 0);
    ck_assert_uint_eq(shared.counts.failed[FAIL_UNAVAILABLE], 2998);
    hush_news();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("breaker");
    TCase *tc = recorder_case(suite, "places");
    tcase_add_test(tc, test_new_jobs);
    tcase_add_test(tc, test_other_ends);
    tcase_add_test(tc, test_head_of_the_line);
    tcase_add_test(tc, test_the_probe);
    tcase_add_test(tc, test_a_cancelled_probe);
    tcase_add_test(tc, test_a_returned_probe);
    tcase_add_test(tc, test_prefetched);
    tcase_add_test(tc, test_a_long_line);
    return run_suite(suite);
}
