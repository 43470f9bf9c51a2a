/* test_life: pings of idle workers, dead workers, and those alive again. */
#include "tests/unit/jobs/recorder.h"

enum { KILL_MS = 10000 };

static void open_alive(uint32_t workers, uint32_t pool_start, uint32_t pool_max)
{
    open_idle(workers, pool_max, 100);
    limits.ping_misses = 2;
    limits.dead_kill_ms = KILL_MS;
    limits.pool.pool_start = pool_start;
    reconfigure(false);
    pass_ms(SOON_MS);
    hush_news();
}

/* So many pings, each half a second behind the one before. */
static void ping(int times)
{
    for (; times; times--) {
        dispatcher_ping(&d);
        pass_ms(500);
    }
}

/* The worker is dead, and another one starts in its place. */
static void dies_silently(uint32_t id)
{
    stops(id);
    ping(4);
    ck_assert_int_eq(the_worker(id)->state, WORKER_DEAD);
}

START_TEST(test_answered)
{
    open_alive(2, 2, 2);
    ping(2);
    ck_told("ping 2, ping 1, ping 2, ping 1");
    ck_assert_uint_eq(the_worker(1)->misses, 0);
    ck_assert_uint_eq(d.pool.counts[WORKER_IDLE], 2);
}
END_TEST

/* Three pings unanswered are more than two. The answers of the other worker count for itself. */
START_TEST(test_dead)
{
    open_alive(2, 2, 2);
    stops(1);
    ping(3);
    ck_told("ping 2, ping 1, ping 2, ping 1, ping 2, ping 1");
    ck_assert_int_eq(the_worker(1)->state, WORKER_IDLE);
    ping(1);
    ck_told("ping 2, say 1, start 3");
    ck_assert_int_eq(the_worker(1)->state, WORKER_DEAD);
    ck_assert_uint_eq(the_worker(2)->misses, 0);
    ck_assert_uint_eq(d.pool.dead, 1);
    ready(3);
    ping(1);
    ck_told("ping 3, ping 2");
}
END_TEST

/* Alive again, a recycled worker would serve on. */
START_TEST(test_dead_and_recycled)
{
    open_alive(2, 2, 2);
    dies_silently(1);
    hush_news();
    ck_assert(dispatcher_recycle_worker(the_worker(1)));
    ck_told("retire 1");
    ck_assert_int_eq(the_worker(1)->end, END_DEAD);
    ck_assert_uint_eq(d.pool.recycling, 0);
    ck_assert(!dispatcher_recycle_worker(the_worker(1)));
    ready(3);
    dies_silently(2);
    hush_news();
    ck_assert_uint_eq(dispatcher_recycle(&d), 3);
    ck_assert_int_eq(the_worker(2)->state, WORKER_STOPPING);
    goes_on(2);
    ck_assert_int_eq(the_worker(2)->state, WORKER_STOPPING);
    hush_news();
}
END_TEST

/* One answer resets the count. */
START_TEST(test_answered_late)
{
    open_alive(1, 1, 1);
    for (int i = 0; i < 3; i++) {
        stops(1);
        ping(3);
        goes_on(1);
    }
    ping(1);
    ck_assert_int_eq(the_worker(1)->state, WORKER_IDLE);
    ck_assert_uint_eq(the_worker(1)->misses, 0);
}
END_TEST

START_TEST(test_no_misses_allowed)
{
    open_alive(1, 1, 1);
    limits.ping_misses = 0;
    reconfigure(false);
    stops(1);
    ping(1);
    ck_assert_int_eq(the_worker(1)->state, WORKER_IDLE);
    ping(1);
    ck_assert_int_eq(the_worker(1)->state, WORKER_DEAD);
}
END_TEST

