/* test_end: answers, the deaths of workers, and the ends of their jobs. */
#include "tests/unit/jobs/recorder.h"

START_TEST(test_answers)
{
    open_idle(1, 1, 10);
    for (int i = 0; i < 4; i++)
        SUBMIT();
    hush_news();
    done(1);
    ck_told("a1 done, give 1 j2");
    fails(1, "div-by-zero");
    ck_told("a2 failed module div-by-zero, give 1 j3");
    finishes(1, a_failure(FAIL_UNAVAILABLE, NULL));
    reads(1);
    ck_told("a3 failed unavailable, give 1 j4");
    finishes(1, a_failure(FAIL_TOO_LARGE, NULL));
    reads(1);
    ck_told("a4 failed too-large");
    ck_assert_uint_eq(shared.counts.done, 1);
    ck_assert_uint_eq(shared.counts.failed[FAIL_MODULE], 1);
    ck_assert_uint_eq(shared.counts.failed[FAIL_UNAVAILABLE], 1);
    ck_assert_uint_eq(shared.counts.failed[FAIL_TOO_LARGE], 1);
    ck_assert_uint_eq(modules[0].history.done, 1);
    ck_assert_uint_eq(modules[0].history.failed, 3);
}
END_TEST

static struct job_usage told_usage;

static void note_usage(struct test_source *source, struct job *job, const struct job_event *event)
{
    (void)source, (void)job;
    told_usage = event->usage ? *event->usage : (struct job_usage){.cpu_us = 0};
}

/* Whatever the end is, as far as something is known. */
START_TEST(test_usage)
{
    open_idle(1, 1, 10);
    hooks.event = note_usage;
    SUBMIT(.usage = true);
    done(1);
    ck_assert_uint_eq(told_usage.cpu_us, 0);
    sim_of(the_worker(1))->usage = (struct job_usage){.cpu_us = 7, .worker_rss = 9};
    SUBMIT(.usage = true);
    done(1);
    ck_assert(told_usage.cpu_us == 7 && told_usage.worker_rss == 9);
    SUBMIT();
    done(1);
    ck_assert_uint_eq(told_usage.cpu_us, 0);
    SUBMIT(.usage = true, .timeout_ms = 5);
    pass_ms(5);
    fails(1, "stopped");
    ck_assert_uint_eq(told_usage.cpu_us, 7);
    SUBMIT(.usage = true);
    SUBMIT(.usage = true);
    dies(1, SIGSEGV);
    ck_assert_uint_eq(told_usage.cpu_us, 7);
    dispatcher_cancel(the_job(shared.last_seq), false); /* it waits */
    ck_assert_uint_eq(told_usage.cpu_us, 0);
}
END_TEST

static uint64_t count_of(const struct histogram *histogram, uint64_t value)
{
    return histogram->counts[histogram_bucket(value)];
}

/* The times of module and pool: as the master's clock shows, or the worker's for a late answer. */
START_TEST(test_times)
{
    open_idle(1, 1, 10);
    SUBMIT();
    SUBMIT();
    SUBMIT();
    pass_ms(3);
    finishes(1, (struct worker_answer){.type = JOB_DONE, .run_us = 100});
    reads(1);
    ck_assert_uint_eq(modules[0].tally.run_us.max, 3000);
    ck_assert_uint_eq(modules[0].tally.wait_us.max, 0);
    pass_ms(2);
    finishes(1, (struct worker_answer){.type = JOB_DONE, .run_us = 100, .waited = true});
    reads(1);
    ck_assert_uint_eq(count_of(&modules[0].tally.run_us, 100), 1);
    ck_assert_uint_eq(modules[0].tally.wait_us.max, 3000);
    /* a broken worker's time is not longer than the job is old */
    finishes(1, (struct worker_answer){.type = JOB_DONE, .run_us = UINT64_MAX, .waited = true});
    reads(1);
    ck_assert_uint_eq(modules[0].tally.run_us.max, 5000);
    ck_assert_uint_eq(count_of(&modules[0].tally.wait_us, 0), 2);
    ck_assert_mem_eq(&d.tally, &modules[0].tally, sizeof d.tally);
}
END_TEST

/* Jobs without a run have no times. */
START_TEST(test_no_times)
{
    open_idle(1, 1, 1);
    SUBMIT();
    SUBMIT();
    SUBMIT(); /* refused */
    finishes(1, a_failure(FAIL_UNAVAILABLE, NULL));
    reads(1);
    fails(1, "div-by-zero");
    ck_assert_uint_eq(histogram_count(&d.tally.run_us), 1);
    ck_assert_uint_eq(histogram_count(&d.tally.wait_us), 1);
    ck_assert_uint_eq(d.overload[OVERLOAD_QUEUE_FULL], 1);
}
END_TEST

