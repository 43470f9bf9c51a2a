/*
 * test_stop: jobs are stopped step by step: after a time limit, a cancel, a kill, and at the end.
 */
#include "tests/unit/jobs/recorder.h"

/* Flag at once, SIGTERM at half of kill-grace-ms, SIGKILL at kill-grace-ms. */
START_TEST(test_ladder)
{
    static const uint32_t graces[] = {2000, 2001, 1, 2, 3, 60000};
    uint32_t grace = graces[_i];
    open_idle(1, 1, 10);
    limits.kill_grace_ms = grace;
    reconfigure(false);
    SUBMIT(.timeout_ms = 500);
    hush_news();
    pass_ms(500);
    if (grace > 1) {
        ck_told("poll 1, flag 1 j1");
        pass_us(grace / 2 * UINT64_C(1000) - 1);
        ck_told("");
        pass_us(1);
        ck_told("poll 1, term 1");
    } else {
        ck_told("poll 1, flag 1 j1, poll 1, term 1"); /* half of 1 ms */
    }
    pass_us((grace - grace / 2) * UINT64_C(1000) - 1);
    ck_told("");
    pass_us(1);
    ck_told("poll 1, kill 1");
    pass_ms(3600000); /* the rest is up to the operations */
    ck_told("");
    dies(1, SIGKILL);
    ck_told("a1 failed timeout sigkill, forget 1, start 2");
    ck_assert_uint_eq(shared.counts.failed[FAIL_TIMEOUT], 1);
}
END_TEST

/* --- the soft limit --- */

static void pass_soft_limit(void)
{
    open_idle(1, 1, 10);
    SUBMIT(.timeout_ms = 500, .soft_timeout_ms = 200);
    pass_us(199999);
    ck_told("give 1 j1 500ms");
    pass_us(1);
    ck_told("poll 1, soft 1 j1");
    ck_assert_uint_eq(the_job(1)->state, JOB_RUNNING);
}

START_TEST(test_soft_result)
{
    pass_soft_limit();
    done(1);
    ck_told("a1 done");
    pass_ms(3600000);
    ck_told("");
}
END_TEST

START_TEST(test_soft_failure)
{
    pass_soft_limit();
    fails(1, "bad-input");
    ck_told("a1 failed timeout stop-flag");
    ck_assert_uint_eq(shared.counts.failed[FAIL_TIMEOUT], 1);
    SUBMIT();
    fails(1, "bad-input");
    ck_told("give 1 j2, a2 failed module bad-input");
}
END_TEST

START_TEST(test_soft_then_hard)
{
    pass_soft_limit();
    pass_us(299999);
    ck_told("");
    pass_us(1);
    ck_told("poll 1, flag 1 j1");
    ck_assert_int_eq(sim_of(the_worker(1))->stop_reason, STOP_REASON_TIMEOUT);
    pass_ms(GRACE_MS / 2);
    ck_told("poll 1, term 1");
    dies(1, SIGTERM);
    ck_told("a1 failed timeout sigterm, forget 1, start 2");
}
END_TEST

START_TEST(test_soft_then_cancel)
{
    pass_soft_limit();
    dispatcher_cancel(the_job(1), false);
    ck_told("flag 1 j1");
    ck_assert_int_eq(sim_of(the_worker(1))->stop_reason, STOP_REASON_CANCEL);
    fails(1, "stopped");
    ck_told("a1 failed cancelled stop-flag");
}
END_TEST

START_TEST(test_soft_then_crash)
{
    pass_soft_limit();
    dies(1, SIGSEGV);
    ck_told("back 1 j1 no, a1 failed error SIG 11, forget 1, start 2");
}
END_TEST

/* A soft limit without another, and one that is not under the time limit. */
START_TEST(test_soft_alone)
{
    open_idle(1, 1, 10);
    SUBMIT(.soft_timeout_ms = 200);
    pass_ms(200);
    ck_told("give 1 j1, poll 1, soft 1 j1");
    pass_ms(3600000);
    ck_told("");
    done(1);
    SUBMIT(.timeout_ms = 300, .soft_timeout_ms = 300);
    hush_news();
    pass_ms(300);
    ck_told("poll 1, flag 1 j2");
}
END_TEST