/* Only idle workers are pinged. An answer for a job is a sign of life. */
START_TEST(test_busy)
{
    open_alive(1, 1, 1);
    stops(1);
    ping(3);
    goes_on(1);
    SUBMIT();
    hush_news();
    ping(10);
    ck_told("");
    done(1);
    stops(1);
    ck_told("a1 done");
    ping(3);
    ck_assert_int_eq(the_worker(1)->state, WORKER_IDLE);
}
END_TEST

/* A pool at rest is left without a replacement until one is wanted. */
START_TEST(test_replaced_on_demand)
{
    open_alive(1, 0, 1);
    dies_silently(1);
    hush_news();
    SUBMIT();
    ck_told("start 2");
    ready(2);
    ck_told("give 2 j1");
}
END_TEST

START_TEST(test_killed)
{
    open_alive(1, 1, 1);
    dies_silently(1);
    ready(2);
    hush_news();
    pass_ms(KILL_MS - 500 - 1);
    ck_told("");
    pass_ms(1);
    ck_told("kill 1");
    ck_assert_int_eq(the_worker(1)->state, WORKER_STOPPING);
    ck_assert_uint_eq(dispatcher_waiting(&d), 0);
    ck_assert_uint_eq(pool_places(&d.pool, 1), 1); /* it takes no place: it may never be reaped */
    dies(1, SIGKILL);
    ck_told("forget 1");
    ck_assert_uint_eq(d.pool.dead, 0);
    ck_assert_uint_eq(d.starts.failures, 0);
}
END_TEST

/* Its place is free, for pool-max allows for more. */
START_TEST(test_alive_again)
{
    open_alive(1, 1, 3);
    dies_silently(1);
    ready(2);
    hush_news();
    goes_on(1);
    ck_told("");
    ck_assert_int_eq(the_worker(1)->state, WORKER_IDLE);
    ck_assert_uint_eq(d.pool.dead, 0);
    ck_assert_uint_eq(the_worker(1)->misses, 0);
    pass_ms(2ull * KILL_MS);
    ck_told("");
    SUBMIT();
    ck_told("give 1 j1");
}
END_TEST

START_TEST(test_alive_again_for_a_waiting_job)
{
    open_alive(1, 1, 2);
    dies_silently(1);
    SUBMIT();
    hush_news();
    goes_on(1);
    ck_told("give 1 j1");
}
END_TEST

START_TEST(test_alive_again_in_a_full_pool)
{
    open_alive(2, 2, 2);
    dies_silently(1);
    if (_i)
        ready(3); /* otherwise it is starting: its place is taken */
    hush_news();
    goes_on(1);
    ck_told("retire 1");
    dies(1, 0);
    ck_told("forget 1");
    ck_assert_uint_eq(pool_count(&d.pool), 2);
}
END_TEST

/* A worker started before the reload ends when it is alive again. */
START_TEST(test_alive_again_and_old)
{
    open_alive(2, 1, 4);
    dies_silently(1);
    hush_news();
    reconfigure(true);
    ready(3);
    ck_told("start 3, retire 2");
    goes_on(1);
    ck_assert_int_eq(the_worker(1)->end, END_RELOAD);
    dies(2, 0);
    ck_told("forget 2, retire 1"); /* in its turn */
}
END_TEST

/* It dies, while it is dead to us. */
START_TEST(test_dies_indeed)
{
    open_alive(1, 1, 1);
    dies_silently(1);
    ready(2);
    hush_news();
    dies(1, SIGSEGV);
    ck_told("forget 1");
    ck_assert_uint_eq(d.pool.dead, 0);
    pass_ms(KILL_MS);
    ck_told("");
    ck_assert_uint_eq(d.starts.failures, 0);
}
END_TEST

