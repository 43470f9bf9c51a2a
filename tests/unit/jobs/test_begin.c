/* test_begin: jobs that their workers do not begin. */
#include "tests/unit/jobs/recorder.h"

enum { BEGIN_MS = 5000, KILL_MS = 10000 };

static void open_timed(uint32_t workers, uint32_t pool_max)
{
    open_idle(workers, pool_max, 100);
    limits.begin_timeout_ms = BEGIN_MS;
    limits.dead_kill_ms = KILL_MS;
    reconfigure(false);
    pass_ms(SOON_MS);
    hush_news();
}

/* A job is handed to a stopped worker. */
static void open_stuck(uint32_t workers, uint32_t pool_max)
{
    open_timed(workers, pool_max);
    stops(workers > 1 ? 2 : 1); /* the first idle one */
    SUBMIT(.started = true, .link = true);
    ck_told(workers > 1 ? "give 2 j1, a1 started 2 #1" : "give 1 j1, a1 started 1 #1");
}

/* --- begin-timeout-ms --- */

/* The job is told as started once. */
START_TEST(test_runs_elsewhere)
{
    open_stuck(2, 2);
    pass_us(BEGIN_MS * UINT64_C(1000) - 1);
    ck_told("");
    pass_us(1);
    ck_told("back 2 j1 yes, say 2, give 1 j1, start 3");
    ck_assert_int_eq(the_worker(2)->state, WORKER_DEAD);
    done(1);
    ready(3);
    ck_told("a1 done");
    pass_ms(KILL_MS);
    ck_told("kill 2");
    dies(2, SIGKILL);
    ck_told("forget 2");
}
END_TEST

START_TEST(test_waits_for_another_worker)
{
    open_stuck(1, 1);
    pass_ms(BEGIN_MS);
    ck_told("back 1 j1 yes, say 1, start 2");
    ready(2);
    ck_told("give 2 j1");
    goes_on(1); /* it skips the job */
    ck_told("retire 1");
    done(2);
    ck_told("a1 done");
}
END_TEST

/* Each job has its own time. The older one goes on before. */
START_TEST(test_several)
{
    open_timed(3, 3);
    stops(3);
    stops(2);
    SUBMIT();
    pass_ms(1000);
    SUBMIT();
    pass_ms(1000);
    SUBMIT();
    hush_news();
    pass_ms(BEGIN_MS - 2000);
    ck_told("back 3 j1 yes, say 3, start 4");
    pass_ms(1000);
    ck_told("back 2 j2 yes, say 2, start 5");
    done(1);
    ck_told("a3 done, give 1 j1");
    done(1);
    ck_told("a1 done, give 1 j2");
}
END_TEST

/* It begins at the last moment. */
START_TEST(test_begins_in_time)
{
    open_stuck(1, 1);
    pass_ms(BEGIN_MS - 1);
    goes_on(1);
    pass_ms(3600000);
    ck_told("");
    done(1);
    ck_told("a1 done");
}
END_TEST

/* Jobs taken in time cost no look at the clock. */
START_TEST(test_one_timer)
{
    open_timed(1, 1);
    for (int i = 0; i < 10; i++) {
        SUBMIT();
        done(1);
    }
    ck_assert_uint_eq(timers.set.count, 1);
    pass_ms(BEGIN_MS);
    ck_assert_uint_eq(timers.set.count, 0);
}
END_TEST

/* The last byte of a large job has just gone to the kernel. */
START_TEST(test_slow_payload)
{
    open_stuck(2, 2);
    pass_ms(BEGIN_MS - 1000);
    sim_of(the_worker(2))->signs.taken_us = timers.now_us;
    pass_ms(BEGIN_MS - 1);
    ck_told("");
    pass_ms(1);
    ck_told("back 2 j1 yes, say 2, give 1 j1, start 3");
}
END_TEST

