/* test_renew: a reload replaces the workers. */
#include "tests/unit/jobs/recorder.h"

/* A new worker goes first. When it is ready, the others end after their jobs, one at a time. */
START_TEST(test_reload)
{
    open_idle(2, 4, 10);
    SUBMIT();
    SUBMIT();
    SUBMIT();
    ck_told("give 2 j1, give 1 j2, start 3");
    done(1);
    ck_told("a2 done, give 1 j3");
    done(1);
    ck_told("a3 done");
    reconfigure(true); /* 1 idle, 2 busy, 3 starting */
    ck_told("start 4");
    SUBMIT();
    ck_told("give 1 j4"); /* as if nothing were */
    done(1);
    ck_told("a4 done");
    ready(4);
    ck_told("retire 3"); /* it has served nobody */
    ck_assert_int_eq(the_worker(1)->end, END_RELOAD);
    dies(3, -0);
    ck_told("forget 3, retire 1");
    done(2);
    ck_told("a1 done"); /* its turn has not come */
    dies(1, -0);
    ck_told("forget 1, start 5");
    SUBMIT();
    ck_told("give 2 j5");
    ready(5);
    ck_told("");
    done(2);
    ck_told("a5 done, retire 2");
    dies(2, -0);
    SUBMIT();
    ck_told("forget 2, give 5 j6");
    done(5);
    ck_told("a6 done"); /* it is not old */
}
END_TEST

START_TEST(test_reload_full)
{
    open_idle(3, 3, 10);
    SUBMIT();
    ck_told("give 3 j1");
    reconfigure(true);
    ck_told("retire 2");
    SUBMIT();
    ck_told("give 1 j2");
    dies(2, -0);
    ck_told("forget 2, start 4");
    done(1);
    ck_told("a2 done");
    ready(4);
    ck_told("retire 1");
    dies(1, -0);
    ck_told("forget 1, start 5");
    done(3);
    ck_told("a1 done");
    ready(5);
    ck_told("retire 3");
}
END_TEST

/* ... or the first to finish its job, and no other. */
START_TEST(test_reload_full_and_busy)
{
    open_idle(3, 3, 10);
    for (int i = 0; i < 6; i++)
        SUBMIT();
    ck_told("give 3 j1, give 2 j2, give 1 j3");
    reconfigure(true);
    ck_told("");
    done(2);
    ck_told("a2 done, retire 2");
    done(1);
    ck_told("a3 done, give 1 j4");
    dies(2, -0);
    ck_told("forget 2, start 4");
    done(3);
    ck_told("a1 done, give 3 j5");
    ready(4);
    ck_told("give 4 j6");
    done(1);
    done(3);
    ck_told("a4 done, retire 1, a5 done");
    dies(1, -0);
    ck_told("forget 1, start 5");
    ready(5);
    ck_told("retire 3");
}
END_TEST

/* No worker starts under the new settings: the old ones serve on. */
START_TEST(test_reload_in_vain)
{
    open_idle(3, 3, 10);
    reconfigure(true);
    ck_told("retire 3");
    dies(3, -0);
    ck_told("forget 3, start 4");
    dies(4, SIGSEGV);
    ck_told("forget 4");
    for (int i = 0; i < 3; i++) {
        while (!d.pool.counts[WORKER_STARTING])
            pass_ms(100);
        ck_told(i == 0 ? "start 5" : i == 1 ? "start 6" : "start 7");
        dies(5 + (uint32_t)i, SIGSEGV);
        SUBMIT();
        SUBMIT();
        hush_news();
        done(1);
        done(2);
        hush_news();
    }
    ck_assert_uint_eq(shared.counts.done, 6);
    ck_assert_uint_eq(d.pool.counts[WORKER_IDLE], 2);
    reconfigure(true); /* the fault is mended, and nobody has to wait for the end of the pause */
    ck_told("start 8");
    ready(8);
    ck_told("retire 1");
}
END_TEST

/* Again, before the first was ready: the first will not do any more. */
START_TEST(test_reload_twice)
{
    open_idle(2, 3, 10);
    reconfigure(true);
    ck_told("start 3");
    reconfigure(true);
    ck_told("retire 3"); /* there is room as soon as it is gone */
    dies(3, -0);
    ck_told("forget 3, start 4");
    ready(4);
    ck_told("retire 1");
}
END_TEST

/* The old ones are lost meanwhile. */
START_TEST(test_reload_and_losses)
{
    open_idle(2, 2, 10);
    SUBMIT();
    SUBMIT();
    SUBMIT();
    hush_news();
    reconfigure(true);
    dies(1, SIGSEGV);
    dies(2, SIGSEGV);
    ck_told("back 1 j2 no, a2 failed error SIG 11, forget 1, start 3, back 2 j1 no, a1 failed "
            "error SIG 11, forget 2, "
            "start 4");
    ready(3);
    ck_told("give 3 j3");
    ck_assert_uint_eq(d.renewal.renewed, d.renewal.reloads);
}
END_TEST

