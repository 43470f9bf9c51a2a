/* test_start_workers: the pool at rest, and starts that fail: pauses and their jitter. */
#include "tests/unit/jobs/recorder.h"

START_TEST(test_pool_start)
{
    open_pool(3, 5, 10);
    ck_told("start 1, start 2, start 3");
    ready(2);
    ready(1);
    ready(3);
    ck_told("");
    ck_assert_uint_eq(d.pool.counts[WORKER_IDLE], 3);
    ck_assert_uint_eq(d.pool.forks, 3);
}
END_TEST

START_TEST(test_pool_start_0)
{
    open_pool(0, 2, 10);
    ck_told("");
    SUBMIT(.accepted = true, .started = true);
    ck_told("a1 accepted 0, start 1");
    ready(1);
    ck_told("give 1 j1, a1 started 1 #1");
    done(1);
    ck_told("a1 done");
    dies(1, -0);
    ck_told("forget 1"); /* back only on demand */
    SUBMIT();
    ck_told("start 2");
}
END_TEST

/* A large pool starts a few workers a turn, so that the loop goes on. */
START_TEST(test_many_starts)
{
    open_pool(100, 100, 10);
    while (d.pool.forks < 100) {
        size_t forks = d.pool.forks;
        ck_assert(timer_is_set(&d.pass.more));
        reconfigure(false); /* whoever asks */
        ck_assert_uint_eq(d.pool.forks, forks);
        pass_ms(BATCH_MS);
        ck_assert_uint_gt(d.pool.forks, forks);
        ck_assert_uint_le(d.pool.forks, forks + BATCH);
    }
    pass_ms(1);
    ck_assert_uint_eq(d.pool.forks, 100);
}
END_TEST

/* A dead worker above pool-start comes back only on demand; one below at once. */
START_TEST(test_dead_ones_come_back_on_demand)
{
    open_idle(1, 3, 10);
    for (int i = 0; i < 3; i++)
        SUBMIT();
    ck_told("give 1 j1, start 2, start 3");
    ready(2);
    ready(3);
    done(1);
    done(2);
    done(3);
    hush_news();
    dies(3, SIGSEGV);
    dies(2, SIGSEGV);
    ck_told("forget 3, forget 2");
    dies(1, SIGSEGV);
    ck_told("forget 1, start 4");
}
END_TEST

/* How long until the next start. */
static uint64_t ms_to_next_start(uint64_t most_ms)
{
    uint64_t begin_us = timers.now_us, last = shared.last_worker;
    while (shared.last_worker == last && timers.now_us - begin_us <= most_ms * 1000)
        pass_us(100);
    ck_assert_uint_eq(shared.last_worker, last + 1); /* one at a time */
    return (timers.now_us - begin_us) / 1000;
}

/* From 100 ms, twice as long each time, to 30 s, with jitter between them; whether the worker dies,
 * cannot be started at all, or does not become ready. */
START_TEST(test_backoff_grows)
{
    uint64_t delay_ms = 125, previous_ms = 0;
    open_pool(0, 4, 100);
    silent = true;
    no_forks = _i == 1;
    limits.pool.pool_start = 1;
    reconfigure(false);
    for (int failures = 1; failures <= 15; failures++) {
        if (_i == 2)
            pass_ms(START_TIMEOUT_MS);
        if (_i != 1)
            dies(shared.last_worker, SIGKILL);
        ck_assert_uint_eq(d.starts.failures, (unsigned)failures);
        ck_assert_uint_eq(pool_count(&d.pool), 0);
        uint64_t ms = ms_to_next_start(30000);
        ck_assert_msg(ms >= delay_ms * 4 / 5 && ms <= delay_ms, "%ju ms after %d failures",
                      (uintmax_t)ms, failures);
        ck_assert_uint_ge(ms * 2, previous_ms);
        previous_ms = ms;
        delay_ms = delay_ms * 2 > 30000 ? 30000 : delay_ms * 2;
    }
}
END_TEST

