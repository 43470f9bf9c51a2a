/* test_recycle: workers are replaced between their jobs, a few at a time. */
#include "tests/unit/jobs/recorder.h"

static void mark(uint32_t id)
{
    ck_assert(dispatcher_recycle_worker(the_worker(id)));
}

static void set_max_jobs(uint32_t most)
{
    limits.pool.worker_max_jobs = most;
    reconfigure(false);
}

/* --- room, and none --- */

/* The replacement is ready before the old one ends. */
START_TEST(test_with_room)
{
    open_idle(2, 3, 10);
    mark(1);
    ck_told("start 3");
    SUBMIT();
    SUBMIT();
    ck_told("give 2 j1, give 1 j2"); /* it serves on */
    done(2);
    done(1);
    ck_told("a1 done, a2 done");
    ready(3);
    ck_told("retire 1");
    ck_assert_int_eq(the_worker(1)->end, END_RECYCLE);
    dies(1, -0);
    ck_told("forget 1");
    ck_assert_uint_eq(d.pool.ends[END_RECYCLE], 1);
}
END_TEST

START_TEST(test_full)
{
    open_idle(2, 2, 10);
    ck_assert_uint_eq(dispatcher_recycle(&d), 2);
    ck_told("retire 1");
    dies(1, -0);
    ck_told("forget 1, start 3");
    ready(3);
    ck_told("retire 2");
    dies(2, -0);
    ready(4);
    ck_told("forget 2, start 4");
    ck_assert_uint_eq(d.pool.due + d.pool.recycling, 0);
}
END_TEST

/* With a pool of one there is a moment without one. The line waits. */
START_TEST(test_one)
{
    open_idle(1, 1, 10);
    SUBMIT();
    SUBMIT();
    ck_told("give 1 j1");
    mark(1);
    ck_told("");
    done(1);
    ck_told("a1 done, retire 1");
    dies(1, -0);
    ready(2);
    ck_told("forget 1, start 2, give 2 j2");
}
END_TEST

/* Over pool-start an idle worker just ends. One on a job does not: the others may be too few. */
START_TEST(test_over_pool_start)
{
    open_idle(3, 4, 10);
    limits.pool.pool_start = 1;
    reconfigure(false);
    SUBMIT();
    ck_told("give 3 j1");
    mark(3);
    ck_told("");
    SUBMIT();
    SUBMIT();
    mark(1);
    ck_told("give 2 j2, give 1 j3, start 4"); /* all are on jobs */
    done(3);
    ck_told("a1 done");
    ready(4);
    ck_told("retire 3");
    done(1);
    dies(3, -0);
    ck_told("a3 done, forget 3, retire 1");
    dies(1, -0);
    ck_told("forget 1"); /* 2 and 4 are enough */
}
END_TEST

/* --- a quarter --- */

START_TEST(test_quarter)
{
    open_idle(12, 12, 10);
    ck_assert_uint_eq(dispatcher_recycle(&d), 12);
    ck_told("retire 1, retire 2, retire 3");
    dies(1, -0);
    ck_told("forget 1, start 13");
    ready(13);
    ck_told("retire 4");
    dies(2, -0);
    dies(3, -0);
    ck_told("forget 2, start 14, forget 3, start 15");
    ready(15);
    ck_told("retire 5"); /* 14 is still starting, and 4 about to go */
    ready(14);
    ck_told("retire 6");
}
END_TEST

/* All of many. Never are more than a quarter away. */
START_TEST(test_many)
{
    enum { COUNT = 400 };
    open_idle(COUNT, COUNT, 10);
    silent = true;
    dispatcher_recycle(&d);
    uint32_t ms = 0;
    for (; d.pool.due; ms += BATCH_MS) {
        struct worker *worker;
        ck_assert_uint_ge(d.pool.counts[WORKER_IDLE], COUNT - COUNT / 4);
        while ((worker = TAILQ_FIRST(&d.pool.lists[WORKER_STOPPING])))
            dies(worker->id, -0);
        while ((worker = TAILQ_FIRST(&d.pool.lists[WORKER_STARTING])))
            ready(worker->id);
        pass_ms(BATCH_MS);
    }
    ck_assert_uint_le(ms, COUNT / BATCH * BATCH_MS * 2);
    silent = false;
}
END_TEST

/* Whoever ends a job takes the turn; nobody waits for a long one. */
START_TEST(test_long_jobs)
{
    open_idle(4, 4, 10);
    submit_many(4);
    SUBMIT();
    hush_news();
    ck_assert_uint_eq(dispatcher_recycle(&d), 4);
    done(2);
    ck_told("a3 done, retire 2");
    done(3);
    ck_told("a2 done, give 3 j5"); /* no turn is free */
    dies(2, -0);
    ready(5);
    ck_told("forget 2, start 5");
    done(1);
    ck_told("a4 done, retire 1"); /* 4 is on its job for an hour */
}
END_TEST

/* --- starts fail --- */