/* The least of the job's and the module's. */
START_TEST(test_soft_least)
{
    static const uint32_t values[] = {0, 100, 200};
    open_idle(1, 1, 10);
    for (size_t i = 0; i < 9; i++) {
        uint32_t job = values[i % 3], module = values[i / 3];
        uint32_t least = !job || (module && module < job) ? module : job;
        modules[1].settings.soft_timeout_ms = module;
        SUBMIT(.module = 1, .soft_timeout_ms = job);
        hush_news();
        pass_us(least ? least * UINT64_C(1000) - 1 : 3600000000);
        ck_told("");
        pass_us(1);
        ck_assert_int_eq(strstr(news(), "soft") != NULL, least > 0);
        done(1);
        hush_news();
    }
}
END_TEST

/* The worker has not begun the job at its soft limit: both limits move. */
START_TEST(test_soft_of_a_late_beginning)
{
    open_idle(1, 1, 10);
    lazy = true;
    SUBMIT(.timeout_ms = 500, .soft_timeout_ms = 200);
    pass_ms(100);
    begins(1);
    hush_news();
    pass_ms(100);
    ck_told("poll 1");
    pass_ms(100);
    ck_told("poll 1, soft 1 j1");
    pass_us(299999);
    ck_told("");
    pass_us(1);
    ck_told("poll 1, flag 1 j1");
}
END_TEST

START_TEST(test_what_the_module_is_told)
{
    static const enum ended_by by[] = {BY_SUBMITTER, BY_CLIENT, BY_OPERATOR, BY_LINK};
    open_idle(1, 1, 10);
    for (size_t i = 0; i < SUPPORT_COUNT(by); i++) {
        uint64_t seq = SUBMIT();
        job_set_by(the_job(seq), by[i], NULL);
        dispatcher_cancel(the_job(seq), false);
        ck_assert_int_eq(sim_of(the_worker(1))->stop_reason,
                         by[i] == BY_LINK ? STOP_REASON_LINK : STOP_REASON_CANCEL);
        done(1);
    }
    SUBMIT();
    dispatcher_stop(&d);
    ck_assert_int_eq(sim_of(the_worker(1))->stop_reason, STOP_REASON_SHUTDOWN);
}
END_TEST

/* Climbs the ladder to the step. */
static void climb(int steps)
{
    open_idle(1, 1, 10);
    SUBMIT(.timeout_ms = 500);
    pass_ms(500);
    ck_told("give 1 j1 500ms, poll 1, flag 1 j1");
    if (steps > 1)
        pass_ms(GRACE_MS / 2);
    if (steps > 2)
        pass_ms(GRACE_MS / 2);
    ck_told(steps == 1 ? "" : steps == 2 ? "poll 1, term 1" : "poll 1, term 1, poll 1, kill 1");
}

/* A result after the stop means done, once. A worker gets no other job after SIGTERM. */
START_TEST(test_result_during_stop)
{
    static const char *const told[] = {"", "a1 done, give 1 j2",
                                       "a1 done, retire 1, forget 1, start 2",
                                       "a1 done, forget 1, start 2"};
    climb(_i);
    SUBMIT();
    done(1);
    if (_i > 1)
        dies(1, SIGTERM);
    ck_told(told[_i]);
    pass_ms(3600000);
    hush_news();
    ck_assert_uint_eq(shared.counts.done, 1);
    ck_assert_uint_eq(shared.counts.failed[FAIL_TIMEOUT], 0);
}
END_TEST

static const char *const step_names[] = {"none", "stop-flag", "sigterm", "sigkill"};

/* If the module fails after the stop, the stop is the reason, with its step. */
START_TEST(test_failure_during_stop)
{
    char expected[100];
    climb(_i);
    fails(1, "interrupted");
    snprintf(expected, sizeof expected, "a1 failed timeout %s%s", step_names[_i],
             _i == 2 ? ", retire 1" : "");
    ck_told(expected);
    ck_assert_uint_eq(shared.counts.failed[FAIL_TIMEOUT], 1);
    ck_assert_uint_eq(shared.counts.failed[FAIL_MODULE], 0);
}
END_TEST

START_TEST(test_death_during_stop)
{
    char expected[100];
    climb(_i);
    lost(1, SIGTERM);
    snprintf(expected, sizeof expected, "a1 failed timeout %s", step_names[_i]);
    ck_told(expected);
    reaped(1);
    ck_told("forget 1, start 2");
}
END_TEST

START_TEST(test_result_at_each_step)
{
    climb(_i);
    finishes(1, (struct worker_answer){.type = JOB_DONE});
    pass_ms(GRACE_MS / 2);
    if (_i == 1)
        ck_told("poll 1, a1 done");
    else
        ck_told("poll 1, a1 done, retire 1");
}
END_TEST

