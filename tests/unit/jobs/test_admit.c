/*
 * test_admit: a submitted job is begun, waits, or is refused: section 6 of the protocol, rule by
 * rule.
 */
#include "tests/unit/jobs/recorder.h"

START_TEST(test_free_worker)
{
    open_idle(2, 4, 10);
    SUBMIT(.accepted = true, .started = true);
    ck_told("a1 accepted 0, give 2 j1, a1 started 2 #1");
    SUBMIT(.source = 'b', .started = true);
    ck_told("give 1 j2, b2 started 1 #2");
    done(1);
    ck_told("b2 done");
    done(2);
    ck_told("a1 done");
    SUBMIT(); /* the last one busy */
    ck_told("give 2 j3");
}
END_TEST

START_TEST(test_no_free_worker_starts_one)
{
    open_idle(1, 3, 10);
    SUBMIT();
    SUBMIT(.accepted = true);
    ck_told("give 1 j1, a2 accepted 0, start 2");
    SUBMIT(.accepted = true);
    ck_told("a3 accepted 1, start 3");
    SUBMIT(.accepted = true); /* pool-max */
    ck_told("a4 accepted 2");
    ready(3); /* a waiting job is bound to no worker */
    ck_told("give 3 j2");
    done(1);
    ck_told("a1 done, give 1 j3");
    ready(2);
    ck_told("give 2 j4");
}
END_TEST

/* No more are started than wait. */
START_TEST(test_start_when_waiting_exceeds_starting)
{
    open_pool(2, 5, 10);
    ck_told("start 1, start 2");
    SUBMIT();
    ck_told(""); /* one waits, two are on their way */
    SUBMIT();
    ck_told("");
    SUBMIT();
    ck_told("start 3");
    dispatcher_cancel(the_job(1), false);
    ck_told("a1 failed cancelled");
    SUBMIT();
    ck_told("");
    SUBMIT();
    ck_told("start 4");
}
END_TEST

/* waiting - starting < job-max, to the job. */
START_TEST(test_job_max)
{
    open_idle(1, 1, 2);
    SUBMIT();
    SUBMIT(.accepted = true);
    SUBMIT(.accepted = true);
    ck_told("give 1 j1, a2 accepted 0, a3 accepted 1");
    SUBMIT(.source = 'b', .accepted = true);
    ck_told("b4 overload queue-full 2 1");
    done(1);
    ck_told("a1 done, give 1 j2");
    SUBMIT(.source = 'b', .accepted = true);
    ck_told("b5 accepted 1");
    SUBMIT(.source = 'b');
    ck_told("b6 overload queue-full 2 1");
}
END_TEST

START_TEST(test_starting_ones_make_room)
{
    open_pool(0, 3, 1);
    SUBMIT();
    SUBMIT();
    SUBMIT();
    ck_told("start 1, start 2, start 3");
    SUBMIT(); /* 3 wait, 3 start: 0 < 1 */
    ck_told("");
    SUBMIT(); /* 4 - 3 is not less than 1 */
    ck_told("a5 overload queue-full 4 0");
    ready(1); /* 3 wait, 2 start */
    ck_told("give 1 j1");
    SUBMIT();
    ck_told("a6 overload queue-full 3 1");
    done(1);
    ck_told("a1 done, give 1 j2");
    SUBMIT();
    ck_told("");
}
END_TEST

/* A failed start throws nobody out of the line. */
START_TEST(test_starting_ones_die)
{
    open_pool(0, 3, 0);
    SUBMIT();
    SUBMIT();
    SUBMIT();
    ck_told("start 1, start 2, start 3");
    dies(1, -1);
    dies(2, -1);
    dies(3, -1);
    ck_told("forget 1, forget 2, forget 3");
    ck_assert_uint_eq(dispatcher_waiting(&d), 3);
    SUBMIT(); /* none can be started for it now */
    ck_told("a4 overload queue-full 3 0");
    pass_ms(125);
    ck_told("start 4");
    ready(4);
    ck_told("give 4 j1, start 5"); /* one at a time, until it has answered */
    done(4);
    ck_told("a1 done, give 4 j2");
}
END_TEST