/* The job was handed while the timer was set for another one, and before the master was stopped. */
START_TEST(test_the_clock_stands_still)
{
    open_timed(1, 1);
    SUBMIT();
    done(1);
    pass_ms(BEGIN_MS - 1000);
    stops(1);
    SUBMIT();
    hush_news();
    pass_ms(500);
    timers_turn(&timers, timers.now_us + 15 * UINT64_C(1000000));
    timers_put_off(&timers, 15 * UINT64_C(1000000));
    pass_ms(BEGIN_MS - 501);
    ck_told("");
    pass_ms(1);
    ck_told("back 1 j2 yes, say 1, start 2");
}
END_TEST

/* It takes no place, so a reload need not wait for its end. */
START_TEST(test_about_to_end_anyway)
{
    open_timed(1, 1);
    limits.pool.worker_max_jobs = 1;
    reconfigure(false);
    stops(1);
    SUBMIT();
    hush_news();
    pass_ms(BEGIN_MS);
    ck_told("back 1 j1 yes, retire 1, start 2");
    limits.pool.worker_max_jobs = 0;
    reconfigure(false);
    ready(2);
    done(2);
    hush_news();
    reconfigure(true);
    ck_told("retire 2");
}
END_TEST

START_TEST(test_never)
{
    open_timed(1, 1);
    if (_i)
        limits.allow_debug = true;
    else
        limits.begin_timeout_ms = 0;
    reconfigure(false);
    stops(1);
    SUBMIT();
    ck_told("give 1 j1");
    pass_ms(3600000);
    ck_told("");
    goes_on(1);
    done(1);
    ck_told("a1 done");
}
END_TEST

/* The job was handed before the setting was in force. */
START_TEST(test_from_now_on)
{
    open_timed(1, 1);
    limits.allow_debug = true;
    reconfigure(false);
    pass_ms(BEGIN_MS);
    stops(1);
    SUBMIT();
    pass_ms(BEGIN_MS - 1);
    ck_told("give 1 j1");
    limits.allow_debug = false;
    reconfigure(false);
    pass_ms(BEGIN_MS);
    ck_told("back 1 j1 yes, say 1, start 2");
}
END_TEST

/* The current job goes back with the prefetched ones, each to its place. */
START_TEST(test_prefetched)
{
    open_prefetched();
    limits.begin_timeout_ms = BEGIN_MS;
    limits.dead_kill_ms = KILL_MS;
    limits.pool.pool_max = 2;
    limits.pool.pool_start = 1;
    reconfigure(false);
    finishes_well(1);
    reads(1); /* it is expected on job 4 */
    ready(2);
    hush_news();
    pass_ms(BEGIN_MS - 1);
    ck_assert_int_eq(the_worker(1)->state, WORKER_BUSY);
    hush_news();
    pass_ms(1);
    const char *got = news();
    ck_assert_ptr_nonnull(strstr(got, "back 1 j4 yes, say 1"));
    ck_assert_int_eq(the_worker(1)->state, WORKER_DEAD);
    ck_assert_uint_eq(the_worker(1)->prefetched_count, 0);
}
END_TEST

/* Its source is gone, and nobody else does the job. */
START_TEST(test_orphan)
{
    open_timed(1, 1);
    stops(1);
    SUBMIT();
    dispatcher_source_gone(&shared, &source_of('a')->source);
    hush_news();
    pass_ms(BEGIN_MS);
    ck_assert_uint_eq(shared.counts.dropped, 1);
    ck_assert_uint_eq(shared.counts.running, 0);
    ck_assert_int_eq(the_worker(1)->state, WORKER_DEAD);
}
END_TEST

/* It is lost at the same time. */
START_TEST(test_lost)
{
    open_stuck(2, 2);
    dies(2, SIGKILL);
    ck_told("back 2 j1 yes, give 1 j1, forget 2, start 3");
    pass_ms(BEGIN_MS);
    ck_told("");
}
END_TEST

/* --- what ends a job takes it away first --- */

