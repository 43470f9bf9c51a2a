/*
 * test_reclaim: prefetched jobs are reclaimed. By every word of the protocol they wait until they
 * have begun, so nobody may see them begin twice, vanish, overtake or be hurt.
 *
 * Workers are lazy here: they begin a job when the test says so.
 */
#include "tests/unit/jobs/recorder.h"

/* As no worker of ours does. */
static void begins_out_of_turn(uint32_t id, uint64_t seq)
{
    handed_of(the_worker(id)->ops_data, seq)->state = BEGUN;
}

/* A cancel ends a prefetched job at once, as any waiting one; the worker skips it. */
START_TEST(test_cancel)
{
    open_prefetched();
    dispatcher_cancel(the_job(5), _i == 1);
    ck_told("back 1 j5 yes, a5 failed cancelled");
    dispatcher_cancel(the_job(4), _i == 1);
    ck_told("back 1 j4 yes, a4 failed cancelled");
    finishes_well(1);
    begins(1);
    finishes_well(1);
    reads(1);
    ck_told("a3 done, a6 started 1 #6, give 1 j7, give 1 j8, give 1 j9");
    reads(1);
    ck_told("a6 done, a7 started 1 #7");
}
END_TEST

/* It has begun just now, and the master does not know yet: it is stopped as soon as the master
 * does. */
START_TEST(test_cancel_begun)
{
    open_prefetched();
    finishes_well(1);
    begins(1);
    dispatcher_cancel(the_job(4), false);
    ck_told("back 1 j4 no");
    ck_assert_int_eq(the_job(4)->state, JOB_WAITING);
    reads(1);
    ck_told("a3 done, a4 started 1 #4, back 1 j5 yes, back 1 j6 yes, flag 1 j4");
    finishes(1, a_failure(FAIL_MODULE, "stopped"));
    reads(1);
    ck_told("a4 failed cancelled stop-flag, give 1 j5, a5 started 1 #5, give 1 j6, give 1 j7, "
            "give 1 j8");
}
END_TEST

START_TEST(test_kill_begun)
{
    open_prefetched();
    finishes_well(1);
    begins(1);
    dispatcher_cancel(the_job(4), _i == 1);
    if (_i == 0)
        dispatcher_cancel(the_job(4), true); /* after the cancel */
    hush_news();
    reads(1);
    ck_told("a3 done, a4 started 1 #4, back 1 j5 yes, back 1 j6 yes, flag 1 j4, kill 1");
    dies(1, SIGKILL);
    ck_told("a4 failed cancelled sigkill, forget 1, start 2");
    ready(2);
    ck_told("give 2 j5, a5 started 2 #5");
}
END_TEST

/* It ends before anybody could stop it. */
START_TEST(test_cancel_begun_and_finished)
{
    open_prefetched();
    finishes_well(1);
    begins(1);
    dispatcher_cancel(the_job(4), false);
    finishes_well(1);
    hush_news();
    reads(1);
    hush_news();
    reads(1);
    const char *got = news();
    ck_assert_msg(strncmp(got, "a4 done", 7) == 0, "%s", got);
    ck_assert_uint_eq(shared.counts.failed[FAIL_CANCELLED], 0);
}
END_TEST

/* The running one is stopped. Prefetched jobs go back first, so that a signal hits no other. */
START_TEST(test_cancel_the_running_one)
{
    open_prefetched();
    dispatcher_cancel(the_job(3), _i == 1);
    ck_told(_i ? "back 1 j4 yes, back 1 j5 yes, back 1 j6 yes, flag 1 j3, kill 1"
               : "back 1 j4 yes, back 1 j5 yes, back 1 j6 yes, flag 1 j3");
    ck_assert_uint_eq(d.line.prefetched_count, 0);
    ck_assert_uint_eq(dispatcher_waiting(&d), 9);
    dies(1, SIGKILL);
    ready(2);
    const char *got = news();
    ck_assert_ptr_nonnull(strstr(got, "give 2 j4, a4 started 2 #4")); /* the first of the line */
}
END_TEST

