/* test_deadlines: time limits of jobs and of starts, to the microsecond. */
#include "tests/unit/jobs/recorder.h"

START_TEST(test_start_timeout)
{
    open_pool(1, 1, 10);
    SUBMIT();
    pass_us(START_TIMEOUT_MS * UINT64_C(1000) - 1);
    ck_told("start 1");
    limits.start_timeout_ms = 60000; /* else the job would give up meanwhile */
    reconfigure(false);
    pass_us(1);
    ck_assert_ptr_nonnull(strstr(news(), "poll 1, kill 1"));
    ck_assert_uint_eq(d.pool.counts[WORKER_STOPPING], 1);
    dies(1, SIGKILL);
    ck_told("forget 1");
    ck_assert_uint_eq(d.starts.failures, 1); /* once */
    pass_ms(125);
    ck_told("start 2");
}
END_TEST

static void become_ready(struct sim_worker *sim)
{
    dispatcher_worker_ready(sim->worker);
}

/* A result in time counts, also if we read it late. */
START_TEST(test_ready_at_the_last_moment)
{
    open_pool(1, 1, 10);
    hooks.polled = become_ready;
    pass_ms(START_TIMEOUT_MS);
    ck_told("start 1, poll 1");
    ck_assert_uint_eq(d.pool.counts[WORKER_IDLE], 1);
    ck_assert_uint_eq(d.starts.failures, 0);
}
END_TEST

static void become_dead(struct sim_worker *sim)
{
    dies(sim->worker->id, -1);
}

START_TEST(test_dead_at_the_last_moment)
{
    open_pool(1, 1, 10);
    hooks.polled = become_dead;
    pass_ms(START_TIMEOUT_MS);
    ck_told("start 1, poll 1, forget 1");
    ck_assert_uint_eq(d.starts.failures, 1);
}
END_TEST

/* The least of the job's, the module's and the overall limit; 0 is none. */
START_TEST(test_least_limit)
{
    static const uint32_t values[] = {0, 100, 200, 300};
    open_idle(1, 1, 10);
    for (size_t i = 0; i < 64; i++) {
        uint32_t job = values[i & 3], module = values[i >> 2 & 3], overall = values[i >> 4];
        uint32_t least = UINT32_MAX;
        char expected[100] = "give 1 j";
        least = job && job < least ? job : least;
        least = module && module < least ? module : least;
        least = overall && overall < least ? overall : least;
        limits.pool.job_timeout_ms = overall;
        reconfigure(false);
        modules[1].settings.timeout_ms = module;
        uint64_t seq = SUBMIT(.module = 1, .timeout_ms = job);
        int n = sprintf(expected, "give 1 j%ju", (uintmax_t)seq);
        if (least != UINT32_MAX)
            sprintf(expected + n, " %ums", least);
        ck_told(expected);
        if (least != UINT32_MAX) {
            pass_us(least * UINT64_C(1000) - 1);
            ck_told("");
            pass_us(1);
            snprintf(expected, sizeof expected, "poll 1, flag 1 j%ju", (uintmax_t)seq);
            ck_told(expected);
        } else {
            pass_ms(3600000);
            ck_told("");
        }
        done(1);
        hush_news();
    }
}
END_TEST

/* It runs from assignment. */
START_TEST(test_limit_runs_from_assignment)
{
    open_idle(1, 1, 10);
    SUBMIT(.timeout_ms = 5000);
    SUBMIT(.timeout_ms = 1000);
    pass_ms(4999);
    done(1);
    ck_told("give 1 j1 5000ms, a1 done, give 1 j2 1000ms");
    pass_ms(999);
    ck_told("");
    pass_ms(1);
    ck_told("poll 1, flag 1 j2");
}
END_TEST

/* The longest limit does not wrap. */
START_TEST(test_longest_limit)
{
    open_idle(1, 1, 10);
    SUBMIT(.timeout_ms = INT32_MAX);
    ck_told("give 1 j1 2147483647ms");
    pass_us(INT32_MAX * UINT64_C(1000) - 1);
    ck_told("");
    pass_us(1);
    ck_told("poll 1, flag 1 j1");
}
END_TEST

/* The result lies in the socket when the deadline fires: sockets are read before. */
START_TEST(test_result_at_the_deadline)
{
    open_idle(1, 1, 10);
    SUBMIT(.timeout_ms = 500);
    SUBMIT(.timeout_ms = 500);
    hush_news();
    finishes(1, (struct worker_answer){.type = JOB_DONE});
    pass_ms(500);
    ck_told("poll 1, a1 done, give 1 j2 500ms"); /* and nothing happens to the next */
    pass_ms(499);
    ck_told("");
    pass_ms(1);
    ck_told("poll 1, flag 1 j2");
}
END_TEST

/* The reading finds the worker dead, and its record is gone when it is over. */
START_TEST(test_death_at_the_deadline)
{
    open_idle(1, 1, 10);
    SUBMIT(.timeout_ms = 500);
    hush_news();
    hooks.polled = become_dead;
    pass_ms(500);
    ck_told("poll 1, back 1 j1 no, a1 failed error exit 1, forget 1, start 2");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("deadlines");
    TCase *tc = recorder_case(suite, "deadlines");
    tcase_add_test(tc, test_start_timeout);
    tcase_add_test(tc, test_ready_at_the_last_moment);
    tcase_add_test(tc, test_dead_at_the_last_moment);
    tcase_add_test(tc, test_least_limit);
    tcase_add_test(tc, test_limit_runs_from_assignment);
    tcase_add_test(tc, test_longest_limit);
    tcase_add_test(tc, test_result_at_the_deadline);
    tcase_add_test(tc, test_death_at_the_deadline);
    return run_suite(suite);
}