/* No signal, and no time for the client. The worker goes on as usual. */
START_TEST(test_cancel)
{
    open_stuck(1, 1);
    dispatcher_cancel(the_job(1), _i == 1);
    ck_told("back 1 j1 yes, a1 failed cancelled, ping 1");
    ck_assert_int_eq(the_worker(1)->state, WORKER_IDLE);
    goes_on(1);
    SUBMIT();
    pass_ms(BEGIN_MS);
    done(1);
    ck_told("give 1 j2, a2 done");
}
END_TEST

START_TEST(test_link)
{
    open_stuck(1, 1);
    dispatcher_source_ended(&shared, &source_of('a')->source);
    ck_told("back 1 j1 yes, a1 failed cancelled, ping 1");
}
END_TEST

START_TEST(test_gone)
{
    open_stuck(1, 1);
    dispatcher_source_gone(&shared, &source_of('a')->source);
    ck_told("a1 left, back 1 j1 yes, ping 1");
    ck_assert_uint_eq(shared.counts.dropped, 1);
}
END_TEST

/* The next one of the worker is current, and waits for its beginning. */
START_TEST(test_cancel_before_prefetched)
{
    open_prefetched();
    finishes_well(1);
    reads(1);
    hush_news();
    dispatcher_cancel(the_job(4), false);
    ck_told("back 1 j4 yes, a4 failed cancelled, a5 started 1 #5, give 1 j7, give 1 j8");
    begins(1);
    finishes_well(1);
    reads(1);
    ck_told("a5 done, a6 started 1 #6");
}
END_TEST

/* A stopped worker does not live on jobs with impatient clients. */
START_TEST(test_cancel_each)
{
    open_timed(1, 1);
    stops(1);
    for (int i = 0; i < BEGIN_MS / 1000; i++) {
        uint64_t seq = SUBMIT();
        ck_assert_int_eq(the_worker(1)->state, WORKER_BUSY);
        pass_ms(999);
        dispatcher_cancel(the_job(seq), false);
        pass_ms(1);
    }
    ck_assert_int_eq(the_worker(1)->state, WORKER_DEAD);
    hush_news();
    SUBMIT();
    ready(2);
    ck_told("give 2 j6");
}
END_TEST

/* It has owed nothing since its ping: its next job has all the time. */
START_TEST(test_cancel_and_later)
{
    open_stuck(1, 1);
    dispatcher_cancel(the_job(1), false);
    goes_on(1);
    pass_ms(BEGIN_MS - 1);
    stops(1);
    SUBMIT();
    hush_news();
    pass_ms(BEGIN_MS - 1);
    ck_told("");
    pass_ms(1);
    ck_told("back 1 j2 yes, say 1, start 2");
}
END_TEST

START_TEST(test_drain)
{
    open_stuck(1, 1);
    pass_ms(200);
    dispatcher_drain(&d, false);
    ck_told("back 1 j1 yes, a1 failed shutdown, ping 1, retire 1");
    pass_ms(GRACE_MS);
    ck_told("kill 1");
}
END_TEST

/* A job handed just now is about to begin, and may have been told so. */
START_TEST(test_drain_at_once)
{
    open_stuck(1, 1);
    dispatcher_drain(&d, false);
    ck_told("");
    if (_i == 0) {
        goes_on(1);
        done(1);
        ck_told("a1 done, retire 1");
    } else if (_i == 1) {
        pass_ms(BEGIN_MS);
        ck_told("back 1 j1 yes, a1 failed shutdown, retire 1");
    } else {
        dispatcher_stop(&d); /* drain-timeout-ms has passed */
        ck_told("back 1 j1 yes, a1 failed shutdown, ping 1, retire 1");
    }
}
END_TEST

START_TEST(test_abort)
{
    open_stuck(1, 1);
    dispatcher_abort(&d);
    ck_assert_ptr_nonnull(strstr(news(), "a1 failed shutdown"));
}
END_TEST