/* The running job has ended without the master's knowledge: a signal would hit the next one. */
START_TEST(test_cancel_one_that_has_ended)
{
    open_prefetched();
    finishes_well(1);
    begins(1);
    dispatcher_cancel(the_job(3), _i == 1);
    ck_told("back 1 j4 no, back 1 j5 yes, back 1 j6 yes");
    pass_us(1); /* the socket is read in a turn of its own */
    const char *got = news();
    ck_assert_ptr_nonnull(strstr(got, "poll 1, a3 done, a4 started 1 #4"));
    ck_assert_ptr_null(strstr(got, "flag"));
    ck_assert_ptr_null(strstr(got, "kill"));
    ck_assert_uint_eq(shared.counts.done, 2 + 1);
}
END_TEST

/* Other workers get the jobs behind it, in the old order. */
START_TEST(test_silent_worker)
{
    open_prefetched();
    dispatcher_worker_silent(the_worker(1));
    ck_told("back 1 j4 yes, back 1 j5 yes, back 1 j6 yes");
    ck_assert_uint_eq(d.line.prefetched_count, 0);
    dispatcher_worker_silent(the_worker(1));
    ck_told("");
    limits.pool.pool_max = 2;
    dispatch_shared_configure(&shared, &limits);
    dispatcher_configure(&d, &limits.pool, false);
    ready(2);
    ck_told("start 2, give 2 j4, a4 started 2 #4");
}
END_TEST

/* Its worker has answered for the one before and is not on it: its time has not begun. */
START_TEST(test_limit_of_a_prefetched_job_that_was_not_begun)
{
    open_warm(1, 4);
    SUBMIT();
    SUBMIT();
    SUBMIT(.timeout_ms = 500);
    submit_many(6);
    begins(1);
    finishes_well(1);
    reads(1);
    begins(1);
    finishes_well(1);
    reads(1);
    hush_news();
    pass_ms(500);
    const char *got = news();
    ck_assert_ptr_nonnull(strstr(got, "poll 1"));
    ck_assert_ptr_null(strstr(got, "back 1 j4"));
    ck_assert_ptr_null(strstr(got, "flag"));
    begins(1);
    pass_ms(499);
    finishes_well(1);
    reads(1);
    ck_assert_ptr_nonnull(strstr(news(), "a4 done"));
}
END_TEST

START_TEST(test_timeout)
{
    open_warm(1, 4);
    SUBMIT();
    SUBMIT(.timeout_ms = 500);
    submit_many(6);
    begins(1);
    finishes_well(1);
    reads(1);
    begins(1);
    ck_told("give 1 j2, a2 done, give 1 j3 500ms, give 1 j4, give 1 j5, give 1 j6");
    pass_ms(500);
    ck_told("back 1 j4 yes, back 1 j5 yes, back 1 j6 yes, poll 1, flag 1 j3");
    pass_ms(GRACE_MS / 2);
    ck_told("poll 1, term 1");
    finishes_well(1); /* and nothing more is given to it */
    reads(1);
    ck_told("a3 done, retire 1");
    dies(1, -0);
    ready(2);
    ck_told("forget 1, start 2, give 2 j4, a4 started 2 #4");
}
END_TEST

/* A limit runs from the beginning of a job, not from its handing over. */
START_TEST(test_limit_of_a_prefetched_job)
{
    open_warm(1, 4);
    SUBMIT();
    SUBMIT();
    SUBMIT(.timeout_ms = 500);
    submit_many(6);
    begins(1);
    finishes_well(1);
    reads(1);
    begins(1);
    hush_news();
    pass_ms(400);
    ck_told("");
    finishes_well(1);
    begins(1);
    reads(1);
    ck_told("a3 done");
    pass_ms(499);
    ck_told("");
    pass_ms(1);
    ck_assert_ptr_nonnull(strstr(news(), "flag 1 j4"));
}
END_TEST

