/*
 * test_dispatcher_lent: jobs that busy workers are handed early. By every word of the protocol they
 * wait until they have begun, so nobody may see them begin twice, vanish, overtake or be hurt.
 *
 * Workers are lazy here: they begin a job when the test says so.
 */
#include "tests/unit/jobs/recorder.h"

enum { GRACE_MS = 2000 };

/* Workers that have done a short job each, so that they may be lent some. */
static void open_warm(uint32_t workers, uint32_t window)
{
    limits = (struct dispatcher_limits){
        .pool_start = workers,
        .pool_max = workers,
        .job_max = 1000,
        .start_timeout_ms = 10000,
        .kill_grace_ms = GRACE_MS,
        .worker_window = window,
    };
    world_open();
    dispatcher_start(&d);
    for (uint32_t id = workers; id >= 1; id--)
        ready(id);
    pass_ms(100);
    for (uint32_t id = 1; id <= workers; id++)
        SUBMIT();
    for (uint32_t id = workers; id >= 1; id--)
        done(id);
    hush_news();
    lazy = true;
}

static void begins(uint32_t id)
{
    ck_assert(sim_begin(the_worker(id)->ops_data));
}

/* As no worker of ours does. */
static void begins_out_of_turn(uint32_t id, uint64_t seq)
{
    handed_of(the_worker(id)->ops_data, seq)->state = BEGUN;
}

static void finishes_well(uint32_t id)
{
    finishes(id, (struct worker_answer){.type = JOB_DONE});
}

static void submit_many(int count)
{
    for (int i = 0; i < count; i++)
        SUBMIT(.started = true);
}

/* One worker, on job 3, was lent 4, 5 and 6; 7 to 12 stand in the line. */
static void open_lent(void)
{
    open_warm(1, 4);
    submit_many(11);
    ck_told("give 1 j2, a2 started 1 #2");
    begins(1);
    finishes_well(1);
    reads(1);
    ck_told("a2 done, give 1 j3, a3 started 1 #3, give 1 j4, give 1 j5, give 1 j6");
    begins(1);
    ck_assert_uint_eq(d.line.prefetched_count, 3);
    ck_assert_uint_eq(dispatcher_waiting(&d), 9);
}

START_TEST(test_lent)
{
    open_lent();
    ck_assert_int_eq(the_job(4)->state, JOB_WAITING);
    ck_assert_uint_eq(modules[0].running, 1);
    ck_assert_uint_eq(modules[0].waiting, 9);
    finishes_well(1);
    begins(1);
    finishes_well(1);
    begins(1);
    ck_told(""); /* nobody has read that yet */
    reads(1);
    ck_told("a3 done, a4 started 1 #4");
    reads(1);
    ck_told("a4 done, a5 started 1 #5, give 1 j7, give 1 j8");
    SUBMIT(.accepted = true);
    ck_told("a13 accepted 7"); /* 6, 7, 8 lent, 9 to 12 in the line */
}
END_TEST

/* It counts as waiting when a submit is refused, too. */
START_TEST(test_lent_and_job_max)
{
    open_lent();
    limits.job_max = 9;
    dispatcher_configure(&d, &limits, false);
    SUBMIT();
    ck_told("a13 overload queue-full 9 1");
    dispatcher_cancel(&d, the_job(5), false);
    hush_news();
    SUBMIT(.accepted = true);
    ck_told("a14 accepted 8");
}
END_TEST

/* ... and when the pool grows. */
START_TEST(test_lent_and_growing)
{
    open_lent();
    limits.pool_max = 3;
    dispatcher_configure(&d, &limits, false);
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

/* With others busy, a worker is lent its share of the line and no more. */
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

/* --- who is lent nothing --- */

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
    reads(1); /* that one was short */
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
    ck_told("give 1 j2, a2 done, give 1 j3, give 1 j4"); /* and none that would overtake 5 */
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
    dispatcher_configure(&d, &limits, true);
    hush_news();
    finishes_well(1);
    reads(1);
    ck_told("a2 done, retire 1");
}
END_TEST

/* --- cancel --- */

