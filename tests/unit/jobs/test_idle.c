/* test_idle: workers over pool-start end when they are not needed for long. */
#include "tests/unit/jobs/recorder.h"

enum { TIMEOUT_MS = 60000 };

static void open_with(uint32_t pool_start, uint32_t workers)
{
    open_idle(workers, workers, 10);
    limits.pool.pool_start = pool_start;
    limits.pool.idle_timeout_ms = TIMEOUT_MS;
    reconfigure(false);
    hush_news();
}

/* Down to pool-start, and no further. */
START_TEST(test_all_idle)
{
    open_with(2, 4);
    pass_ms(TIMEOUT_MS - 1);
    ck_told("");
    pass_ms(1);
    ck_told("retire 1, retire 2"); /* idle the longest */
    ck_assert_int_eq(the_worker(1)->end, END_IDLE);
    dies(1, -0);
    dies(2, -0);
    ck_told("forget 1, forget 2");
    ck_assert_uint_eq(d.pool.ends[END_IDLE], 2);
    ck_assert(!timer_is_set(&d.idle.timer)); /* nothing wakes up any more */
    pass_ms(2 * TIMEOUT_MS);
    ck_told("");
}
END_TEST

/* Each in its time. The last one busy gets the next job: so one worker does them all. */
START_TEST(test_few_jobs)
{
    open_with(0, 3);
    for (int i = 0; i < 3; i++) {
        pass_ms(TIMEOUT_MS / 4);
        SUBMIT();
        done(3);
    }
    hush_news();
    pass_ms(TIMEOUT_MS / 4);
    ck_told("retire 1, retire 2");
    dies(1, -0);
    dies(2, -0);
    hush_news();
    pass_ms(TIMEOUT_MS / 4 * 3 - 1);
    ck_told("");
    pass_ms(1);
    ck_told("retire 3");
}
END_TEST

/* Busy workers count for pool-start. */
START_TEST(test_busy_ones)
{
    open_with(1, 2);
    SUBMIT();
    hush_news();
    pass_ms(TIMEOUT_MS);
    ck_told("retire 1");
    dies(1, -0);
    done(2);
    hush_news();
    pass_ms(2 * TIMEOUT_MS);
    ck_told("");
}
END_TEST

/* One comes over pool-start later: by a start, or by other settings. */
START_TEST(test_later)
{
    open_with(2, 2);
    ck_assert(!timer_is_set(&d.idle.timer));
    limits.pool.pool_max = 3;
    reconfigure(false);
    submit_many(3);
    hush_news();
    ready(3);
    pass_ms(TIMEOUT_MS);
    ck_told("give 3 j3, a3 started 3 #3");
    done(1);
    pass_ms(1000);
    done(2);
    done(3);
    hush_news();
    pass_ms(TIMEOUT_MS - 1000);
    ck_told("retire 1");
    limits.pool.pool_start = 1;
    limits.pool.idle_timeout_ms = 100;
    reconfigure(false);
    turn();
    ck_told("retire 2");
}
END_TEST

/* 0: never. */
START_TEST(test_never)
{
    open_with(0, 2);
    limits.pool.idle_timeout_ms = 0;
    reconfigure(false);
    pass_ms(10 * TIMEOUT_MS);
    ck_told("");
}
END_TEST

/* Many at once are told at a rate, as ever. */
START_TEST(test_many)
{
    open_with(0, 100);
    pass_ms(TIMEOUT_MS);
    ck_assert_uint_eq(pool_ending(&d.pool), 100);
    ck_assert_uint_le(d.pool.counts[WORKER_STOPPING], BATCH);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("idle");
    TCase *tc = recorder_case(suite, "idle");
    tcase_add_test(tc, test_all_idle);
    tcase_add_test(tc, test_few_jobs);
    tcase_add_test(tc, test_busy_ones);
    tcase_add_test(tc, test_later);
    tcase_add_test(tc, test_never);
    tcase_add_test(tc, test_many);
    return run_suite(suite);
}