/* A lost worker takes its current job with it, and no other: those go back to their places. */
START_TEST(test_lost)
{
    open_prefetched();
    dies(1, SIGSEGV);
    ck_told("back 1 j3 no, a3 failed error SIG 11, back 1 j4 yes, back 1 j5 yes, back 1 j6 yes, "
            "forget 1, "
            "start 2");
    ready(2);
    begins(2);
    finishes_well(2);
    reads(2);
    ck_told("give 2 j4, a4 started 2 #4, a4 done, give 2 j5, a5 started 2 #5, give 2 j6, give 2 "
            "j7, give 2 j8");
}
END_TEST

/* It had begun the next one before it died: this is lost, too. */
START_TEST(test_lost_on_a_prefetched_job)
{
    open_prefetched();
    finishes_well(1);
    begins(1);
    dies(1, SIGSEGV);
    ck_told("a3 done, a4 started 1 #4, back 1 j4 no, a4 failed error SIG 11, back 1 j5 yes, back 1 "
            "j6 yes, forget 1, start 2");
}
END_TEST

/* It died between two jobs: the second was believed to run, but never began, and waits again. */
START_TEST(test_lost_between_jobs)
{
    open_prefetched();
    finishes_well(1);
    reads(1);
    ck_told("a3 done, a4 started 1 #4");
    dies(1, SIGKILL);
    ck_told("back 1 j4 yes, back 1 j5 yes, back 1 j6 yes, forget 1, start 2");
    ck_assert_int_eq(the_job(4)->state, JOB_WAITING);
    ck_assert_uint_eq(shared.counts.failed[FAIL_ERROR], 0);
    ready(2);
    ck_told("give 2 j4"); /* `started` was told already, and its order stays */
    begins(2);
    finishes_well(2);
    reads(2);
    ck_told("a4 done, give 2 j5, a5 started 2 #5, give 2 j6, give 2 j7, give 2 j8");
}
END_TEST

/* ... unless nobody waits for it any more. */
START_TEST(test_lost_between_jobs_of_one_who_is_gone)
{
    open_prefetched();
    finishes_well(1);
    reads(1);
    ck_assert(dispatcher_source_gone(&shared, &source_of('a')->source));
    hush_news();
    dies(1, SIGKILL);
    ck_told("back 1 j4 yes, forget 1, start 2");
    ck_assert_uint_eq(shared.counts.dropped, 9);
    ck_assert_uint_eq(shared.counts.orphaned, 0);
}
END_TEST

/* ... or the server is shutting down: then it ends like all waiting jobs. */
START_TEST(test_lost_between_jobs_while_draining)
{
    open_prefetched();
    finishes_well(1);
    reads(1);
    dispatcher_drain(&d, false);
    hush_news();
    dies(1, SIGKILL);
    ck_told("back 1 j4 yes, a4 failed shutdown, forget 1");
    ck_assert(dispatcher_is_drained(&d));
}
END_TEST

/*
 * A worker says it has begun a job, and later the contrary: it breaks its word. But a cancel in
 * between counts at once.
 */
START_TEST(test_cancelled_and_put_back)
{
    open_prefetched();
    begins_out_of_turn(1, 4);
    dispatcher_cancel(the_job(4), false);
    ck_told("back 1 j4 no");
    handed_of(the_worker(1)->ops_data, 4)->state = OFFERED;
    dies(1, SIGSEGV);
    ck_told("back 1 j3 no, a3 failed error SIG 11, back 1 j4 yes, a4 failed cancelled, back 1 j5 "
            "yes, back 1 j6 "
            "yes, forget 1, start 2");
    ck_assert_uint_eq(dispatcher_waiting(&d), 8);
}
END_TEST