START_TEST(test_job_max_0)
{
    open_pool(1, 1, 0);
    ck_told("start 1");
    SUBMIT(); /* 0 - 1 < 0 */
    ck_told("");
    SUBMIT();
    ck_told("a2 overload queue-full 1 0");
    ready(1);
    ck_told("give 1 j1");
    SUBMIT();
    ck_told("a3 overload queue-full 0 1");
    done(1);
    SUBMIT();
    ck_told("a1 done, give 1 j4");
}
END_TEST

START_TEST(test_job_max_0_grows)
{
    open_idle(1, 3, 0);
    SUBMIT();
    SUBMIT();
    SUBMIT();
    ck_told("give 1 j1, start 2, start 3");
    SUBMIT();
    ck_told("a4 overload queue-full 2 1");
    ready(2);
    ready(3);
    ck_told("give 2 j2, give 3 j3");
    SUBMIT();
    ck_told("a5 overload queue-full 0 3");
}
END_TEST

START_TEST(test_pool_max_1)
{
    open_idle(1, 1, 100);
    for (int i = 0; i < 20; i++)
        SUBMIT(.started = true);
    ck_told("give 1 j1, a1 started 1 #1");
    for (uintmax_t i = 1; i < 20; i++) {
        char expected[100];
        done(1);
        snprintf(expected, sizeof expected, "a%ju done, give 1 j%ju, a%ju started 1 #%ju", i, i + 1,
                 i + 1, i + 1);
        ck_told(expected);
    }
}
END_TEST

/* A stopping worker holds its place until it is reaped. */
START_TEST(test_stopping_counts)
{
    open_idle(1, 1, 1);
    SUBMIT();
    dispatcher_cancel(the_job(1), true);
    ck_told("give 1 j1, flag 1 j1, kill 1");
    SUBMIT();
    SUBMIT();
    ck_told("a3 overload queue-full 1 1");
    lost(1, SIGKILL);
    ck_told("a1 failed cancelled sigkill");
    ck_assert_uint_eq(pool_count(&d.pool), 1);
    SUBMIT();
    ck_told("a4 overload queue-full 1 0");
    reaped(1);
    ck_told("forget 1, start 2");
    ready(2);
    ck_told("give 2 j2");
}
END_TEST

/* Only the submitter hears of the overload. */
START_TEST(test_overload_goes_to_its_submitter)
{
    open_idle(1, 1, 1);
    SUBMIT(.source = 'a');
    SUBMIT(.source = 'b');
    hush_news();
    for (int i = 0; i < 5; i++) {
        SUBMIT(.source = (char)('c' + i));
        char expected[64];
        snprintf(expected, sizeof expected, "%c%d overload queue-full 1 1", 'c' + i, 3 + i);
        ck_told(expected);
        ck_assert_uint_eq(sources[2 + i].source.job_count, 0);
    }
    ck_assert_uint_eq(sources[0].terminal + sources[1].terminal, 0);
    ck_assert_uint_eq(shared.counts.overload[OVERLOAD_QUEUE_FULL], 5);
}
END_TEST

/* The first reason of these counts: draining, the module, memory, the quota, the line. */
START_TEST(test_order_of_reasons)
{
    open_idle(1, 1, 0);
    limits.client_job_max = 1;
    reconfigure(false);
    SUBMIT();
    hush_news();
    SUBMIT(.module = -1, .over_budget = true);
    ck_told("a2 failed unknown-module");
    SUBMIT(.over_budget = true);
    ck_told("a3 overload memory 0 1");
    SUBMIT();
    ck_told("a4 overload client-quota 0 1");
    SUBMIT(.source = 'b', .over_budget = true);
    ck_told("b5 overload memory 0 1");
    SUBMIT(.source = 'b');
    ck_told("b6 overload queue-full 0 1");
    dispatcher_drain(&d, false);
    hush_news();
    SUBMIT(.module = -1, .over_budget = true);
    ck_told("a7 failed shutdown");
}
END_TEST