/* A lent job's cancel ends it at once, as that of any waiting one; the worker skips it. */
START_TEST(test_cancel)
{
    open_lent();
    dispatcher_cancel(&d, the_job(5), _i == 1);
    ck_told("back 1 j5 yes, a5 failed cancelled");
    dispatcher_cancel(&d, the_job(4), _i == 1);
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

/* It has begun just now, and nobody knows: it is stopped as soon as that is known. */
START_TEST(test_cancel_begun)
{
    open_lent();
    finishes_well(1);
    begins(1);
    dispatcher_cancel(&d, the_job(4), false);
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
    open_lent();
    finishes_well(1);
    begins(1);
    dispatcher_cancel(&d, the_job(4), _i == 1);
    if (_i == 0)
        dispatcher_cancel(&d, the_job(4), true); /* after the cancel */
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
    open_lent();
    finishes_well(1);
    begins(1);
    dispatcher_cancel(&d, the_job(4), false);
    finishes_well(1);
    hush_news();
    reads(1);
    hush_news();
    reads(1);
    const char *got = news();
    ck_assert_msg(strncmp(got, "a4 done", 7) == 0, "%s", got);
    ck_assert_uint_eq(d.counts.failed[FAIL_CANCELLED], 0);
}
END_TEST

/* The running one is stopped: what was lent goes back first, so that a signal hits it alone. */
START_TEST(test_cancel_the_running_one)
{
    open_lent();
    dispatcher_cancel(&d, the_job(3), _i == 1);
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

/* The one that is believed to run has ended, and the next is on: a signal would hit that. */
START_TEST(test_cancel_one_that_has_ended)
{
    open_lent();
    finishes_well(1);
    begins(1);
    dispatcher_cancel(&d, the_job(3), _i == 1);
    ck_told("back 1 j4 no, back 1 j5 yes, back 1 j6 yes");
    pass_us(1); /* the socket is read in a turn of its own */
    const char *got = news();
    ck_assert_ptr_nonnull(strstr(got, "poll 1, a3 done, a4 started 1 #4"));
    ck_assert_ptr_null(strstr(got, "flag"));
    ck_assert_ptr_null(strstr(got, "kill"));
    ck_assert_uint_eq(d.counts.done, 2 + 1);
}
END_TEST

/* --- what turns out to be a long job, or a large one --- */

/* Others have what waits behind it; the line goes on where it was. */
START_TEST(test_silent_worker)
{
    open_lent();
    dispatcher_worker_silent(&d, the_worker(1));
    ck_told("back 1 j4 yes, back 1 j5 yes, back 1 j6 yes");
    ck_assert_uint_eq(d.line.prefetched_count, 0);
    dispatcher_worker_silent(&d, the_worker(1));
    ck_told("");
    limits.pool_max = 2;
    dispatcher_configure(&d, &limits, false);
    ready(2);
    ck_told("start 2, give 2 j4, a4 started 2 #4");
}
END_TEST

static struct worker_answer large_answer(size_t size)
{
    static char bytes[16 * 1024];
    return (struct worker_answer){.type = JOB_DONE, .payload = payload_from(&budget, bytes, size)};
}

START_TEST(test_nothing_is_lent_behind_a_large_result)
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
    ck_told("a3 done, give 1 j4, a4 started 1 #4, give 1 j5");
    payload_unref(large.payload);
    payload_unref(small.payload);
}
END_TEST

START_TEST(test_a_module_that_prints_is_lent_to_nobody)
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
    ck_told("a3 done, give 1 j4, a4 started 1 #4, give 1 j5");
}
END_TEST

/* --- deadlines --- */

/* Its worker has answered for the one before and is not on it: it has had no time yet. */
START_TEST(test_limit_of_a_lent_job_that_was_not_begun)
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
    ck_assert_ptr_nonnull(strstr(got, "back 1 j4 yes, give 1 j4 500ms"));
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
START_TEST(test_limit_of_a_lent_job)
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

/* --- ends of workers --- */