/* One leaves for the reload before, after its job, perhaps in an hour. */
START_TEST(test_reload_beside_a_long_job)
{
    open_idle(3, 3, 10);
    SUBMIT();
    ck_told("give 3 j1");
    reconfigure(true);
    dies(2, -0);
    ready(4);
    dies(1, -0);
    ready(5);
    hush_news();
    ck_assert(the_worker(3)->reloads < d.renewal.renewed);
    reconfigure(true);
    ck_told("retire 5");
    dies(5, -0);
    ready(6);
    ck_told("forget 5, start 6, retire 4");
}
END_TEST

START_TEST(test_reload_of_one)
{
    open_idle(1, 1, 10);
    SUBMIT();
    SUBMIT();
    ck_told("give 1 j1");
    reconfigure(true);
    done(1);
    ck_told("a1 done, retire 1");
    dies(1, -0);
    ready(2);
    ck_told("forget 1, start 2, give 2 j2");
}
END_TEST

START_TEST(test_reload_and_less_room)
{
    open_idle(3, 3, 10);
    limits.pool.pool_start = limits.pool.pool_max = 1;
    reconfigure(true);
    ck_told("retire 1, retire 2");
    ck_assert_int_eq(the_worker(1)->end, END_RESIZE);
    dies(1, -0);
    dies(2, -0);
    ck_told("forget 1, forget 2, retire 3");
    ck_assert_int_eq(the_worker(3)->end, END_RELOAD);
    dies(3, -0);
    ck_told("forget 3, start 4");
    ready(4);
    ck_told("");
}
END_TEST

START_TEST(test_reload_limits)
{
    open_idle(1, 1, 2);
    SUBMIT();
    SUBMIT();
    SUBMIT();
    ck_told("give 1 j1");
    limits.pool.job_max = 0; /* nobody is thrown out */
    reconfigure(false);
    ck_told("");
    SUBMIT();
    ck_told("a4 overload queue-full 2 1");
    limits.pool.pool_max = 3; /* waiting jobs get workers at once */
    reconfigure(false);
    ck_told("start 2, start 3");
    ready(2);
    ready(3);
    ck_told("give 2 j2, give 3 j3");
    limits.pool.pool_max = 1; /* nobody is stopped for it */
    reconfigure(false);
    ck_told("");
    dies(1, SIGSEGV);
    ck_told("back 1 j1 no, a1 failed error SIG 11, forget 1");
    limits.pool.pool_max = 5;
    limits.pool.pool_start = 4;
    reconfigure(false);
    ck_told("start 4, start 5");
}
END_TEST

/* A start was under way as the settings changed: its death is no failure of the new ones. */
START_TEST(test_reload_while_starting)
{
    open_pool(1, 1, 10);
    hush_news();
    reconfigure(true);
    dies(1, -1);
    ck_told("retire 1, forget 1, start 2");
    ck_assert_uint_eq(d.starts.failures, 0);
}
END_TEST

/* Nobody is ready yet. The old workers go on, and the new one shows the failure. */
START_TEST(test_reload_in_an_early_moment)
{
    open_pool(2, 4, 10);
    ck_told("start 1, start 2");
    reconfigure(true);
    ck_told("start 3");
    dies(3, SIGSEGV);
    ck_told("forget 3");
    ck_assert(d.renewal.told_held && d.starts.failures == 1);
    SUBMIT();
    ready(1);
    ck_told("give 1 j1"); /* by a worker of before */
    done(1);
    ck_told("a1 done");
    ck_assert_uint_eq(d.starts.failures, 1); /* no proof of the new settings */
    pass_ms(200);
    ck_told("start 4");
    ready(2);
    ready(4);
    ck_assert_uint_eq(d.renewal.renewed, d.renewal.reloads);
    ck_told("");
    pass_ms(SOON_MS); /* it may die yet */
    ck_told("retire 1");
}
END_TEST

/* Old workers may die at their start, or be late: no failure of the new settings. */
START_TEST(test_old_ones_that_do_not_start)
{
    open_pool(2, 4, 10);
    hush_news();
    pass_ms(5000);
    reconfigure(true);
    ck_told("start 3");
    dies(1, SIGSEGV);
    ck_told("forget 1");
    pass_ms(6000);
    ck_told("poll 2, kill 2");
    ck_assert(!d.renewal.told_held && !d.starts.failures);
    pass_ms(6000);
    ck_told("poll 3, kill 3, start 4");
    ck_assert(d.renewal.told_held && d.starts.failures);
}
END_TEST