/* Its supposed job is taken away at once, though it claimed the next. */
START_TEST(test_cancelled_and_returned)
{
    open_prefetched();
    finishes_well(1);
    reads(1);
    hush_news();
    begins_out_of_turn(1, 5);
    dispatcher_cancel(the_job(4), _i == 1);
    ck_told("back 1 j4 yes, a4 failed cancelled, a5 started 1 #5, give 1 j7, give 1 j8");
    dies(1, SIGSEGV);
    ck_told("back 1 j5 no, a5 failed error SIG 11, back 1 j6 yes, back 1 j7 yes, back 1 j8 yes, "
            "forget 1, start 2");
    ck_assert_uint_eq(dispatcher_waiting(&d), 7);
}
END_TEST

/* ... and it is dropped if its source is gone. */
START_TEST(test_put_back_for_one_who_is_gone)
{
    open_prefetched();
    begins_out_of_turn(1, 4);
    ck_assert(dispatcher_source_gone(&shared, &source_of('a')->source));
    hush_news();
    handed_of(the_worker(1)->ops_data, 4)->state = OFFERED;
    dies(1, SIGSEGV);
    ck_told("back 1 j3 no, back 1 j4 yes, forget 1, start 2");
    ck_assert_uint_eq(shared.counts.dropped, 9);
    ready(2);
    ck_told(""); /* nobody's job is in the line */
}
END_TEST

/* The answer for the one before was lost with the worker. */
START_TEST(test_lost_with_an_answer)
{
    open_prefetched();
    struct sim_worker *sim = the_worker(1)->ops_data;
    finishes_well(1);
    begins(1);
    sim_drop(sim, handed_in(sim, FINISHED));
    sim->jobs[sim->count++] = (struct handed){.seq = 3, .state = BEGUN}; /* as far as is known */
    dies(1, SIGSEGV);
    const char *got = news();
    ck_assert_ptr_nonnull(strstr(got, "a3 failed error SIG 11"));
    ck_assert_ptr_nonnull(strstr(got, "a4 failed error SIG 11"));
    ck_assert_ptr_null(strstr(got, "a5"));
    ck_assert_uint_eq(dispatcher_waiting(&d), 8);
}
END_TEST

/* When the line is empty, an idle worker gets the first prefetched job not begun. */
START_TEST(test_idle_takes_over)
{
    open_warm(1, 8);
    limits.pool.pool_max = 2;
    dispatch_shared_configure(&shared, &limits);
    dispatcher_configure(&d, &limits.pool, false);
    submit_many(5);
    begins(1);
    finishes_well(1);
    reads(1);
    begins(1);
    ck_told("give 1 j2, a2 started 1 #2, start 2, a2 done, give 1 j3, a3 started 1 #3, give 1 j4");
    ready(2);
    ck_told("give 2 j5, a5 started 2 #5"); /* the line first */
    begins(2);
    pass_ms(5); /* it is on a long one */
    finishes_well(2);
    reads(2);
    ck_told("a5 done, give 2 j6, a6 started 2 #6");
    begins(2);
    finishes_well(2);
    reads(2);
    ck_told("a6 done, back 1 j4 yes, give 2 j4, a4 started 2 #4");
    begins(2);
    finishes_well(2);
    reads(2);
    finishes_well(1);
    reads(1);
    ck_told("a4 done, a3 done");
    ck_assert_uint_eq(d.pool.counts[WORKER_IDLE], 2);
}
END_TEST

/* Two workers have prefetched jobs; the first has begun all of its own. The other may be on a long
 * job: nobody has to wait behind it while a worker is idle. */
START_TEST(test_idle_takes_over_from_the_second)
{
    open_warm(3, 2);
    submit_many(20);
    for (uint32_t id = 1; id <= 3; id++)
        begins(id);
    for (uint32_t id = 1; id <= 2; id++) { /* both prefetch one */
        finishes_well(id);
        reads(id);
        begins(id);
        ck_assert_uint_eq(the_worker(id)->prefetched_count, 1);
    }
    while (job_queue_count(&d.line.queue)) /* the line is gone otherwise */
        dispatcher_cancel(job_queue_first(&d.line.queue), false);
    finishes_well(1);
    begins(1); /* a prefetched one, and the master does not know */
    hush_news();
    finishes_well(3);
    reads(3);
    const char *got = news();
    ck_assert_msg(strstr(got, "give 3 j") != NULL, "worker 3 stays idle: %s", got);
    ck_assert_uint_eq(d.line.prefetched_count, 1);
}
END_TEST