/* A worker has two ends, and a job's end does not wait for the second. */
START_TEST(test_lost_then_reaped)
{
    open_idle(1, 1, 10);
    SUBMIT();
    SUBMIT();
    hush_news();
    lost(1, SIGSEGV);
    ck_told("back 1 j1 no, a1 failed error SIG 11");
    ck_assert_uint_eq(d.pool.counts[WORKER_STOPPING], 1);
    reaped(1);
    ck_told("forget 1, start 2");
    ready(2);
    ck_told("give 2 j2");
    ck_assert_uint_eq(shared.counts.failed[FAIL_ERROR], 1);
    ck_assert_uint_eq(modules[0].history.crashes[SIGSEGV], 1);
}
END_TEST

START_TEST(test_lost_with_exit_status)
{
    open_idle(1, 1, 10);
    SUBMIT();
    hush_news();
    dies(1, -3);
    ck_told("back 1 j1 no, a1 failed error exit 3, forget 1, start 2");
}
END_TEST

/* The socket ends first and the process is killed for it; then its death is told once more. */
START_TEST(test_lost_twice)
{
    open_idle(1, 1, 10);
    SUBMIT();
    hush_news();
    lost(1, SIGKILL);
    lost(1, SIGKILL);
    ck_told("back 1 j1 no, a1 failed error SIG 9");
    reaped(1);
    ck_told("forget 1, start 2");
}
END_TEST

START_TEST(test_lost_without_a_job)
{
    open_idle(2, 3, 10);
    pass_ms(5000);
    lost(1, SIGTERM);
    ck_told("");
    ck_assert_uint_eq(d.pool.counts[WORKER_IDLE], 1);
    SUBMIT(); /* not to the lost one */
    SUBMIT();
    ck_told("give 2 j1, start 3");
    reaped(1);
    ck_told("forget 1");
}
END_TEST

/* Complete result and death at the same moment: done, once. */
START_TEST(test_result_then_death)
{
    open_idle(1, 1, 10);
    SUBMIT();
    SUBMIT();
    hush_news();
    finishes(1, (struct worker_answer){.type = JOB_DONE});
    lost(1, SIGSEGV); /* reads the result first */
    ck_told("a1 done, retire 1");
    reaped(1);
    ck_told("forget 1, start 2");
    ck_assert_uint_eq(shared.counts.done, 1);
    ck_assert_uint_eq(shared.counts.failed[FAIL_ERROR], 0);
}
END_TEST

START_TEST(test_fifty_die_at_once)
{
    open_idle(50, 50, 100);
    for (int i = 0; i < 80; i++)
        SUBMIT();
    hush_news();
    for (uint32_t id = 1; id <= 50; id++)
        lost(id, SIGKILL);
    hush_news();
    ck_assert_uint_eq(shared.counts.failed[FAIL_ERROR], 50);
    ck_assert_uint_eq(d.pool.counts[WORKER_STOPPING], 50);
    ck_assert_uint_eq(dispatcher_waiting(&d), 30);
    for (uint32_t id = 50; id >= 1; id--)
        reaped(id);
    ck_assert_uint_le(pool_count(&d.pool), BATCH);
    pass_ms(50 / BATCH * BATCH_MS);
    ck_assert_uint_eq(pool_count(&d.pool), 50);
    ck_assert_uint_eq(d.pool.exits, 50);
    for (uint32_t id = 51; id <= 100; id++)
        ready(id);
    ck_assert_uint_eq(shared.counts.running, 30);
    ck_assert_uint_eq(d.pool.counts[WORKER_IDLE], 20);
    for (uint32_t id = 51; id <= 80; id++)
        done(id);
    ck_assert_uint_eq(shared.counts.done, 30);
}
END_TEST

/* Also interleaved: a new worker takes each place at once. */
START_TEST(test_fifty_die_one_by_one)
{
    open_idle(50, 50, 100);
    for (int i = 0; i < 50; i++)
        SUBMIT();
    for (uint32_t id = 1; id <= 50; id++) {
        dies(id, SIGKILL);
        pass_ms(BATCH_MS);
        ck_assert_uint_eq(pool_count(&d.pool), 50);
    }
    ck_assert_uint_eq(shared.counts.failed[FAIL_ERROR], 50);
    ck_assert_uint_eq(shared.last_worker, 100);
}
END_TEST

/* A dropped job is no failure of its module, whatever the way. */
START_TEST(test_dropped_is_not_failed)
{
    open_idle(1, 1, 100000);
    for (int i = 0; i < 2500; i++)
        SUBMIT();
    silent = true;
    ck_assert(!dispatcher_source_gone(&shared, &source_of('a')->source)); /* a batch */
    dispatcher_cancel(the_job(2), false);
    dispatcher_drain(&d, false); /* the rest, with the line */
    turn();
    turn();
    ck_assert_uint_eq(shared.counts.dropped, 2499);
    ck_assert_uint_eq(modules[0].history.failed, 0);
    fails(1, "by-itself"); /* this one did, though nobody is told */
    ck_assert_uint_eq(modules[0].history.failed, 1);
}
END_TEST