START_TEST(test_cancel_waiting)
{
    open_idle(1, 1, 10);
    for (int i = 0; i < 4; i++)
        SUBMIT();
    hush_news();
    dispatcher_cancel(the_job(3), false);
    ck_told("a3 failed cancelled");
    dispatcher_cancel(the_job(2), true);
    ck_told("a2 failed cancelled");
    ck_assert_ptr_null(dispatcher_find(&shared, 2));
    done(1);
    ck_told("a1 done, give 1 j4");
}
END_TEST

START_TEST(test_cancel_running)
{
    open_idle(1, 1, 10);
    SUBMIT();
    hush_news();
    dispatcher_cancel(the_job(1), false);
    ck_told("flag 1 j1");
    ck_assert_int_eq(the_job(1)->state, JOB_STOPPING);
    dispatcher_cancel(the_job(1), false); /* it is being stopped already */
    ck_told("");
    pass_ms(GRACE_MS / 2);
    ck_told("poll 1, term 1");
    pass_ms(GRACE_MS / 2);
    ck_told("poll 1, kill 1");
    dies(1, SIGKILL);
    ck_told("a1 failed cancelled sigkill, forget 1, start 2");
    ck_assert_uint_eq(shared.counts.failed[FAIL_CANCELLED], 1);
}
END_TEST

/* A job may finish at that moment: it is done, once. */
START_TEST(test_cancel_too_late)
{
    open_idle(1, 1, 10);
    SUBMIT();
    hush_news();
    dispatcher_cancel(the_job(1), false);
    done(1);
    ck_told("flag 1 j1, a1 done");
    pass_ms(GRACE_MS);
    ck_told("");
    ck_assert_uint_eq(shared.counts.done, 1);
    ck_assert_uint_eq(shared.counts.failed[FAIL_CANCELLED], 0);
}
END_TEST

START_TEST(test_kill)
{
    open_idle(1, 1, 10);
    SUBMIT();
    hush_news();
    dispatcher_cancel(the_job(1), true);
    ck_told("flag 1 j1, kill 1"); /* no SIGTERM */
    dispatcher_cancel(the_job(1), true);
    ck_told("");
    pass_ms(3600000);
    ck_told("");
    dies(1, SIGKILL);
    ck_told("a1 failed cancelled sigkill, forget 1, start 2");
}
END_TEST

START_TEST(test_kill_after_cancel)
{
    open_idle(1, 1, 10);
    SUBMIT();
    hush_news();
    dispatcher_cancel(the_job(1), false);
    if (_i)
        pass_ms(GRACE_MS / 2);
    hush_news();
    dispatcher_cancel(the_job(1), true);
    ck_told("kill 1");
    dies(1, SIGKILL);
    ck_told("a1 failed cancelled sigkill, forget 1, start 2");
}
END_TEST

static size_t terms, kills;

static void count_signal(struct sim_worker *sim, int signo)
{
    (void)sim;
    terms += signo == SIGTERM;
    kills += signo == SIGKILL;
}

/* So many jobs run, and signals are counted from now on. */
static void open_busy(int many)
{
    open_idle((uint32_t)many, (uint32_t)many, 10);
    terms = kills = 0;
    hooks.signalled = count_signal;
    for (int i = 0; i < many; i++)
        SUBMIT();
}

/* A few are killed at once, the others one by one: many deaths in one moment would leave us no
 * processor. A job may end meanwhile: its worker is not hurt. A second request is served no sooner,
 * and no worker is left out. */
START_TEST(test_many_kills)
{
    enum { MANY = 20, AT_ONCE = 8, EACH_MS = 2 };
    open_busy(MANY);
    for (uint64_t seq = 1; seq <= MANY; seq++)
        dispatcher_cancel(the_job(seq), true);
    ck_assert_uint_eq(kills, AT_ONCE);
    dispatcher_cancel(the_job(MANY), true);
    ck_assert_uint_eq(kills, AT_ONCE);
    fails(the_job(MANY - 1)->run.worker->id, "stopped");
    for (uint64_t more = 1; more < MANY - AT_ONCE - 1; more++) {
        pass_ms(EACH_MS);
        ck_assert_uint_eq(kills, AT_ONCE + more);
    }
    pass_ms(2 * EACH_MS);
    ck_assert_uint_eq(kills, MANY - 1);
    pass_ms(3600000);
    ck_assert_uint_eq(kills, MANY - 1);
    ck_assert_uint_eq(terms, 0);
    ck_assert_uint_eq(shared.counts.failed[FAIL_CANCELLED], 1);
}
END_TEST