/* It has waited too long, whoever has it. */
START_TEST(test_expiry)
{
    open_timed(1, 1);
    limits.pool.max_wait_ms = 1000;
    reconfigure(false);
    stops(1);
    SUBMIT();
    SUBMIT();
    pass_ms(999);
    ck_told("give 1 j1");
    pass_ms(1);
    ck_told("back 1 j1 yes, ping 1, a1 failed expired, a2 failed expired");
    goes_on(1);
    SUBMIT();
    pass_ms(5000);
    done(1);
    ck_told("give 1 j3, a3 done");
}
END_TEST

/* --- time limits --- */

/* The limit counts from the beginning. */
START_TEST(test_limit)
{
    open_timed(1, 1);
    stops(1);
    SUBMIT(.timeout_ms = 1000);
    pass_ms(2500);
    ck_told("give 1 j1 1000ms, poll 1, poll 1");
    goes_on(1);
    pass_ms(999);
    ck_told("poll 1");
    pass_ms(1);
    ck_told("poll 1, flag 1 j1");
}
END_TEST

START_TEST(test_limit_elsewhere)
{
    open_timed(2, 2);
    stops(2);
    SUBMIT(.timeout_ms = BEGIN_MS - 1000);
    pass_ms(BEGIN_MS);
    ck_told("give 2 j1 4000ms, poll 2, back 2 j1 yes, say 2, give 1 j1 4000ms, "
            "start 3");
    pass_ms(BEGIN_MS - 1001);
    ck_told("");
    pass_ms(1);
    ck_told("poll 1, flag 1 j1");
}
END_TEST

/* A worker that claims to have begun just now is believed once. */
START_TEST(test_limit_of_a_liar)
{
    open_timed(1, 1);
    SUBMIT(.timeout_ms = 1000);
    pass_ms(999);
    sim_of(the_worker(1))->signs.begun_us = timers.now_us;
    pass_ms(1);
    ck_told("give 1 j1 1000ms, poll 1");
    pass_ms(900);
    sim_of(the_worker(1))->signs.begun_us = timers.now_us;
    pass_ms(98);
    ck_told("");
    pass_ms(1);
    ck_told("poll 1, flag 1 j1");
}
END_TEST

START_TEST(test_limit_of_a_liar_ahead)
{
    open_timed(1, 1);
    SUBMIT(.timeout_ms = 1000);
    sim_of(the_worker(1))->signs.begun_us = UINT64_MAX;
    pass_ms(1000);
    ck_told("give 1 j1 1000ms, poll 1, flag 1 j1");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("begin");
    TCase *tc = recorder_case(suite, "begin");
    tcase_add_test(tc, test_runs_elsewhere);
    tcase_add_test(tc, test_waits_for_another_worker);
    tcase_add_test(tc, test_several);
    tcase_add_test(tc, test_begins_in_time);
    tcase_add_test(tc, test_one_timer);
    tcase_add_test(tc, test_slow_payload);
    tcase_add_test(tc, test_the_clock_stands_still);
    tcase_add_test(tc, test_about_to_end_anyway);
    tcase_add_loop_test(tc, test_never, 0, 2);
    tcase_add_test(tc, test_from_now_on);
    tcase_add_test(tc, test_prefetched);
    tcase_add_test(tc, test_orphan);
    tcase_add_test(tc, test_lost);
    tcase_add_loop_test(tc, test_cancel, 0, 2);
    tcase_add_test(tc, test_link);
    tcase_add_test(tc, test_gone);
    tcase_add_test(tc, test_cancel_before_prefetched);
    tcase_add_test(tc, test_cancel_each);
    tcase_add_test(tc, test_cancel_and_later);
    tcase_add_test(tc, test_drain);
    tcase_add_loop_test(tc, test_drain_at_once, 0, 3);
    tcase_add_test(tc, test_abort);
    tcase_add_test(tc, test_expiry);
    tcase_add_test(tc, test_limit);
    tcase_add_test(tc, test_limit_elsewhere);
    tcase_add_test(tc, test_limit_of_a_liar);
    tcase_add_test(tc, test_limit_of_a_liar_ahead);
    return run_suite(suite);
}
