/* test_resize: another size of a pool, until the next reload. */
#include "tests/unit/jobs/recorder.h"

static void resize(uint32_t pool_start, uint32_t pool_max, uint32_t job_max)
{
    limits.pool.job_max = job_max;
    dispatcher_resize(&d, &(struct pool_size){pool_start, pool_max, job_max});
}

START_TEST(test_smaller_while_idle)
{
    open_idle(3, 3, 10);
    pass_ms(SOON_MS);
    resize(0, 1, 10);
    ck_told("retire 1, retire 2"); /* idle the longest */
    dies(2, -0);
    dies(1, -0);
    ck_told("forget 2, forget 1");
    SUBMIT();
    SUBMIT();
    ck_told("give 3 j1");
    done(3);
    ck_told("a1 done, give 3 j2");
}
END_TEST

/* Starting ones first. */
START_TEST(test_smaller_while_starting)
{
    open_idle(1, 4, 10);
    submit_many(3);
    hush_news(); /* 1 is busy, 2 and 3 are starting */
    resize(1, 2, 10);
    ck_told("retire 3");
    resize(1, 1, 10);
    ck_told("retire 2");
    dies(2, SIGKILL);
    dies(3, SIGKILL);
    ck_told("forget 2, forget 3");
    done(1);
    ck_told("a1 done, give 1 j2, a2 started 1 #2");
}
END_TEST

/* Each after its job; none of its prefetched jobs is lost. */
START_TEST(test_smaller_while_busy)
{
    open_idle(3, 3, 10);
    submit_many(5);
    hush_news();
    resize(1, 1, 10);
    ck_told("");
    ck_assert_int_eq(the_worker(1)->end, END_RESIZE);
    ck_assert_int_eq(the_worker(2)->end, END_RESIZE);
    ck_assert_int_eq(the_worker(3)->end, END_UNDECIDED);
    resize(1, 1, 10); /* nothing more */
    done(1);
    ck_told("a3 done, retire 1");
    done(3);
    ck_told("a1 done, give 3 j4, a4 started 3 #4");
    dies(1, -0);
    done(2);
    ck_told("forget 1, a2 done, retire 2");
    dies(2, -0);
    ck_told("forget 2");
    done(3);
    ck_told("a4 done, give 3 j5, a5 started 3 #5");
}
END_TEST

START_TEST(test_prefetched_jobs)
{
    open_warm(2, 4);
    submit_many(2);
    begins(1);
    begins(2);
    finishes_well(2);
    reads(2);
    hush_news();
    submit_many(6);
    begins(2);
    hush_news();
    finishes_well(1);
    reads(1);
    begins(1);
    hush_news();
    resize(1, 1, 1000);
    size_t waiting = dispatcher_waiting(&d);
    while (d.pool.counts[WORKER_BUSY] > 1) {
        struct worker *worker = TAILQ_FIRST(&d.pool.lists[WORKER_BUSY]);
        if (!worker->leaving)
            worker = TAILQ_NEXT(worker, link);
        ck_assert_uint_eq(worker->prefetched_count, 0);
        finishes_well(worker->id);
        reads(worker->id);
    }
    hush_news();
    ck_assert_uint_ge(waiting, dispatcher_waiting(&d));
    ck_assert_uint_eq(pool_ending(&d.pool), 1);
}
END_TEST

/* Waiting jobs stay, and then there is room for more workers. */
START_TEST(test_job_max_and_larger)
{
    open_idle(1, 1, 5);
    submit_many(5);
    hush_news();
    resize(1, 1, 2);
    SUBMIT(.source = 'b');
    ck_told("b6 overload queue-full 4 1");
    ck_assert_uint_eq(dispatcher_waiting(&d), 4);
    resize(3, 3, 2);
    ck_told("start 2, start 3");
    ready(3);
    ready(2);
    ck_told("give 3 j2, a2 started 3 #2, give 2 j3, a3 started 2 #3");
}
END_TEST

/* A busy worker leaves though the pool is large again: another one comes. */
START_TEST(test_down_and_up)
{
    open_idle(2, 2, 10);
    submit_many(3);
    hush_news();
    resize(1, 1, 10);
    resize(2, 2, 10);
    ck_told("");
    done(1);
    ck_told("a2 done, retire 1");
    dies(1, -0);
    ck_told("forget 1, start 3");
}
END_TEST

START_TEST(test_until_the_reload)
{
    open_idle(1, 2, 10);
    dispatcher_resize(&d, &(struct pool_size){0, 1, 3});
    ck_assert_uint_eq(d.limits.job_max, 3);
    reconfigure(false);
    ck_assert_uint_eq(d.limits.pool_start, 1);
    ck_assert_uint_eq(d.limits.pool_max, 2);
    ck_assert_uint_eq(d.limits.job_max, 10);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("resize");
    TCase *tc = recorder_case(suite, "resize");
    tcase_add_test(tc, test_smaller_while_idle);
    tcase_add_test(tc, test_smaller_while_starting);
    tcase_add_test(tc, test_smaller_while_busy);
    tcase_add_test(tc, test_prefetched_jobs);
    tcase_add_test(tc, test_job_max_and_larger);
    tcase_add_test(tc, test_down_and_up);
    tcase_add_test(tc, test_until_the_reload);
    return run_suite(suite);
}