/* Whoever waits for the end of a reload hears of it, also where there was no worker at all. */
START_TEST(test_reload_of_none)
{
    open_pool(0, 2, 10);
    ck_told("");
    reconfigure(true);
    ck_told("start 1");
    ready(1);
    ck_told("");
    ck_assert_uint_eq(d.renewal.renewed, d.renewal.reloads);
    SUBMIT();
    ck_told("give 1 j1");
}
END_TEST

/* A pool that wants no worker has nothing to try; `default` excepted, see above. */
START_TEST(test_reload_of_none_in_a_further_pool)
{
    open_pool(0, 2, 10);
    strcpy(d.name, "reports");
    reconfigure(true);
    ck_told("");
    ck_assert_uint_eq(d.renewal.renewed, d.renewal.reloads);
    SUBMIT();
    ck_told("start 1");
    reconfigure(true); /* one is starting, and is tried */
    ck_told("start 2");
    ck_assert_uint_ne(d.renewal.renewed, d.renewal.reloads);
    ready(2);
    ck_told("retire 1, give 2 j1");
}
END_TEST

/* A refusing preload holds the renewal as long as others serve. */
START_TEST(test_reload_with_a_preload_that_refuses)
{
    open_idle(2, 4, 10);
    reconfigure(true);
    ck_told("start 3");
    ready_without(3);
    ck_told("retire 3");
    ck_assert(d.renewal.told_held && d.starts.failures == 1);
    ck_assert_str_eq(d.starts.error, "a module refuses");
    dies(3, -0);
    ck_told("forget 3");
    SUBMIT();
    ck_told("give 2 j1");
    dies(1, SIGSEGV);
    dies(2, SIGSEGV);
    ck_told("forget 1, back 2 j1 no, a1 failed error SIG 11, forget 2");
    pass_ms(200);
    ck_told("start 4");
    ready_without(4); /* better than none */
    SUBMIT();
    ck_told("start 5, give 4 j2");
    ck_assert_uint_eq(d.renewal.renewed, d.renewal.reloads);
}
END_TEST

/* Where nothing is renewed it takes jobs: at the start, and when one of before the reload is late.
 */
START_TEST(test_a_preload_that_refuses)
{
    open_pool(2, 4, 10);
    ck_told("start 1, start 2");
    ready_without(1);
    SUBMIT();
    ck_told("give 1 j1");
    reconfigure(true);
    ck_told("start 3");
    ready_without(2);
    SUBMIT();
    ck_told("give 2 j2");
    ck_assert(!d.renewal.told_held && d.renewal.renewed != d.renewal.reloads);
    ready(3);
    ck_assert_uint_eq(d.renewal.renewed, d.renewal.reloads);
}
END_TEST

/* All places are taken by starting workers: one of them gives way. */
START_TEST(test_reload_full_of_starting_ones)
{
    open_pool(3, 3, 10);
    hush_news();
    reconfigure(true);
    ck_told("retire 3");
    ready(1);
    dies(3, SIGKILL);
    ck_told("forget 3, start 4");
    reconfigure(true); /* another takes over */
    ck_told("retire 4");
    dies(4, SIGKILL);
    ready(2);
    ready(5);
    ck_told("forget 4, start 5, retire 1");
    ck_assert_uint_eq(d.renewal.renewed, d.renewal.reloads);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("renew");
    TCase *tc = recorder_case(suite, "renew");
    tcase_add_test(tc, test_reload);
    tcase_add_test(tc, test_reload_full);
    tcase_add_test(tc, test_reload_full_and_busy);
    tcase_add_test(tc, test_reload_in_vain);
    tcase_add_test(tc, test_reload_twice);
    tcase_add_test(tc, test_reload_and_losses);
    tcase_add_test(tc, test_reload_beside_a_long_job);
    tcase_add_test(tc, test_reload_of_one);
    tcase_add_test(tc, test_reload_and_less_room);
    tcase_add_test(tc, test_reload_limits);
    tcase_add_test(tc, test_reload_while_starting);
    tcase_add_test(tc, test_reload_in_an_early_moment);
    tcase_add_test(tc, test_old_ones_that_do_not_start);
    tcase_add_test(tc, test_reload_of_none);
    tcase_add_test(tc, test_reload_of_none_in_a_further_pool);
    tcase_add_test(tc, test_reload_with_a_preload_that_refuses);
    tcase_add_test(tc, test_a_preload_that_refuses);
    tcase_add_test(tc, test_reload_full_of_starting_ones);
    return run_suite(suite);
}
