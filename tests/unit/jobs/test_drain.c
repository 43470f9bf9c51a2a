/* test_drain: a drain that runs the waiting jobs first. (test_dispatcher.c has the other kind.) */
#include "tests/unit/jobs/recorder.h"

START_TEST(test_runs_the_line)
{
    open_idle(1, 2, 10);
    submit_many(4);
    hush_news();
    dispatcher_drain(&d, true);
    ck_told("");
    SUBMIT(.source = 'b');
    ck_told("b5 failed shutdown");
    done(1);
    ck_told("a1 done, give 1 j2, a2 started 1 #2");
    ready(2);
    ck_told("give 2 j3, a3 started 2 #3");
    done(1);
    done(1);
    ck_told("a2 done, give 1 j4, a4 started 1 #4, a4 done, retire 1");
    dies(1, -0);
    done(2);
    ck_told("forget 1, a3 done, retire 2");
    dies(2, -0);
    ck_assert(dispatcher_is_drained(&d));
}
END_TEST

/* Nothing waits: as the other kind. */
START_TEST(test_nothing_waits)
{
    open_idle(2, 3, 10);
    submit_many(1);
    hush_news();
    dispatcher_drain(&d, true);
    ck_told("retire 1");
    dies(1, -0);
    done(2);
    ck_told("forget 1, a1 done, retire 2");
    dies(2, -0);
    ck_told("forget 2"); /* none is started for pool-start */
    ck_assert(dispatcher_is_drained(&d));
}
END_TEST

/* A lost worker is replaced, also when its job comes back to the line as the last. */
START_TEST(test_workers_are_replaced)
{
    open_warm(1, 1);
    submit_many(2);
    hush_news();
    begins(1);
    dispatcher_drain(&d, true);
    dies(1, SIGSEGV);
    ck_told("back 1 j2 no, a2 failed error SIG 11, forget 1, start 2");
    ready(2);
    ck_told("give 2 j3, a3 started 2 #3");
    dies(2, SIGSEGV);
    ck_told("back 2 j3 yes, forget 2, start 3");
    ready(3);
    ck_told("give 3 j3");
    begins(3);
    finishes_well(3);
    reads(3);
    ck_told("a3 done, retire 3");
    dies(3, -0);
    ck_assert(dispatcher_is_drained(&d));
}
END_TEST

/* A paused line ends at once, before or after the drain's begin. */
START_TEST(test_paused)
{
    open_idle(1, 1, 10);
    submit_many(3);
    if (_i)
        dispatcher_pause(&d);
    hush_news();
    dispatcher_drain(&d, true);
    if (!_i)
        dispatcher_pause(&d);
    const char *got = news();
    ck_assert_ptr_nonnull(strstr(got, "a2 failed shutdown, a3 failed shutdown"));
    done(1);
    ck_told("a1 done, retire 1");
    dies(1, -0);
    ck_assert(dispatcher_is_drained(&d));
}
END_TEST

/* At the end of its time the rest fails. */
START_TEST(test_then_fails)
{
    open_idle(1, 1, 10);
    submit_many(3);
    dispatcher_drain(&d, true);
    done(1);
    hush_news();
    dispatcher_drain(&d, false);
    ck_told("a3 failed shutdown");
    dispatcher_stop(&d);
    ck_told("flag 1 j2");
    pass_ms(GRACE_MS);
    dies(1, SIGKILL);
    ck_assert(dispatcher_is_drained(&d));
}
END_TEST

/* A source that does not read is held as ever; its jobs fail in the end. */
START_TEST(test_held)
{
    open_idle(1, 1, 10);
    limits.source_unread_max = 100;
    reconfigure(false);
    dispatcher_source_unread(&shared, &source_of('a')->source, 200);
    SUBMIT();
    SUBMIT(.source = 'b');
    hush_news();
    dispatcher_drain(&d, true);
    done(1);
    ck_told("b2 done");
    if (_i) {
        dispatcher_source_unread(&shared, &source_of('a')->source, 0);
        turn();
        ck_told("give 1 j1");
        done(1);
        ck_told("a1 done, retire 1");
    } else {
        dispatcher_pause(&d);
        ck_told("retire 1");
        dispatcher_source_unread(&shared, &source_of('a')->source, 0);
        turn();
        ck_told("a1 failed shutdown");
    }
    dies(1, -0);
    ck_assert(dispatcher_is_drained(&d));
}
END_TEST

/* Without any worker the jobs are unavailable, as ever. */
START_TEST(test_no_worker)
{
    open_pool(0, 1, 10);
    no_forks = true;
    hush_news();
    submit_many(1);
    dispatcher_drain(&d, true);
    silent = true;
    pass_ms(2 * START_TIMEOUT_MS);
    ck_assert_uint_eq(shared.counts.failed[FAIL_UNAVAILABLE], 1);
    ck_assert(dispatcher_is_drained(&d));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("drain");
    TCase *tc = recorder_case(suite, "drain");
    tcase_add_test(tc, test_runs_the_line);
    tcase_add_test(tc, test_nothing_waits);
    tcase_add_test(tc, test_workers_are_replaced);
    tcase_add_loop_test(tc, test_paused, 0, 2);
    tcase_add_test(tc, test_then_fails);
    tcase_add_loop_test(tc, test_held, 0, 2);
    tcase_add_test(tc, test_no_worker);
    return run_suite(suite);
}