/* With a worker the job is lost that it is on, and no other; those go back to their places. */
START_TEST(test_lost)
{
    open_lent();
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

/* It had gone on to the next before it died: that one is lost, too. */
START_TEST(test_lost_on_a_lent_job)
{
    open_lent();
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
    open_lent();
    finishes_well(1);
    reads(1);
    ck_told("a3 done, a4 started 1 #4");
    dies(1, SIGKILL);
    ck_told("back 1 j4 yes, back 1 j5 yes, back 1 j6 yes, forget 1, start 2");
    ck_assert_int_eq(the_job(4)->state, JOB_WAITING);
    ck_assert_uint_eq(d.counts.failed[FAIL_ERROR], 0);
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
    open_lent();
    finishes_well(1);
    reads(1);
    ck_assert(dispatcher_source_gone(&d, &source_of('a')->source));
    hush_news();
    dies(1, SIGKILL);
    ck_told("back 1 j4 yes, forget 1, start 2");
    ck_assert_uint_eq(d.counts.dropped, 9);
    ck_assert_uint_eq(d.counts.orphaned, 0);
}
END_TEST

/* ... or the server is on its way out: then it ends as others that wait do. */
START_TEST(test_lost_between_jobs_while_draining)
{
    open_lent();
    finishes_well(1);
    reads(1);
    dispatcher_drain(&d);
    hush_news();
    dies(1, SIGKILL);
    ck_told("back 1 j4 yes, a4 failed shutdown, forget 1");
    ck_assert(dispatcher_is_drained(&d));
}
END_TEST

/*
 * A worker that says of a job that it has begun it, and then that it has not, breaks its word. But
 * the cancel that came in between counts, and does not wait in line for another worker.
 */
START_TEST(test_cancelled_and_put_back)
{
    open_lent();
    begins_out_of_turn(1, 4);
    dispatcher_cancel(&d, the_job(4), false);
    ck_told("back 1 j4 no");
    handed_of(the_worker(1)->ops_data, 4)->state = OFFERED;
    dies(1, SIGSEGV);
    ck_told("back 1 j3 no, a3 failed error SIG 11, back 1 j4 yes, a4 failed cancelled, back 1 j5 "
            "yes, back 1 j6 "
            "yes, forget 1, start 2");
    ck_assert_uint_eq(dispatcher_waiting(&d), 8);
}
END_TEST

/* ... likewise the one that it was believed to be on, while it claimed the next. */
START_TEST(test_cancelled_and_returned)
{
    open_lent();
    finishes_well(1);
    reads(1);
    hush_news();
    begins_out_of_turn(1, 5);
    dispatcher_cancel(&d, the_job(4), _i == 1);
    ck_told("back 1 j5 no, back 1 j6 yes");
    dies(1, SIGSEGV);
    ck_told("back 1 j4 yes, a4 failed cancelled, back 1 j5 no, a5 started 1 #5, a5 failed error "
            "SIG 11, forget 1, start 2");
    ck_assert_uint_eq(dispatcher_waiting(&d), 7);
}
END_TEST

/* ... and one that nobody waits for any more is dropped. */
START_TEST(test_put_back_for_one_who_is_gone)
{
    open_lent();
    begins_out_of_turn(1, 4);
    ck_assert(dispatcher_source_gone(&d, &source_of('a')->source));
    hush_news();
    handed_of(the_worker(1)->ops_data, 4)->state = OFFERED;
    dies(1, SIGSEGV);
    ck_told("back 1 j3 no, back 1 j4 yes, forget 1, start 2");
    ck_assert_uint_eq(d.counts.dropped, 9);
    ready(2);
    ck_told(""); /* nobody's job is in the line */
}
END_TEST

/* The answer for the one before was lost with the worker. */
START_TEST(test_lost_with_an_answer)
{
    open_lent();
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

/* --- an idle worker --- */

/* Gets a lent job when the line is empty: the one that was lent first of those not begun. */
START_TEST(test_idle_takes_over)
{
    open_warm(1, 8);
    submit_many(5);
    begins(1);
    finishes_well(1);
    reads(1);
    begins(1);
    ck_told("give 1 j2, a2 started 1 #2, a2 done, give 1 j3, a3 started 1 #3, give 1 j4");
    limits.pool_max = 2;
    limits.pool_start = 2;
    dispatcher_configure(&d, &limits, false);
    ready(2);
    ck_told("start 2, give 2 j5, a5 started 2 #5"); /* the line first */
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

/* Two workers were lent some; the one that was lent first has begun all of its own. Behind the
 * other, which may be on a long job, nobody has to wait while a worker is idle. */
START_TEST(test_idle_takes_over_from_the_second)
{
    open_warm(3, 2);
    submit_many(20);
    for (uint32_t id = 1; id <= 3; id++)
        begins(id);
    for (uint32_t id = 1; id <= 2; id++) { /* both are lent one */
        finishes_well(id);
        reads(id);
        begins(id);
        ck_assert_uint_eq(the_worker(id)->prefetched_count, 1);
    }
    while (job_queue_count(&d.line.queue)) /* the line is gone otherwise */
        dispatcher_cancel(&d, job_queue_first(&d.line.queue), false);
    finishes_well(1);
    begins(1); /* the one that it was lent, and nobody knows */
    hush_news();
    finishes_well(3);
    reads(3);
    const char *got = news();
    ck_assert_msg(strstr(got, "give 3 j") != NULL, "worker 3 stays idle: %s", got);
    ck_assert_uint_eq(d.line.prefetched_count, 1);
}
END_TEST

/* --- tiny jobs --- */

static void finishes_in(uint32_t id, uint64_t run_us)
{
    finishes(id, (struct worker_answer){.type = JOB_DONE, .run_us = run_us});
    reads(id);
}

/* Five workers that share one processor, and two of them, 1 and 2, are on jobs of a module that
 * takes so long by what it took lately. */
static void open_tiny(uint64_t run_us, uint32_t window)
{
    open_warm(5, window);
    limits.processors = 1;
    dispatcher_configure(&d, &limits, false);
    SUBMIT();
    begins(1);
    finishes_in(1, run_us);
    SUBMIT();
    SUBMIT();
    begins(1);
    begins(2);
    hush_news();
}

/* They are left to the two, and their next ones are lent to them. */
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
        limits.job_max = 0; /* no job may wait */
    dispatcher_configure(&d, &limits, false);
    hush_news();
    if (_i == 5)
        SUBMIT(.module = 1, .started = true); /* of that nothing is known */
    else
        SUBMIT(.started = true);
    ck_told("give 3 j9, a9 started 3 #9");
}
END_TEST

/* Nobody else has to wait for them: first in, first out, and all that are idle are woken. */
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
    limits.job_max = 3;
    dispatcher_configure(&d, &limits, false);
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

/* Those that it is left to are on long ones this time: soon all that wait are elsewhere, and for a
 * while nothing is left to anybody. */
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

/* What one of them has at hand already is taken back, too. */
START_TEST(test_tiny_recall_lent)
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
    dispatcher_configure(&d, &limits, true);
    ck_told("retire 3"); /* it makes room */
    dies(3, -0);
    ck_told("forget 3, start 6");
    ready(6);
    ck_told("retire 4, retire 5");
    finishes_in(2, 50); /* it is the last that may be left anything */
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

/* --- sources, drain, reload --- */

START_TEST(test_source_gone)
{
    open_lent();
    finishes_well(1);
    begins(1);
    ck_assert(dispatcher_source_gone(&d, &source_of('a')->source));
    hush_news();
    ck_assert_uint_eq(d.counts.dropped, 8); /* 5 and 6 were taken back, 7 to 12 stood in the line */
    ck_assert_uint_eq(dispatcher_waiting(&d), 1);
    reads(1);
    ck_assert_uint_eq(d.counts.orphaned, 1);
    finishes_well(1);
    reads(1);
    ck_told("");
    ck_assert_uint_eq(d.counts.orphaned, 2);
    SUBMIT(.source = 'b');
    ck_told("give 1 j13");
}
END_TEST

/* Of one that has so many jobs that some stand in the line still, none is lent. */
START_TEST(test_source_gone_with_thousands)
{
    open_warm(1, 4);
    for (int i = 0; i < 7; i++)
        SUBMIT(.source = 'b');
    limits.job_max = 10000;
    dispatcher_configure(&d, &limits, false);
    for (int i = 0; i < 1500; i++)
        SUBMIT();
    SUBMIT(.source = 'b');
    begins(1);
    finishes_well(1);
    reads(1);
    begins(1);
    ck_told("give 1 j2, b2 done, give 1 j3, give 1 j4, give 1 j5, give 1 j6");
    ck_assert(!dispatcher_source_gone(&d, &source_of('a')->source));
    hush_news();
    for (int i = 0; i < 3; i++) {
        finishes_well(1);
        reads(1);
        begins(1);
    }
    ck_told("b3 done, b4 done, give 1 j7, give 1 j8, b5 done"); /* and not job 9 */
    ck_assert(dispatcher_source_gone(&d, &source_of('a')->source));
    ck_assert_uint_eq(d.counts.dropped, 1500);
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
    dispatcher_source_ended(&d, &source_of('a')->source);
    ck_told("back 1 j5 yes, a5 failed cancelled, back 1 j4 no");
    reads(1);
    ck_told("a3 done, back 1 j6 yes, flag 1 j4");
}
END_TEST

START_TEST(test_drain)
{
    open_lent();
    finishes_well(1);
    begins(1);
    dispatcher_drain(&d);
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
    open_lent();
    finishes_well(1);
    begins(1);
    dispatcher_drain(&d);
    hush_news();
    dispatcher_abort(&d);
    const char *got = news();
    ck_assert_ptr_nonnull(strstr(got, "kill 1"));
    ck_assert_ptr_nonnull(strstr(got, "a3 failed shutdown"));
    ck_assert_ptr_nonnull(strstr(got, "a4 failed shutdown"));
    dies(1, SIGKILL);
    ck_assert(dispatcher_is_drained(&d));
    ck_assert_uint_eq(d.counts.failed[FAIL_SHUTDOWN] + d.counts.failed[FAIL_ERROR] + d.counts.done,
                      12);
    ck_assert_uint_eq(d.counts.failed[FAIL_ERROR], 0);
}
END_TEST

/* The job that it has gone on to is stopped in its turn, as soon as the answer before it is here.
 */
START_TEST(test_stop)
{
    open_lent();
    finishes_well(1);
    begins(1);
    dispatcher_drain(&d);
    hush_news();
    dispatcher_stop(&d);
    ck_assert_ptr_null(strstr(news(), "flag"));
    turn();
    ck_told("back 1 j4 no, poll 1, a3 done, a4 started 1 #4, flag 1 j4");
    pass_ms(GRACE_MS);
    ck_told("poll 1, term 1, poll 1, kill 1");
    dies(1, SIGKILL);
    ck_told("a4 failed shutdown sigkill, forget 1");
    ck_assert_uint_eq(d.counts.failed[FAIL_SHUTDOWN], 9);
    ck_assert(dispatcher_is_drained(&d));
}
END_TEST

START_TEST(test_reload)
{
    open_lent();
    dispatcher_configure(&d, &limits, true);
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
    Suite *suite = suite_create("dispatcher_lent");
    TCase *tc = tcase_create("lent");
    tcase_add_checked_fixture(tc, NULL, world_close);
    tcase_add_test(tc, test_lent);
    tcase_add_test(tc, test_lent_and_job_max);
    tcase_add_test(tc, test_lent_and_growing);
    tcase_add_test(tc, test_window_of_1);
    tcase_add_test(tc, test_share);
    tcase_add_test(tc, test_not_for_long_jobs);
    tcase_add_test(tc, test_not_for_large_payloads);
    tcase_add_test(tc, test_not_for_one_that_prints);
    tcase_add_test(tc, test_not_for_one_that_is_to_end);
    tcase_add_loop_test(tc, test_cancel, 0, 2);
    tcase_add_test(tc, test_cancel_begun);
    tcase_add_loop_test(tc, test_kill_begun, 0, 2);
    tcase_add_test(tc, test_cancel_begun_and_finished);
    tcase_add_loop_test(tc, test_cancel_the_running_one, 0, 2);
    tcase_add_loop_test(tc, test_cancel_one_that_has_ended, 0, 2);
    tcase_add_test(tc, test_silent_worker);
    tcase_add_test(tc, test_nothing_is_lent_behind_a_large_result);
    tcase_add_test(tc, test_a_module_that_prints_is_lent_to_nobody);
    tcase_add_test(tc, test_limit_of_a_lent_job_that_was_not_begun);
    tcase_add_test(tc, test_timeout);
    tcase_add_test(tc, test_limit_of_a_lent_job);
    tcase_add_test(tc, test_lost);
    tcase_add_test(tc, test_lost_on_a_lent_job);
    tcase_add_test(tc, test_lost_between_jobs);
    tcase_add_test(tc, test_lost_between_jobs_of_one_who_is_gone);
    tcase_add_test(tc, test_lost_between_jobs_while_draining);
    tcase_add_test(tc, test_cancelled_and_put_back);
    tcase_add_loop_test(tc, test_cancelled_and_returned, 0, 2);
    tcase_add_test(tc, test_put_back_for_one_who_is_gone);
    tcase_add_test(tc, test_lost_with_an_answer);
    tcase_add_test(tc, test_idle_takes_over);
    tcase_add_test(tc, test_idle_takes_over_from_the_second);
    tcase_add_test(tc, test_tiny);
    tcase_add_test(tc, test_tiny_accepted);
    tcase_add_loop_test(tc, test_tiny_not, 0, 6);
    tcase_add_test(tc, test_tiny_and_another);
    tcase_add_test(tc, test_tiny_and_job_max);
    tcase_add_test(tc, test_tiny_recall);
    tcase_add_test(tc, test_tiny_recall_lent);
    tcase_add_test(tc, test_tiny_no_recall);
    tcase_add_test(tc, test_tiny_reload);
    tcase_add_test(tc, test_tiny_lost);
    tcase_add_test(tc, test_source_gone);
    tcase_add_test(tc, test_source_gone_with_thousands);
    tcase_add_test(tc, test_source_ended);
    tcase_add_test(tc, test_drain);
    tcase_add_test(tc, test_abort);
    tcase_add_test(tc, test_stop);
    tcase_add_test(tc, test_reload);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