/* A pool is not used up by starts that fail. */
START_TEST(test_starts_fail)
{
    open_idle(4, 4, 10);
    dispatcher_recycle(&d);
    dies(1, -0);
    ck_told("retire 1, forget 1, start 5");
    dies(5, SIGSEGV);
    ck_told("forget 5");
    pass_ms(125);
    dies(6, SIGSEGV);
    ck_told("start 6, forget 6");
    ck_assert_uint_eq(d.pool.counts[WORKER_IDLE], 3);
    pass_ms(250);
    ready(7);
    ck_told("start 7");
    pass_ms(SOON_MS); /* it may die yet */
    ck_told("retire 2");
}
END_TEST

/* A start failed long ago, and none was wanted since. */
START_TEST(test_an_old_failure)
{
    open_idle(1, 2, 10);
    SUBMIT();
    done(1);
    hush_news();
    SUBMIT();
    SUBMIT();
    dies(2, SIGSEGV);
    done(1);
    done(1);
    pass_ms(START_TIMEOUT_MS);
    ck_told("give 1 j2, start 2, forget 2, a2 done, give 1 j3, a3 done");
    ck_assert_uint_eq(d.starts.failures, 1);
    mark(1);
    ck_told("start 3");
    ready(3);
    ck_told("");
    pass_ms(SOON_MS);
    ck_told("retire 1");
}
END_TEST

/* Nor while a reload waits for its first new worker. */
START_TEST(test_renewal_first)
{
    open_idle(8, 10, 10);
    pass_ms(BATCH_MS);
    reconfigure(true);
    ck_told("start 9");
    ck_assert_uint_eq(dispatcher_recycle(&d), 9);
    ck_told("");
    ready(9);
    ck_told("retire 1, start 10");
    ck_assert_int_eq(the_worker(1)->end, END_RECYCLE); /* the first wish */
}
END_TEST

/* --- jobs in every place --- */

/* Prefetched jobs go to others. The one begun is done. */
START_TEST(test_prefetched)
{
    open_prefetched(); /* 1 on 3; 4, 5, 6 prefetched */
    mark(1);
    ck_told("back 1 j4 yes, back 1 j5 yes, back 1 j6 yes");
    finishes_well(1);
    reads(1);
    ck_told("a3 done, retire 1");
    dies(1, -0);
    ready(2);
    ck_told("forget 1, start 2, give 2 j4, a4 started 2 #4");
}
END_TEST

/* It has begun the next one meanwhile: it ends after that, and gets none behind. */
START_TEST(test_prefetched_and_begun)
{
    open_prefetched();
    finishes_well(1);
    begins(1);
    mark(1);
    ck_told("back 1 j4 no, back 1 j5 yes, back 1 j6 yes");
    reads(1);
    ck_told("a3 done, back 1 j4 no, a4 started 1 #4");
    finishes_well(1);
    reads(1);
    ck_told("a4 done, retire 1");
}
END_TEST

START_TEST(test_starting)
{
    open_pool(1, 2, 10);
    mark(1);
    ck_told("start 1");
    ready(1);
    ck_told("start 2");
    ready(2);
    ck_told("retire 1");
}
END_TEST

/* A job is stopped meanwhile, and its worker is hurt for it: that is the reason. */
START_TEST(test_stopping)
{
    open_idle(1, 1, 10);
    SUBMIT();
    mark(1);
    dispatcher_cancel(the_job(1), false);
    ck_told("give 1 j1, flag 1 j1");
    ck_assert_int_eq(the_worker(1)->end, END_RECYCLE);
    pass_ms(GRACE_MS / 2);
    ck_told("poll 1, term 1");
    ck_assert_int_eq(the_worker(1)->end, END_KILLED);
    ck_assert_uint_eq(d.pool.due, 0);
    dies(1, SIGTERM);
    ck_told("a1 failed cancelled sigterm, forget 1, start 2");
    ck_assert_uint_eq(d.pool.ends[END_KILLED], 1);
}
END_TEST

/* ... or is not. */
START_TEST(test_stopping_gently)
{
    open_idle(1, 1, 10);
    SUBMIT();
    mark(1);
    dispatcher_cancel(the_job(1), false);
    done(1);
    ck_told("give 1 j1, flag 1 j1, a1 done, retire 1");
}
END_TEST

/* A crash is the reason of the end, and the replacement is nobody's turn. */
START_TEST(test_crash)
{
    open_idle(4, 4, 10);
    submit_many(4);
    hush_news();
    dispatcher_recycle(&d);
    dies(1, SIGSEGV);
    ck_assert_uint_eq(d.pool.ends[END_SIGNAL], 1);
    ck_assert_uint_eq(d.pool.due, 3);
    hush_news();
    done(2);
    ck_told("a3 done"); /* a quarter is starting */
    ready(5);
    ck_told("retire 2");
}
END_TEST