START_TEST(test_source_gone)
{
    open_prefetched();
    finishes_well(1);
    begins(1);
    ck_assert(dispatcher_source_gone(&shared, &source_of('a')->source));
    hush_news();
    ck_assert_uint_eq(shared.counts.dropped,
                      8); /* 5 and 6 were taken back, 7 to 12 stood in the line */
    ck_assert_uint_eq(dispatcher_waiting(&d), 1);
    reads(1);
    ck_assert_uint_eq(shared.counts.orphaned, 1);
    finishes_well(1);
    reads(1);
    ck_told("");
    ck_assert_uint_eq(shared.counts.orphaned, 2);
    SUBMIT(.source = 'b');
    ck_told("give 1 j13");
}
END_TEST

/* None is prefetched of a source with jobs still in the line. */
START_TEST(test_source_gone_with_thousands)
{
    open_warm(1, 4);
    for (int i = 0; i < 7; i++)
        SUBMIT(.source = 'b');
    limits.pool.job_max = 10000;
    dispatch_shared_configure(&shared, &limits);
    dispatcher_configure(&d, &limits.pool, false);
    for (int i = 0; i < 1500; i++)
        SUBMIT();
    SUBMIT(.source = 'b');
    begins(1);
    finishes_well(1);
    reads(1);
    begins(1);
    ck_told("give 1 j2, b2 done, give 1 j3, give 1 j4, give 1 j5, give 1 j6");
    ck_assert(!dispatcher_source_gone(&shared, &source_of('a')->source));
    hush_news();
    for (int i = 0; i < 3; i++) {
        finishes_well(1);
        reads(1);
        begins(1);
    }
    ck_told("b3 done, b4 done, give 1 j7, give 1 j8, b5 done"); /* and not job 9 */
    ck_assert(dispatcher_source_gone(&shared, &source_of('a')->source));
    ck_assert_uint_eq(shared.counts.dropped, 1500);
}
END_TEST

START_TEST(test_source_ended)
{
    open_warm(1, 4);
    SUBMIT();
    SUBMIT();
    SUBMIT(.link = true);
    SUBMIT(.link = true);
    submit_many(6);
    begins(1);
    finishes_well(1);
    reads(1);
    begins(1);
    finishes_well(1);
    begins(1); /* job 4 */
    hush_news();
    dispatcher_source_ended(&shared, &source_of('a')->source);
    ck_told("back 1 j5 yes, a5 failed cancelled, back 1 j4 no");
    reads(1);
    ck_told("a3 done, back 1 j6 yes, flag 1 j4");
}
END_TEST

START_TEST(test_drain)
{
    open_prefetched();
    finishes_well(1);
    begins(1);
    dispatcher_drain(&d, false);
    ck_told("back 1 j4 no, back 1 j5 yes, a5 failed shutdown, back 1 j6 yes, a6 failed shutdown, "
            "a7 failed shutdown, a8 failed shutdown, a9 failed shutdown, a10 failed shutdown, "
            "a11 failed shutdown, a12 failed shutdown");
    reads(1);
    ck_told("a3 done, a4 started 1 #4");
    finishes_well(1);
    reads(1);
    ck_told("a4 done, retire 1");
    dies(1, -0);
    ck_assert(dispatcher_is_drained(&d));
}
END_TEST