/* A free worker does not help if there was no memory for the payload. */
START_TEST(test_over_budget_with_a_free_worker)
{
    open_idle(1, 1, 10);
    SUBMIT(.over_budget = true, .accepted = true);
    ck_told("a1 overload memory 0 0");
}
END_TEST

START_TEST(test_unknown_module)
{
    open_idle(1, 1, 10);
    SUBMIT(.module = -1, .accepted = true, .started = true);
    ck_told("a1 failed unknown-module");
    ck_assert_uint_eq(shared.counts.failed[FAIL_UNKNOWN_MODULE], 1);
}
END_TEST

/* The quota is for the unfinished jobs of one source; other sources do not count. */
START_TEST(test_client_quota)
{
    open_idle(1, 1, 100);
    limits.client_job_max = 2;
    reconfigure(false);
    SUBMIT();
    SUBMIT();
    SUBMIT();
    ck_told("give 1 j1, a3 overload client-quota 1 1");
    SUBMIT(.source = 'b');
    SUBMIT(.source = 'b');
    SUBMIT(.source = 'b');
    ck_told("b6 overload client-quota 3 1");
    done(1);
    ck_told("a1 done, give 1 j2");
    SUBMIT();
    SUBMIT();
    ck_told("a8 overload client-quota 3 1");
    dispatcher_cancel(the_job(7), false);
    SUBMIT();
    ck_told("a7 failed cancelled");
}
END_TEST

static uint64_t advice_ms;

static void keep_advice(struct test_source *source, struct job *job, const struct job_event *event)
{
    (void)source;
    (void)job;
    advice_ms = event->retry_after_ms;
}

/* The advice follows the run time of the last jobs and the number of waiting ones. */
START_TEST(test_retry_after)
{
    open_idle(1, 1, 10);
    hooks.event = keep_advice;
    for (int i = 0; i < 11; i++)
        SUBMIT();
    pass_ms(1000);
    done(1);
    SUBMIT();
    ck_assert_uint_eq(advice_ms, 0);
    SUBMIT(); /* eleven jobs of a second each: half of them are gone in five and a half */
    ck_assert_uint_ge(advice_ms, 4000);
    ck_assert_uint_le(advice_ms, 7000);
    limits.pool.job_max = 0;
    reconfigure(false);
    for (int i = 0; i < 10; i++) {
        pass_ms(1000);
        done(1);
    }
    SUBMIT();
    ck_assert_uint_ge(advice_ms, 300);
    ck_assert_uint_le(advice_ms, 700);
}
END_TEST

/* However quick jobs are, it is no invitation to spin. */
START_TEST(test_retry_after_least)
{
    open_idle(1, 1, 0);
    hooks.event = keep_advice;
    for (int i = 0; i < 50; i++) {
        SUBMIT();
        pass_us(10);
        done(1);
    }
    SUBMIT();
    SUBMIT();
    ck_assert_uint_eq(advice_ms, 50);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("admit");
    TCase *tc = recorder_case(suite, "admit");
    tcase_add_test(tc, test_free_worker);
    tcase_add_test(tc, test_no_free_worker_starts_one);
    tcase_add_test(tc, test_start_when_waiting_exceeds_starting);
    tcase_add_test(tc, test_job_max);
    tcase_add_test(tc, test_starting_ones_make_room);
    tcase_add_test(tc, test_starting_ones_die);
    tcase_add_test(tc, test_job_max_0);
    tcase_add_test(tc, test_job_max_0_grows);
    tcase_add_test(tc, test_pool_max_1);
    tcase_add_test(tc, test_stopping_counts);
    tcase_add_test(tc, test_overload_goes_to_its_submitter);
    tcase_add_test(tc, test_order_of_reasons);
    tcase_add_test(tc, test_over_budget_with_a_free_worker);
    tcase_add_test(tc, test_unknown_module);
    tcase_add_test(tc, test_client_quota);
    tcase_add_test(tc, test_retry_after);
    tcase_add_test(tc, test_retry_after_least);
    return run_suite(suite);
}