/* The server ends. */
START_TEST(test_drain)
{
    open_idle(4, 4, 10);
    dispatcher_recycle(&d);
    hush_news();
    shared.draining = true;
    dispatcher_drain(&d, false);
    ck_told("retire 4, retire 3, retire 2");
    ck_assert_int_eq(the_worker(1)->end, END_RECYCLE);
    ck_assert_int_eq(the_worker(2)->end, END_DRAIN);
}
END_TEST

/* --- worker-max-jobs --- */

START_TEST(test_max_jobs)
{
    open_idle(1, 2, 10);
    set_max_jobs(2);
    SUBMIT();
    done(1);
    ck_told("give 1 j1, a1 done");
    ck_assert_int_eq(the_worker(1)->end, END_UNDECIDED);
    SUBMIT();
    ck_told("give 1 j2, start 2"); /* it is the last one */
    ck_assert_int_eq(the_worker(1)->end, END_MAX_JOBS);
    ready(2);
    done(1);
    ck_told("a2 done, retire 1");
}
END_TEST

/* All of them at the same time: one turn after the other, and no job waits for it. */
START_TEST(test_max_jobs_of_all)
{
    open_idle(2, 2, 10);
    set_max_jobs(1);
    submit_many(3);
    hush_news();
    done(1);
    ck_told("a2 done, retire 1");
    done(2);
    ck_told("a1 done, give 2 j3, a3 started 2 #3");
    ck_assert_uint_eq(the_worker(2)->jobs_done, 1);
    dies(1, -0);
    ready(3);
    done(2);
    ck_told("forget 1, start 3, a3 done, retire 2");
}
END_TEST

/* No job is handed early behind the last one. */
START_TEST(test_max_jobs_and_the_window)
{
    open_warm(1, 16); /* it has done one */
    set_max_jobs(5);
    submit_many(10);
    hush_news();
    for (uint32_t more = 3; more; more--) {
        begins(1);
        finishes_well(1);
        reads(1);
        ck_assert_uint_eq(the_worker(1)->prefetched_count, more - 1);
        ck_assert_int_eq(the_worker(1)->end, more > 1 ? END_UNDECIDED : END_MAX_JOBS);
    }
    begins(1);
    finishes_well(1);
    hush_news();
    reads(1);
    ck_told("a5 done, retire 1");
}
END_TEST

/* A job given back by a worker that cannot begin it does not count. */
START_TEST(test_max_jobs_and_a_refusal)
{
    open_idle(1, 1, 10);
    set_max_jobs(1);
    SUBMIT();
    struct worker_answer answer = a_failure(FAIL_UNAVAILABLE, NULL);
    answer.unfit = true;
    finishes(1, answer);
    reads(1);
    ck_assert_uint_eq(the_worker(1)->jobs_done, 0);
    ck_told("give 1 j1, retire 1");
}
END_TEST

/* --- worker-max-rss: the worker says so --- */

START_TEST(test_max_rss)
{
    open_idle(1, 2, 10);
    SUBMIT();
    dispatcher_worker_leaves(the_worker(1), END_MAX_RSS);
    dispatcher_worker_leaves(the_worker(1), END_MAX_RSS);
    ck_told("give 1 j1, start 2");
    done(1);
    SUBMIT();
    ck_told("a1 done, give 1 j2"); /* rather than none */
    ready(2);
    done(1);
    ck_told("a2 done, retire 1");
    ck_assert_int_eq(the_worker(1)->end, END_MAX_RSS);
}
END_TEST

/* --- the counts of workers --- */

START_TEST(test_jobs_failed)
{
    open_idle(1, 1, 10);
    SUBMIT();
    done(1);
    SUBMIT();
    fails(1, "no");
    ck_assert_uint_eq(the_worker(1)->jobs_done, 2);
    ck_assert_uint_eq(the_worker(1)->jobs_failed, 1);
    hush_news();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("recycle");
    TCase *tc = recorder_case(suite, "recycle");
    tcase_add_test(tc, test_with_room);
    tcase_add_test(tc, test_full);
    tcase_add_test(tc, test_one);
    tcase_add_test(tc, test_over_pool_start);
    tcase_add_test(tc, test_quarter);
    tcase_add_test(tc, test_many);
    tcase_add_test(tc, test_long_jobs);
    tcase_add_test(tc, test_starts_fail);
    tcase_add_test(tc, test_an_old_failure);
    tcase_add_test(tc, test_renewal_first);
    tcase_add_test(tc, test_prefetched);
    tcase_add_test(tc, test_prefetched_and_begun);
    tcase_add_test(tc, test_starting);
    tcase_add_test(tc, test_stopping);
    tcase_add_test(tc, test_stopping_gently);
    tcase_add_test(tc, test_crash);
    tcase_add_test(tc, test_drain);
    tcase_add_test(tc, test_max_jobs);
    tcase_add_test(tc, test_max_jobs_of_all);
    tcase_add_test(tc, test_max_jobs_and_the_window);
    tcase_add_test(tc, test_max_jobs_and_a_refusal);
    tcase_add_test(tc, test_max_rss);
    tcase_add_test(tc, test_jobs_failed);
    return run_suite(suite);
}