/* In an hour there are few starts, however many want workers. */
START_TEST(test_backoff_never_spins)
{
    open_pool(8, 8, 1000);
    silent = true;
    no_forks = true;
    for (uint32_t id = 1; id <= 8; id++)
        dies(id, -1);
    uint32_t begin = shared.last_worker;
    for (int minute = 0; minute < 60; minute++) {
        for (int i = 0; i < 20; i++)
            SUBMIT();
        pass_ms(60000);
        check_invariants();
    }
    ck_assert_uint_gt(shared.last_worker - begin, 100);
    ck_assert_uint_lt(shared.last_worker - begin, 10 + 3600000 / 24000);
}
END_TEST

/* Several failures together are one. */
START_TEST(test_backoff_together)
{
    open_pool(4, 4, 100);
    hush_news();
    for (uint32_t id = 1; id <= 4; id++)
        dies(id, -1);
    ck_assert_uint_eq(d.starts.failures, 1);
    pass_ms(125);
    ck_told("forget 1, forget 2, forget 3, forget 4, start 5");
    ready(5); /* it looks as if it works again: one after the other ... */
    ck_told("start 6");
    pass_ms(SOON_MS);
    ck_told("start 7, start 8"); /* ... and it does: the others come at once */
}
END_TEST

/* One of two fails, and the other becomes ready. Once it has answered or stayed for a while,
 * nothing is held back any more. */
START_TEST(test_backoff_ends_with_success)
{
    open_pool(2, 2, 100);
    limits.start_timeout_ms = 60000;
    reconfigure(false);
    no_forks = true;
    dies(1, -1);
    ck_told("start 1, start 2, forget 1");
    ready(2);
    ck_told("");
    pass_ms(140);
    ck_told("start 3, forget 3"); /* the row goes on, */
    ck_assert_uint_eq(d.starts.failures, 2);
    no_forks = false;
    pass_ms(255);
    ck_told("start 4");
    ready(4);
    if (_i == 0) {
        SUBMIT();
        done(4);
        ck_told("give 4 j1, a1 done");
    } else {
        pass_ms(SOON_MS - 1);
        ck_assert_uint_eq(d.starts.failures, 2);
        pass_ms(1);
    }
    ck_assert_uint_eq(d.starts.failures, 0); /* and ends here */
    dies(4, SIGKILL);
    ck_assert_uint_eq(shared.last_worker, 5);
}
END_TEST

START_TEST(test_backoff_starts_over)
{
    open_pool(1, 1, 100);
    silent = true;
    for (int i = 0; i < 6; i++) {
        dies(shared.last_worker, -1);
        ms_to_next_start(30000);
    }
    ready(shared.last_worker);
    SUBMIT();
    done(shared.last_worker);
    dies(shared.last_worker, SIGSEGV); /* no failed start */
    ck_assert_uint_eq(d.starts.failures, 0);
    dies(shared.last_worker, -1);
    ck_assert_uint_le(ms_to_next_start(1000), 125);
}
END_TEST

/* Whatever chance says: never before 100 ms, never after 30 s, and both ends are reached. */
START_TEST(test_jitter_keeps_the_bounds)
{
    uint64_t least = UINT64_MAX, most = 0;
    for (uint64_t random = 1; random <= 1000; random++) {
        open_pool(1, 1, 10);
        silent = true;
        d.starts.random = random * UINT64_C(0x9e3779b97f4a7c15) | 1;
        d.starts.failures = _i ? 20 : 0;
        dies(shared.last_worker, -1);
        uint64_t ms = (d.starts.pause.due.key - timers.now_us) / 1000;
        least = ms < least ? ms : least;
        most = ms > most ? ms : most;
        world_close();
    }
    ck_assert_uint_ge(least, _i ? 24000 : 100);
    ck_assert_uint_le(most, _i ? 30000 : 125);
    ck_assert_uint_le(least, _i ? 24300 : 102);
    ck_assert_uint_ge(most, _i ? 29700 : 123);
    open_pool(0, 1, 10);
}
END_TEST