/* Likewise SIGTERM. The end of the server itself waits for nothing. */
START_TEST(test_many_terms)
{
    enum { MANY = 20, AT_ONCE = 8 };
    open_busy(MANY);
    if (_i) {
        dispatcher_drain(&d, false);
        dispatcher_stop(&d);
    } else {
        for (uint64_t seq = 1; seq <= MANY; seq++)
            dispatcher_cancel(the_job(seq), false);
    }
    pass_ms(GRACE_MS / 2);
    ck_assert_uint_eq(terms, _i ? MANY : AT_ONCE);
    pass_ms(GRACE_MS / 2 - 1);
    ck_assert_uint_eq(terms, MANY);
    ck_assert_uint_eq(kills, 0);
    pass_ms(GRACE_MS);
    ck_assert_uint_eq(kills, MANY);
}
END_TEST

/* The first reason stays. */
START_TEST(test_cancel_after_timeout)
{
    open_idle(1, 1, 10);
    SUBMIT(.timeout_ms = 500);
    pass_ms(500);
    hush_news();
    dispatcher_cancel(the_job(1), _i == 1);
    ck_told(_i ? "kill 1" : "");
    dies(1, SIGKILL);
    ck_told(_i ? "a1 failed timeout sigkill, forget 1, start 2"
               : "a1 failed timeout stop-flag, forget 1, start 2");
}
END_TEST

/* The old time limit does not shorten the ladder. */
START_TEST(test_timeout_after_cancel)
{
    open_idle(1, 1, 10);
    SUBMIT(.timeout_ms = 500);
    pass_ms(400);
    dispatcher_cancel(the_job(1), false);
    ck_told("give 1 j1 500ms, flag 1 j1");
    pass_ms(GRACE_MS / 2 - 1);
    ck_told("");
    pass_ms(1);
    ck_told("poll 1, term 1");
    fails(1, "stopped");
    ck_told("a1 failed cancelled sigterm, retire 1");
}
END_TEST

/* Running jobs are stopped step by step, each for its own reason. */
START_TEST(test_stop)
{
    open_idle(2, 2, 10);
    SUBMIT();
    SUBMIT(.timeout_ms = 500);
    dispatcher_drain(&d, false);
    pass_ms(500);
    hush_news();
    dispatcher_stop(&d);
    ck_told("flag 2 j1");
    pass_ms(GRACE_MS / 2);
    const char *got = news();
    ck_assert_ptr_nonnull(strstr(got, "term 1"));
    ck_assert_ptr_nonnull(strstr(got, "term 2"));
    ck_assert_ptr_null(strstr(got, "kill"));
    dies(2, SIGTERM);
    ck_told("a1 failed shutdown sigterm, forget 2");
    pass_ms(GRACE_MS - GRACE_MS / 2);
    ck_told("poll 1, kill 1");
    dies(1, SIGKILL);
    ck_told("a2 failed timeout sigkill, forget 1"); /* its first reason */
    ck_assert(dispatcher_is_drained(&d));
}
END_TEST

/* A result in time counts, and the worker has no more time than its job would have had. */
START_TEST(test_stop_and_an_answer)
{
    open_idle(1, 1, 10);
    SUBMIT();
    hush_news();
    dispatcher_drain(&d, false);
    dispatcher_stop(&d);
    pass_ms(GRACE_MS - 1);
    ck_told("flag 1 j1, poll 1, term 1");
    done(1);
    ck_told("a1 done, retire 1");
    pass_ms(1);
    ck_told("kill 1");
    dies(1, SIGKILL);
    ck_assert(dispatcher_is_drained(&d));
}
END_TEST

/* --- kill of a worker --- */

START_TEST(test_kill_starting)
{
    open_pool(1, 2, 10);
    hush_news();
    dispatcher_kill_worker(the_worker(1));
    ck_told("kill 1");
    dies(1, SIGKILL);
    ck_told("forget 1, start 2"); /* at once: it is no failed start */
}
END_TEST

START_TEST(test_kill_idle)
{
    open_idle(2, 2, 10);
    dispatcher_kill_worker(the_worker(1));
    ck_told("kill 1");
    ck_assert_int_eq(the_worker(1)->end, END_KILLED);
    dispatcher_kill_worker(the_worker(1)); /* again */
    ck_told("kill 1");
    dies(1, SIGKILL);
    ck_told("forget 1, start 3");
}
END_TEST