/* Many at once are replaced at once. Not more than pool-max are kept. */
START_TEST(test_many)
{
    enum { MANY = 8 };
    open_alive(MANY, MANY, MANY);
    for (uint32_t id = 1; id <= MANY; id++)
        stops(id);
    ping(4);
    ck_assert_uint_eq(d.pool.counts[WORKER_DEAD], MANY);
    ck_assert_uint_eq(d.pool.counts[WORKER_STARTING], MANY);
    for (uint32_t id = MANY + 1; id <= 2 * MANY; id++)
        ready(id);
    pass_ms(1);
    stops(MANY + 1);
    stops(MANY + 2);
    ping(3);
    hush_news();
    ping(1);
    const char *got = news();
    ck_assert_ptr_nonnull(strstr(got, "say 10, kill 8, say 9, kill 7"));
    ck_assert_ptr_null(strstr(got, "start")); /* 16 processes: twice pool-max */
    ck_assert_uint_eq(d.pool.counts[WORKER_DEAD], MANY);
    dies(7, SIGKILL);
    ck_told("forget 7, start 17");
    dies(8, SIGKILL);
    ck_told("forget 8, start 18");
}
END_TEST

/* Nobody waits for a dead worker at the end. */
/* More would take the places of those alive. */
START_TEST(test_many_in_a_smaller_pool)
{
    open_alive(3, 3, 3);
    stops(1);
    stops(2);
    ping(4);
    ready(5);
    ready(4);
    hush_news();
    limits.pool.pool_start = 1;
    limits.pool.pool_max = 1;
    if (_i)
        dispatcher_resize(&d, &(struct pool_size){1, 1, 100});
    else
        reconfigure(false);
    ck_told("retire 3, retire 5, kill 2");
    ck_assert_uint_eq(d.pool.counts[WORKER_DEAD], 1);
}
END_TEST

START_TEST(test_drain)
{
    open_alive(2, 2, 2);
    dies_silently(1);
    ready(3);
    hush_news();
    dispatcher_drain(&d, false);
    ck_told("retire 3, retire 2, retire 1");
    goes_on(1); /* it goes on, and ends */
    ck_told("");
    pass_ms(GRACE_MS);
    ck_assert_ptr_nonnull(strstr(news(), "kill 1"));
    dies(1, 0);
    dies(2, 0);
    dies(3, 0);
    ck_assert(dispatcher_is_drained(&d));
}
END_TEST

START_TEST(test_abort)
{
    open_alive(1, 1, 1);
    dies_silently(1);
    hush_news();
    dispatcher_abort(&d);
    ck_assert_ptr_nonnull(strstr(news(), "kill 1"));
}
END_TEST

/* A broken worker's clock is ahead. */
START_TEST(test_wrong_clock)
{
    open_alive(1, 1, 1);
    stops(1);
    sim_of(the_worker(1))->signs.pinged_us = UINT64_MAX;
    pass_ms(100);
    ck_assert_uint_eq(dispatcher_worker_heard_us(the_worker(1)), timers.now_us);
    sim_of(the_worker(1))->signs.pinged_us = 0;
    ck_assert_uint_lt(dispatcher_worker_heard_us(the_worker(1)), timers.now_us - 100000);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("life");
    TCase *tc = recorder_case(suite, "life");
    tcase_add_test(tc, test_answered);
    tcase_add_test(tc, test_dead);
    tcase_add_test(tc, test_dead_and_recycled);
    tcase_add_test(tc, test_answered_late);
    tcase_add_test(tc, test_no_misses_allowed);
    tcase_add_test(tc, test_busy);
    tcase_add_test(tc, test_replaced_on_demand);
    tcase_add_test(tc, test_killed);
    tcase_add_test(tc, test_alive_again);
    tcase_add_test(tc, test_alive_again_for_a_waiting_job);
    tcase_add_loop_test(tc, test_alive_again_in_a_full_pool, 0, 2);
    tcase_add_test(tc, test_alive_again_and_old);
    tcase_add_test(tc, test_dies_indeed);
    tcase_add_test(tc, test_many);
    tcase_add_loop_test(tc, test_many_in_a_smaller_pool, 0, 2);
    tcase_add_test(tc, test_drain);
    tcase_add_test(tc, test_abort);
    tcase_add_test(tc, test_wrong_clock);
    return run_suite(suite);
}