/* The workers of two daemons fail at the same time. Their next tries are at different times. */
START_TEST(test_jitter)
{
    uint64_t seen[20], different = 0;
    for (uint64_t random = 0; random < 20; random++) {
        open_pool(1, 1, 10);
        silent = true;
        d.starts.random = random * 1000 + 1;
        for (int i = 0; i < 8; i++) {
            dies(shared.last_worker, -1);
            seen[random] = ms_to_next_start(30000);
        }
        for (uint64_t i = 0; i < random; i++)
            different += seen[i] != seen[random];
        world_close();
    }
    ck_assert_uint_gt(different, 19 * 20 / 2 * 9 / 10);
    open_pool(0, 1, 10);
}
END_TEST

/* A death right after the worker became ready counts as a failed start. If this goes on, starts
 * become rarer and rarer. */
START_TEST(test_ended_soon)
{
    uint64_t delay_ms = 125;
    open_pool(1, 1, 10);
    silent = true;
    for (int i = 0; i < 15; i++) {
        ready(shared.last_worker);
        pass_ms(_i ? 500 : 0);
        dies(shared.last_worker, SIGSEGV);
        uint64_t ms = ms_to_next_start(30000);
        ck_assert_msg(ms >= delay_ms * 4 / 5 && ms <= delay_ms, "%ju ms after %d deaths",
                      (uintmax_t)ms, i + 1);
        delay_ms = delay_ms * 2 > 30000 ? 30000 : delay_ms * 2;
    }
    ready(shared.last_worker);
    pass_ms(SOON_MS);
    uint32_t id = shared.last_worker;
    dies(id, SIGSEGV);
    ck_assert_uint_eq(shared.last_worker, id + 1); /* its time was enough */
    ck_assert_uint_eq(d.starts.failures, 0);
}
END_TEST

/* All workers of a pool do so: a short-lived one does not undo the pauses of another. */
START_TEST(test_all_end_soon)
{
    open_pool(4, 4, 10);
    silent = true;
    for (int minute = 0; minute < 10; minute++) {
        for (int ms = 0; ms < 60000; ms += 10) {
            for (uint32_t id = shared.last_worker > 8 ? shared.last_worker - 8 : 1;
                 id <= shared.last_worker; id++) {
                struct worker *worker = pool_find(&d.pool, id);
                if (worker && worker->state == WORKER_STARTING)
                    ready(id);
                else if (worker && timers.now_us - worker->since_us >= 50000)
                    dies(id, SIGSEGV);
            }
            pass_ms(10);
        }
    }
    ck_assert_uint_lt(shared.last_worker,
                      4 * (10 + 600000 / 24000)); /* a pool's worth each pause */
}
END_TEST

/* A worker lost on a job, even its first, is replaced at once: the job may be at fault, or somebody
 * outside, but not the start. */
START_TEST(test_ended_soon_on_a_job)
{
    open_pool(1, 1, 100);
    silent = true;
    for (uint32_t id = 1; id <= 50; id++) {
        ready(id);
        SUBMIT();
        pass_ms(BATCH_MS);
        dies(id, SIGKILL);
        ck_assert_uint_eq(shared.last_worker, id + 1);
        ck_assert_uint_eq(d.starts.failures, 0);
    }
    ck_assert_uint_eq(shared.counts.failed[FAIL_ERROR], 50);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("start_workers");
    TCase *tc = recorder_case(suite, "start_workers");
    tcase_add_test(tc, test_pool_start);
    tcase_add_test(tc, test_pool_start_0);
    tcase_add_test(tc, test_many_starts);
    tcase_add_test(tc, test_dead_ones_come_back_on_demand);
    tcase_add_loop_test(tc, test_backoff_grows, 0, 3);
    tcase_add_test(tc, test_backoff_never_spins);
    tcase_add_test(tc, test_backoff_together);
    tcase_add_loop_test(tc, test_backoff_ends_with_success, 0, 2);
    tcase_add_test(tc, test_backoff_starts_over);
    tcase_add_loop_test(tc, test_jitter_keeps_the_bounds, 0, 2);
    tcase_add_test(tc, test_jitter);
    tcase_add_loop_test(tc, test_ended_soon, 0, 2);
    tcase_add_test(tc, test_all_end_soon);
    tcase_add_test(tc, test_ended_soon_on_a_job);
    return run_suite(suite);
}