/* Only its begun job is lost, whatever comes for that job meanwhile. */
START_TEST(test_kill_busy)
{
    open_prefetched();
    dispatcher_kill_worker(the_worker(1));
    ck_told("back 1 j4 yes, back 1 j5 yes, back 1 j6 yes, back 1 j3 no, kill 1");
    if (_i == 1)
        dispatcher_cancel(the_job(3), false);
    if (_i == 2)
        dispatcher_stop(&d);
    pass_ms(GRACE_MS);
    hush_news();
    dies(1, SIGKILL);
    ck_told("back 1 j3 no, a3 failed error SIG 9 by operator, forget 1, start 2");
}
END_TEST

/* A job not begun goes to another worker. */
START_TEST(test_kill_unbegun)
{
    open_warm(1, 1);
    submit_many(1);
    hush_news();
    dispatcher_kill_worker(the_worker(1));
    ck_told("back 1 j2 yes, kill 1");
    dies(1, SIGKILL);
    ck_told("forget 1, start 2");
    ready(2);
    ck_told("give 2 j2");
}
END_TEST

/* The result was first. */
START_TEST(test_kill_and_result)
{
    open_prefetched();
    finishes_well(1);
    dispatcher_kill_worker(the_worker(1));
    hush_news();
    reads(1);
    ck_told("a3 done");
    dies(1, SIGKILL);
    ck_told("forget 1, start 2");
}
END_TEST

/* A stopped job keeps its reason; the kill makes it quicker. */
START_TEST(test_kill_stopping)
{
    open_idle(1, 1, 10);
    submit_many(1);
    dispatcher_cancel(the_job(1), false);
    hush_news();
    dispatcher_kill_worker(the_worker(1));
    ck_told("kill 1");
    dies(1, SIGKILL);
    ck_told("a1 failed cancelled sigkill, forget 1, start 2");
}
END_TEST

START_TEST(test_kill_retiring)
{
    open_idle(1, 1, 10);
    dispatcher_drain(&d, false);
    hush_news();
    dispatcher_kill_worker(the_worker(1));
    ck_told("kill 1");
    dies(1, SIGKILL);
    ck_told("forget 1");
    ck_assert(dispatcher_is_drained(&d));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("stop");
    TCase *tc = recorder_case(suite, "stop");
    tcase_add_loop_test(tc, test_ladder, 0, 6);
    tcase_add_loop_test(tc, test_result_during_stop, 1, 4);
    tcase_add_loop_test(tc, test_failure_during_stop, 1, 4);
    tcase_add_loop_test(tc, test_death_during_stop, 1, 4);
    tcase_add_loop_test(tc, test_result_at_each_step, 1, 3);
    tcase_add_test(tc, test_cancel_waiting);
    tcase_add_test(tc, test_cancel_running);
    tcase_add_test(tc, test_cancel_too_late);
    tcase_add_test(tc, test_kill);
    tcase_add_loop_test(tc, test_kill_after_cancel, 0, 2);
    tcase_add_test(tc, test_many_kills);
    tcase_add_loop_test(tc, test_many_terms, 0, 2);
    tcase_add_loop_test(tc, test_cancel_after_timeout, 0, 2);
    tcase_add_test(tc, test_timeout_after_cancel);
    tcase_add_test(tc, test_stop);
    tcase_add_test(tc, test_stop_and_an_answer);
    tcase_add_test(tc, test_kill_starting);
    tcase_add_test(tc, test_kill_idle);
    tcase_add_loop_test(tc, test_kill_busy, 0, 3);
    tcase_add_test(tc, test_kill_unbegun);
    tcase_add_test(tc, test_kill_and_result);
    tcase_add_test(tc, test_kill_stopping);
    tcase_add_test(tc, test_kill_retiring);
    tc = recorder_case(suite, "soft");
    tcase_add_test(tc, test_soft_result);
    tcase_add_test(tc, test_soft_failure);
    tcase_add_test(tc, test_soft_then_hard);
    tcase_add_test(tc, test_soft_then_cancel);
    tcase_add_test(tc, test_soft_then_crash);
    tcase_add_test(tc, test_soft_alone);
    tcase_add_test(tc, test_soft_least);
    tcase_add_test(tc, test_soft_of_a_late_beginning);
    tcase_add_test(tc, test_what_the_module_is_told);
    return run_suite(suite);
}
