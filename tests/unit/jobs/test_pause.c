/*
 * test_pause: behind a pause no job of the pool begins. Workers are lazy where a moment matters.
 */
#include "tests/unit/jobs/recorder.h"

/* Jobs handed early, or to an idle worker that has not begun, come back; a begun one goes on. */
START_TEST(test_each_state)
{
    open_warm(2, 4);
    submit_many(2);
    hush_news();
    begins(1);
    ck_assert(!dispatcher_pause(&d));
    ck_told("back 2 j4 yes");
    ck_assert_uint_eq(d.pool.counts[WORKER_IDLE], 1);
    SUBMIT(.accepted = true);
    ck_told("a5 accepted 1");
    finishes_well(1);
    reads(1);
    ck_told("a3 done");
    pass_ms(3600000);
    ck_told("");
    ck_assert(dispatcher_pause(&d));
    ck_told("");
    ck_assert(dispatcher_resume(&d));
    ck_told("give 1 j4, give 2 j5"); /* j4 was told before */
    ck_assert(!dispatcher_resume(&d));
}
END_TEST

START_TEST(test_prefetched)
{
    open_prefetched();
    dispatcher_pause(&d);
    ck_told("back 1 j4 yes, back 1 j5 yes, back 1 j6 yes");
    finishes_well(1);
    reads(1);
    ck_told("a3 done");
    ck_assert_uint_eq(d.pool.counts[WORKER_IDLE], 1);
    ck_assert_uint_eq(dispatcher_waiting(&d), 9);
    pass_ms(100);
    ck_told("");
    dispatcher_resume(&d);
    ck_told("give 1 j4, a4 started 1 #4"); /* the order is kept */
}
END_TEST

/* The answer before is still to be read: the begun job is told before the pause is over. */
START_TEST(test_begun_early)
{
    open_prefetched();
    finishes_well(1);
    begins(1);
    dispatcher_pause(&d);
    ck_told("back 1 j4 no, back 1 j5 yes, back 1 j6 yes, a4 started 1 #4");
    reads(1);
    ck_told("a3 done");
    finishes_well(1);
    reads(1);
    ck_told("a4 done");
    ck_assert_uint_eq(d.pool.counts[WORKER_IDLE], 1);
}
END_TEST

/* As on an unpaused pool the job is stopped, or lost with its worker. */
START_TEST(test_running_jobs_end_as_ever)
{
    open_idle(2, 2, 10);
    submit_many(2);
    hush_news();
    dispatcher_pause(&d);
    hush_news();
    dispatcher_cancel(the_job(1), true);
    dies(2, SIGKILL);
    ck_told("flag 2 j1, kill 2, a1 failed cancelled sigkill, forget 2, start 3"); /* pool-start */
    dies(1, SIGSEGV);
    ck_told("back 1 j2 no, a2 failed error SIG 11, forget 1, start 4");
}
END_TEST

/* Waiting jobs end in all their ways but by unavailable. */
START_TEST(test_waiting_jobs)
{
    open_pool(0, 2, 2);
    hush_news();
    dispatcher_pause(&d);
    SUBMIT();
    SUBMIT(.source = 'b');
    SUBMIT(.source = 'b');
    ck_told("b3 overload queue-full 2 0"); /* no place beyond: no worker can be started */
    pass_ms(2 * START_TIMEOUT_MS);
    ck_told("");
    ck_assert_uint_eq(pool_count(&d.pool), 0);
    dispatcher_cancel(the_job(1), false);
    ck_told("a1 failed cancelled");
    dispatcher_source_gone(&shared, &source_of('b')->source);
    ck_told("b2 left");
    SUBMIT();
    dispatcher_resume(&d);
    ck_told("start 1");
}
END_TEST

/* Failing for want of a worker stops. */
START_TEST(test_while_jobs_fail)
{
    open_pool(0, 1, 5000);
    silent = true;
    submit_many(2500);
    no_forks = true;
    pass_ms(START_TIMEOUT_MS);
    dies(1, -1);
    while (!shared.counts.failed[FAIL_UNAVAILABLE])
        pass_ms(100);
    dispatcher_pause(&d);
    uint64_t failed = shared.counts.failed[FAIL_UNAVAILABLE];
    ck_assert_uint_lt(failed, 2500);
    pass_ms(60000);
    ck_assert_uint_eq(shared.counts.failed[FAIL_UNAVAILABLE], failed);
    ck_assert_uint_eq(dispatcher_waiting(&d), 2500 - failed);
}
END_TEST

/* No timer of an idle paused pool fires, whatever waits there. */
START_TEST(test_costs_nothing)
{
    open_idle(2, 2, 100);
    dispatcher_pause(&d);
    submit_many(50);
    pass_ms(1000);
    ck_assert_uint_eq(timers.set.count, 0);
}
END_TEST

START_TEST(test_removed)
{
    open_idle(1, 1, 10);
    dispatcher_pause(&d);
    SUBMIT();
    hush_news();
    dispatcher_remove(&d, NULL);
    ck_told("give 1 j1");
    ck_assert(!d.paused);
    dispatcher_restore(&d);
}
END_TEST

/* A reload replaces the workers, and leaves the pause. */
START_TEST(test_reload)
{
    open_idle(1, 2, 10);
    dispatcher_pause(&d);
    SUBMIT();
    hush_news();
    reconfigure(true);
    ck_told("start 2");
    ready(2);
    ck_told("retire 1");
    ck_assert(d.paused);
    dies(1, -0);
    ck_told("forget 1");
    dispatcher_resume(&d);
    ck_told("give 2 j1");
}
END_TEST

/* A job set aside stays there, and gets its fresh worker afterwards. */
START_TEST(test_aside)
{
    open_idle(2, 2, 10);
    SUBMIT();
    fails(2, NULL);
    hush_news();
    struct worker_answer refusal = a_failure(FAIL_UNAVAILABLE, NULL);
    refusal.unfit = true;
    SUBMIT();
    finishes(2, refusal);
    reads(2);
    hush_news();
    dispatcher_pause(&d);
    hush_news();
    size_t waiting = dispatcher_waiting(&d) + d.running;
    ck_assert_uint_eq(waiting, 1);
    pass_ms(2 * START_TIMEOUT_MS);
    ck_assert_uint_eq(dispatcher_waiting(&d) + d.running, 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("pause");
    TCase *tc = recorder_case(suite, "pause");
    tcase_add_test(tc, test_each_state);
    tcase_add_test(tc, test_prefetched);
    tcase_add_test(tc, test_begun_early);
    tcase_add_test(tc, test_running_jobs_end_as_ever);
    tcase_add_test(tc, test_waiting_jobs);
    tcase_add_test(tc, test_while_jobs_fail);
    tcase_add_test(tc, test_costs_nothing);
    tcase_add_test(tc, test_removed);
    tcase_add_test(tc, test_reload);
    tcase_add_test(tc, test_aside);
    return run_suite(suite);
}