/* --- by whom --- */

static char by[64];

static void note_by(struct test_source *source, struct job *job, const struct job_event *event)
{
    (void)source, (void)job;
    if (event->type == JOB_FAILED)
        snprintf(by, sizeof by, "%s %s %s", fail_reason_name(event->fail),
                 event->by ? ended_by_name(event->by) : "nobody",
                 event->by_name ? event->by_name : "-");
}

static void cancel_by(uint64_t seq, enum ended_by who, const char *name)
{
    job_set_by(the_job(seq), who, name);
    dispatcher_cancel(the_job(seq), false);
}

START_TEST(test_a_cancelled_job_tells_by_whom)
{
    open_idle(1, 1, 10);
    hooks.event = note_by;
    SUBMIT();
    SUBMIT();
    cancel_by(2, BY_SUBMITTER, NULL);
    ck_assert_str_eq(by, "cancelled submitter -");
    cancel_by(1, BY_CLIENT, "bob/1.0");
    dies(1, SIGKILL);
    ck_assert_str_eq(by, "cancelled client bob/1.0");
}
END_TEST

START_TEST(test_the_first_to_end_a_job_is_told)
{
    open_idle(1, 1, 10);
    hooks.event = note_by;
    SUBMIT(.timeout_ms = 500);
    cancel_by(1, BY_CLIENT, NULL);
    cancel_by(1, BY_CLIENT, "bob/1.0");
    dispatcher_drain(&d, false);
    dispatcher_stop(&d);
    fails(1, "stopped");
    ck_assert_str_eq(by, "cancelled client -");
}
END_TEST

START_TEST(test_nobody_has_ended_a_job_out_of_time)
{
    open_idle(1, 1, 10);
    hooks.event = note_by;
    SUBMIT(.timeout_ms = 500);
    pass_ms(500);
    cancel_by(1, BY_CLIENT, "bob/1.0");
    dies(1, SIGKILL);
    ck_assert_str_eq(by, "timeout nobody -");
    ready(2);
    SUBMIT();
    dies(2, SIGSEGV);
    ck_assert_str_eq(by, "error nobody -");
}
END_TEST

/* The job itself is not being stopped. */
START_TEST(test_a_kill_of_the_worker_is_the_operators)
{
    open_idle(1, 1, 10);
    hooks.event = note_by;
    SUBMIT();
    worker_decide_end(the_job(1)->run.worker, END_KILLED);
    dies(1, SIGKILL);
    ck_assert_str_eq(by, "error operator -");
    ready(2);
    SUBMIT();
    dies(2, SIGKILL);
    ck_assert_str_eq(by, "error nobody -");
}
END_TEST

START_TEST(test_a_link_and_a_drain_are_told)
{
    open_idle(1, 1, 10);
    hooks.event = note_by;
    SUBMIT(.link = true);
    SUBMIT();
    dispatcher_source_ended(&shared, &source_of('a')->source);
    fails(1, "stopped");
    ck_assert_str_eq(by, "cancelled link -");
    SUBMIT(.source = 'b');
    dispatcher_drain(&d, false);
    ck_assert_str_eq(by, "shutdown operator -");
    *by = '\0';
    dispatcher_stop(&d);
    fails(1, "stopped");
    ck_assert_str_eq(by, "shutdown operator -");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("end");
    TCase *tc = recorder_case(suite, "end");
    tcase_add_test(tc, test_answers);
    tcase_add_test(tc, test_usage);
    tcase_add_test(tc, test_times);
    tcase_add_test(tc, test_no_times);
    tcase_add_test(tc, test_lost_then_reaped);
    tcase_add_test(tc, test_lost_with_exit_status);
    tcase_add_test(tc, test_lost_twice);
    tcase_add_test(tc, test_lost_without_a_job);
    tcase_add_test(tc, test_result_then_death);
    tcase_add_test(tc, test_fifty_die_at_once);
    tcase_add_test(tc, test_fifty_die_one_by_one);
    tcase_add_test(tc, test_dropped_is_not_failed);
    tcase_add_test(tc, test_a_cancelled_job_tells_by_whom);
    tcase_add_test(tc, test_the_first_to_end_a_job_is_told);
    tcase_add_test(tc, test_nobody_has_ended_a_job_out_of_time);
    tcase_add_test(tc, test_a_kill_of_the_worker_is_the_operators);
    tcase_add_test(tc, test_a_link_and_a_drain_are_told);
    return run_suite(suite);
}