START_TEST(test_abort)
{
    open_prefetched();
    finishes_well(1);
    begins(1);
    dispatcher_drain(&d, false);
    hush_news();
    dispatcher_abort(&d);
    const char *got = news();
    ck_assert_ptr_nonnull(strstr(got, "kill 1"));
    ck_assert_ptr_nonnull(strstr(got, "a3 failed shutdown"));
    ck_assert_ptr_nonnull(strstr(got, "a4 failed shutdown"));
    dies(1, SIGKILL);
    ck_assert(dispatcher_is_drained(&d));
    ck_assert_uint_eq(shared.counts.failed[FAIL_SHUTDOWN] + shared.counts.failed[FAIL_ERROR] +
                          shared.counts.done,
                      12);
    ck_assert_uint_eq(shared.counts.failed[FAIL_ERROR], 0);
}
END_TEST

/* The next job is stopped in its turn, as soon as the answer before it is here. */
START_TEST(test_stop)
{
    open_prefetched();
    finishes_well(1);
    begins(1);
    dispatcher_drain(&d, false);
    hush_news();
    dispatcher_stop(&d);
    ck_assert_ptr_null(strstr(news(), "flag"));
    turn();
    ck_told("back 1 j4 no, poll 1, a3 done, a4 started 1 #4, flag 1 j4");
    pass_ms(GRACE_MS);
    ck_told("poll 1, term 1, poll 1, kill 1");
    dies(1, SIGKILL);
    ck_told("a4 failed shutdown sigkill, forget 1");
    ck_assert_uint_eq(shared.counts.failed[FAIL_SHUTDOWN], 9);
    ck_assert(dispatcher_is_drained(&d));
}
END_TEST

START_TEST(test_reload)
{
    open_prefetched();
    dispatch_shared_configure(&shared, &limits);
    dispatcher_configure(&d, &limits.pool, true);
    ck_told("");
    finishes_well(1);
    reads(1); /* it is the first to make room */
    ck_told("a3 done, back 1 j4 yes, back 1 j5 yes, back 1 j6 yes, retire 1");
    dies(1, -0);
    ready(2);
    ck_told("forget 1, start 2, give 2 j4, a4 started 2 #4");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("reclaim");
    TCase *tc = recorder_case(suite, "reclaim");
    tcase_add_loop_test(tc, test_cancel, 0, 2);
    tcase_add_test(tc, test_cancel_begun);
    tcase_add_loop_test(tc, test_kill_begun, 0, 2);
    tcase_add_test(tc, test_cancel_begun_and_finished);
    tcase_add_loop_test(tc, test_cancel_the_running_one, 0, 2);
    tcase_add_loop_test(tc, test_cancel_one_that_has_ended, 0, 2);
    tcase_add_test(tc, test_silent_worker);
    tcase_add_test(tc, test_limit_of_a_prefetched_job_that_was_not_begun);
    tcase_add_test(tc, test_timeout);
    tcase_add_test(tc, test_limit_of_a_prefetched_job);
    tcase_add_test(tc, test_lost);
    tcase_add_test(tc, test_lost_on_a_prefetched_job);
    tcase_add_test(tc, test_lost_between_jobs);
    tcase_add_test(tc, test_lost_between_jobs_of_one_who_is_gone);
    tcase_add_test(tc, test_lost_between_jobs_while_draining);
    tcase_add_test(tc, test_cancelled_and_put_back);
    tcase_add_loop_test(tc, test_cancelled_and_returned, 0, 2);
    tcase_add_test(tc, test_put_back_for_one_who_is_gone);
    tcase_add_test(tc, test_lost_with_an_answer);
    tcase_add_test(tc, test_idle_takes_over);
    tcase_add_test(tc, test_idle_takes_over_from_the_second);
    tcase_add_test(tc, test_source_gone);
    tcase_add_test(tc, test_source_gone_with_thousands);
    tcase_add_test(tc, test_source_ended);
    tcase_add_test(tc, test_drain);
    tcase_add_test(tc, test_abort);
    tcase_add_test(tc, test_stop);
    tcase_add_test(tc, test_reload);
    return run_suite(suite);
}
