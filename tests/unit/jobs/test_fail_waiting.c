/* test_fail_waiting: waiting jobs fail if no worker can be started. */
#include "tests/unit/jobs/recorder.h"

/* Jobs wait while no worker lives: for so long, and no longer. */
START_TEST(test_unavailable)
{
    open_pool(0, 1, 100);
    no_forks = _i == 1;
    SUBMIT();
    SUBMIT(.source = 'b');
    hush_news();
    silent = true;
    for (int ms = 0; ms < START_TIMEOUT_MS - 1; ms++) {
        if (d.pool.counts[WORKER_STARTING])
            dies(shared.last_worker, -127);
        pass_ms(1);
    }
    ck_assert_uint_eq(dispatcher_waiting(&d), 2);
    silent = false;
    hush_news();
    pass_ms(1);
    ck_assert_ptr_nonnull(strstr(news(), "a1 failed unavailable, b2 failed unavailable"));
    ck_assert_uint_eq(shared.counts.failed[FAIL_UNAVAILABLE], 2);
}
END_TEST

/* ... from the end of the last worker on, and not while a new one is starting well. */
START_TEST(test_available_again)
{
    open_idle(1, 1, 100);
    SUBMIT();
    SUBMIT();
    pass_ms(START_TIMEOUT_MS * 3); /* one lives */
    ck_told("give 1 j1");
    dies(1, SIGSEGV);
    ck_told("back 1 j1 no, a1 failed error SIG 11, forget 1, start 2");
    pass_ms(START_TIMEOUT_MS - 1);
    ready(2);
    ck_told("give 2 j2");
    pass_ms(START_TIMEOUT_MS * 3);
    done(2);
    ck_told("a2 done");
    ck_assert(!timer_is_set(&d.failing.unavailable));
}
END_TEST

START_TEST(test_unavailable_needs_a_line)
{
    open_pool(0, 1, 100);
    no_forks = true;
    SUBMIT();
    ck_told("start 1, forget 1");
    dispatcher_cancel(the_job(1), false);
    ck_told("a1 failed cancelled");
    ck_assert(!timer_is_set(&d.failing.unavailable));
    pass_ms(START_TIMEOUT_MS - 1000);
    SUBMIT();
    pass_ms(START_TIMEOUT_MS - 1000); /* a time of its own */
    ck_assert_uint_eq(dispatcher_waiting(&d), 1);
    pass_ms(1000);
    ck_assert_uint_eq(dispatcher_waiting(&d), 0);
}
END_TEST

/* Thousands end a batch at a time. */
START_TEST(test_unavailable_for_thousands)
{
    open_pool(0, 1, 10000);
    silent = true;
    no_forks = true;
    for (int i = 0; i < 3500; i++)
        SUBMIT();
    timers_turn(&timers, timers.now_us + START_TIMEOUT_MS * UINT64_C(1000));
    timers_run(&timers);
    check_invariants();
    ck_assert_uint_gt(dispatcher_waiting(&d), 1000);
    ck_assert_uint_lt(dispatcher_waiting(&d), 3500);
    for (int i = 0; i < 10; i++)
        turn();
    ck_assert_uint_eq(dispatcher_waiting(&d), 0);
    ck_assert_uint_eq(shared.counts.failed[FAIL_UNAVAILABLE], 3500);
}
END_TEST

/* A worker becomes ready in the midst of it: the rest of the line has a worker. */
START_TEST(test_available_for_the_rest)
{
    open_pool(0, 1, 10000);
    silent = true;
    for (int i = 0; i < 3500; i++)
        SUBMIT();
    limits.start_timeout_ms = 20000; /* for the worker; the line's time is set already */
    dies(1, -1);
    pass_ms(100);
    pass_ms(100);
    timers_turn(&timers, d.failing.unavailable.due.key);
    shared.limits.start_timeout_ms = 20000;
    timers_run(&timers);
    size_t left = dispatcher_waiting(&d);
    ck_assert(left > 1000 && left < 3500);
    ready(shared.last_worker);
    for (int i = 0; i < 10; i++)
        turn();
    ck_assert_uint_eq(dispatcher_waiting(&d), left - 1);
}
END_TEST

/* A drain in the last moment of the line's time: all are told of the shutdown. */
START_TEST(test_drain_instead_of_unavailable)
{
    open_pool(0, 1, 10000);
    silent = true;
    no_forks = true;
    for (int i = 0; i < 3500; i++)
        SUBMIT();
    pass_ms(START_TIMEOUT_MS - 1);
    dispatcher_drain(&d, false);
    timers_turn(&timers, timers.now_us + 1000);
    timers_run(&timers);
    for (int i = 0; i < 10; i++)
        turn();
    ck_assert_uint_eq(dispatcher_waiting(&d), 0);
    ck_assert_uint_eq(shared.counts.failed[FAIL_SHUTDOWN], 3500);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("fail_waiting");
    TCase *tc = recorder_case(suite, "fail_waiting");
    tcase_add_loop_test(tc, test_unavailable, 0, 2);
    tcase_add_test(tc, test_available_again);
    tcase_add_test(tc, test_unavailable_needs_a_line);
    tcase_add_test(tc, test_unavailable_for_thousands);
    tcase_add_test(tc, test_available_for_the_rest);
    tcase_add_test(tc, test_drain_instead_of_unavailable);
    return run_suite(suite);
}
