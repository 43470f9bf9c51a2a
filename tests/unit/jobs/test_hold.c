/*
 * test_hold: no further job is begun for a source with much unread. Its jobs keep their places,
 * others pass them, and nothing else counts them as waiting for a worker.
 */
#include "tests/unit/jobs/recorder.h"

enum {
    UNREAD_MAX = 1000000,
    OUTPUT_MAX = 4000000,
};

static struct payload_budget told_budget;

static void open_reading(uint32_t workers, uint32_t pool_max, uint32_t job_max)
{
    limits = (struct job_settings){
        .pool.pool_start = workers,
        .pool.pool_max = pool_max,
        .pool.job_max = job_max,
        .start_timeout_ms = START_TIMEOUT_MS,
        .kill_grace_ms = 2000,
        .source_unread_max = UNREAD_MAX,
        .source_output_max = OUTPUT_MAX,
        .pool.worker_window = 1,
    };
    world_open();
    dispatcher_start(&d);
    for (uint32_t id = 1; id <= workers; id++)
        ready(id);
    hush_news();
}

/* The source has so many bytes unread. */
static void unread(char source, uint64_t bytes)
{
    dispatcher_source_unread(&shared, &source_of(source)->source, bytes);
}

static bool is_held(char source)
{
    return source_of(source)->source.held;
}

static void done_with(uint32_t id, size_t bytes)
{
    struct worker_answer answer = {.type = JOB_DONE};
    answer.payload = payload_new(&budget, bytes, 1, true);
    answer.payload->have = bytes; /* nobody looks at them */
    struct payload *payload = answer.payload;
    finishes(id, answer);
    reads(id);
    payload_unref(payload);
}

/* The result is unread from now on. */
static void reads_result(struct test_source *source, struct job *job, const struct job_event *event)
{
    (void)job;
    if (event->type == JOB_DONE)
        unread(source->name, event->payload->size);
}

START_TEST(test_held_and_released)
{
    open_reading(1, 1, 10);
    unread('a', UNREAD_MAX);
    ck_assert(!is_held('a'));
    unread('a', UNREAD_MAX + 1);
    ck_assert(is_held('a'));
    SUBMIT(.accepted = true);
    ck_told("a1 accepted 0");
    unread('a', UNREAD_MAX / 2 + 1); /* not at each byte */
    turn();
    ck_told("");
    unread('a', UNREAD_MAX / 2);
    ck_told(""); /* it may be amid anything */
    turn();
    ck_told("give 1 j1");
    ck_assert_uint_eq(dispatcher_waiting(&d), 0);
}
END_TEST

/* Jobs of all free sources still run in the order of their submits. */
START_TEST(test_others_pass)
{
    open_reading(1, 1, 10);
    SUBMIT();
    SUBMIT(.source = 'a');
    SUBMIT(.source = 'b');
    SUBMIT(.source = 'c');
    SUBMIT(.source = 'b');
    SUBMIT(.source = 'a');
    SUBMIT(.source = 'c');
    unread('a', UNREAD_MAX + 1);
    unread('b', UNREAD_MAX + 1);
    hush_news();
    done(1);
    ck_told("a1 done, give 1 j4");
    unread('b', 0);
    done(1);
    ck_told("c4 done, give 1 j3");
    unread('a', 0);
    done(1);
    ck_told("b3 done, give 1 j2");
    unread('a', UNREAD_MAX + 1); /* again, with one of its jobs among the passed */
    done(1);
    ck_told("a2 done, give 1 j5");
    done(1);
    ck_told("b5 done, give 1 j7");
    unread('a', 0);
    done(1);
    ck_told("c7 done, give 1 j6");
}
END_TEST

/* Held jobs count as waiting ones, and are stopped like them. */
START_TEST(test_held_jobs_wait)
{
    open_reading(1, 1, 3);
    unread('a', UNREAD_MAX + 1);
    SUBMIT();
    SUBMIT();
    SUBMIT();
    SUBMIT(); /* though a worker is idle */
    ck_told("a4 overload queue-full 3 0");
    SUBMIT(.source = 'b');
    ck_told("give 1 j5");
    SUBMIT(.source = 'b');
    ck_told("b6 overload queue-full 3 1");
    done(1);
    ck_told("b5 done");
    dispatcher_cancel(the_job(2), false); /* a passed one */
    ck_told("a2 failed cancelled");
    dispatcher_source_gone(&shared, &source_of('a')->source);
    ck_told("a3 left, a1 left");
    ck_assert_uint_eq(shared.counts.dropped, 2);
}
END_TEST

/* Nobody starts a worker for them, nor gives them up for want of one. */
START_TEST(test_held_jobs_want_no_worker)
{
    open_reading(0, 4, 100);
    no_forks = true;
    unread('a', UNREAD_MAX + 1);
    SUBMIT();
    SUBMIT();
    ck_told("");
    pass_ms(2 * START_TIMEOUT_MS);
    ck_told("");
    ck_assert(!timer_is_set(&d.failing.unavailable));
    for (int i = 0; i < 98; i++)
        SUBMIT();
    SUBMIT();
    ck_told("a101 overload queue-full 100 0"); /* a worker could be started, and is not for it */
    no_forks = false;
    unread('a', 0);
    turn();
    ck_told("start 1, start 2, start 3, start 4");
}
END_TEST

/* Some jobs were admitted for a worker yet to be started, and then held. They are not too many. */
START_TEST(test_held_jobs_are_bounded)
{
    open_reading(0, 4, 10);
    for (char source = 'a'; source < 'z'; source++) {
        SUBMIT(.source = source);
        unread(source, UNREAD_MAX + 1);
        while (d.pool.counts[WORKER_STARTING])
            dies(shared.last_worker, -1);
        timer_clear(&timers, &d.starts.pause); /* a worker can be started, as far as is known */
        d.starts.failures = 0;
    }
    ck_assert_uint_eq(dispatcher_waiting(&d), 14);
    hush_news();
}
END_TEST

/* When others are given up for want of a worker, held ones stay. */
START_TEST(test_held_jobs_are_not_unavailable)
{
    open_reading(0, 1, 100);
    no_forks = true;
    unread('a', UNREAD_MAX + 1);
    SUBMIT();
    SUBMIT(.source = 'b');
    hush_news();
    silent = true;
    pass_ms(START_TIMEOUT_MS);
    silent = false;
    ck_assert_uint_eq(shared.counts.failed[FAIL_UNAVAILABLE], 1);
    ck_assert_uint_eq(dispatcher_waiting(&d), 1);
    ck_assert_int_eq(the_job(1)->state, JOB_WAITING);
}
END_TEST

START_TEST(test_drain)
{
    open_reading(1, 1, 100);
    unread('a', UNREAD_MAX + 1);
    SUBMIT();
    SUBMIT(.source = 'b');
    SUBMIT();
    hush_news();
    dispatcher_drain(&d, false);
    ck_told("a1 failed shutdown, a3 failed shutdown");
    unread('a', UNREAD_MAX + 1);
    ck_assert(!is_held('a'));
}
END_TEST

/* Results of running jobs count too, as far as their size is known. */
START_TEST(test_coming)
{
    open_reading(4, 4, 100);
    SUBMIT();
    hush_news();
    done_with(4, 1500000);
    ck_told("a1 done");
    for (int i = 0; i < 4; i++)
        SUBMIT();
    ck_told("give 4 j2, give 3 j3, give 2 j4"); /* 4.5 MB are on their way */
    ck_assert(is_held('a'));
    SUBMIT(.source = 'b');
    ck_told("give 1 j6");
    done(4);
    ck_told("a2 done, give 4 j5");
}
END_TEST

/* ... as much as a worker announces, at the least; and a lost worker brings nothing. */
START_TEST(test_coming_is_announced)
{
    open_reading(2, 2, 100);
    SUBMIT();
    hush_news();
    dispatcher_worker_sends(the_worker(2), OUTPUT_MAX + 1);
    ck_assert(is_held('a'));
    SUBMIT();
    ck_told("");
    dies(2, SIGKILL);
    ck_told("back 2 j1 no, a1 failed error SIG 9, give 1 j2, forget 2, start 3");
    ck_assert(!is_held('a'));
    dispatcher_worker_sends(the_worker(1), OUTPUT_MAX + 1);
    done(1);
    ck_assert(!is_held('a'));
    dispatcher_worker_sends(the_worker(1), OUTPUT_MAX + 1); /* it is on no job */
    hush_news();
}
END_TEST

/* What arrives counts as unread, and not twice. */
START_TEST(test_what_arrives_is_unread)
{
    open_reading(2, 2, 100);
    SUBMIT();
    unread('a', UNREAD_MAX / 2 + 1);
    dispatcher_worker_sends(the_worker(2), UNREAD_MAX / 2 - 1);
    ck_assert(!is_held('a'));
    dispatcher_worker_sends(the_worker(2), UNREAD_MAX / 2);
    ck_assert(is_held('a'));
    unread('a', 0);
    ck_assert(!is_held('a'));
    hush_news();
    SUBMIT();
    ck_told("give 1 j2");
    hooks.event = reads_result;
    done_with(2, UNREAD_MAX / 2);
    ck_told("a1 done");
    ck_assert(!is_held('a'));
    ck_assert_uint_eq(source_of('a')->source.arriving, 0);
}
END_TEST

/* ... also where less was expected. A smaller announcement changes nothing. */
START_TEST(test_more_comes_than_expected)
{
    open_reading(1, 1, 100);
    SUBMIT();
    done_with(1, 1500000);
    SUBMIT();
    ck_assert(!is_held('a'));
    dispatcher_worker_sends(the_worker(1), OUTPUT_MAX + 1);
    ck_assert(is_held('a'));
    dispatcher_worker_sends(the_worker(1), 1000);
    ck_assert(is_held('a'));
    done(1);
    ck_assert(!is_held('a'));
    hush_news();
}
END_TEST

/* Once a module's results become small, the guess follows by and by. */
START_TEST(test_large_results_are_forgotten)
{
    open_reading(1, 1, 100);
    SUBMIT();
    done_with(1, 1000000);
    ck_assert_uint_eq(modules[0].history.result_bytes, 1000000);
    for (int i = 0; i < 100; i++) {
        SUBMIT();
        done_with(1, 10);
    }
    ck_assert_uint_lt(modules[0].history.result_bytes, 20);
    hush_news();
}
END_TEST

/* The less is left of the common budget, the less each may have; a little is always left. */
START_TEST(test_budget_of_all)
{
    open_reading(1, 1, 100);
    told_budget = (struct payload_budget){.max = 10000000};
    shared.hold.output = &told_budget;
    told_budget.held = 9500000;
    unread('a', 600000);
    ck_assert(is_held('a'));
    told_budget.held = 12000000; /* others: it is over */
    unread('b', 60000);
    ck_assert(!is_held('b'));
    unread('b', 70000);
    ck_assert(is_held('b'));
    unread('b', 60000);
    ck_assert(!is_held('b'));
    unread('b', 70000);
    unread('c', 0);
    ck_assert(!is_held('c'));
    told_budget.held = 1000000;
    unread('b', 69999);
    ck_assert(!is_held('b'));
    unread('a', UNREAD_MAX / 2);
    ck_assert(!is_held('a'));
}
END_TEST

/* Expected results of all others reduce it as well. */
START_TEST(test_budget_and_what_comes)
{
    open_reading(1, 1, 100);
    told_budget = (struct payload_budget){.max = 10000000, .held = 9000000};
    shared.hold.output = &told_budget;
    SUBMIT(.source = 'b');
    dispatcher_worker_sends(the_worker(1), 700000);
    unread('a', 300000);
    ck_assert(!is_held('a'));
    unread('a', 300001);
    ck_assert(is_held('a'));
    done(1);
    unread('a', 300001);
    ck_assert(!is_held('a'));
    hush_news();
}
END_TEST

/* A reload changes the limits. */
START_TEST(test_limits_change)
{
    open_reading(1, 1, 100);
    unread('a', UNREAD_MAX + 1);
    SUBMIT();
    limits.source_unread_max = 4 * UNREAD_MAX;
    dispatch_shared_configure(&shared, &limits);
    dispatcher_configure(&d, &limits.pool, false);
    ck_assert(!is_held('a'));
    ck_told("give 1 j1");
}
END_TEST

/* A job may come back to the line while its source is held: its place is among its source's jobs.
 */
START_TEST(test_older_job_comes_back)
{
    open_reading(1, 1, 100);
    limits.pool.worker_window = 4;
    dispatch_shared_configure(&shared, &limits);
    dispatcher_configure(&d, &limits.pool, false);
    lazy = true;
    modules[0].history.mean_run_us = 100;
    for (int i = 0; i < 12; i++)
        SUBMIT();
    sim_begin(the_worker(1)->ops_data);
    finishes(1, (struct worker_answer){.type = JOB_DONE, .run_us = 10});
    reads(1);
    ck_assert_uint_gt(d.line.prefetched_count, 0);
    size_t prefetched = d.line.prefetched_count;
    hush_news();
    unread('a', UNREAD_MAX + 1);
    ck_assert_ptr_null(job_queue_first(&d.line.queue)); /* all others are passed */
    SUBMIT(.source = 'b');
    dispatcher_worker_silent(the_worker(1));
    hush_news();
    ck_assert_uint_eq(d.line.prefetched_count, 0);
    ck_assert_ptr_eq(job_queue_first(&d.line.queue), the_job(13));
    unread('a', 0);
    uint64_t seq = 3;
    struct job *job;
    while ((job = job_queue_first(&d.line.queue))) {
        ck_assert_uint_eq(job->seq, seq++);
        dispatcher_cancel(job, false);
    }
    ck_assert_uint_eq(seq, 14);
    ck_assert_uint_gt(prefetched, 1);
    hush_news();
}
END_TEST

/* Very many are passed in steps, and whoever stands behind them gets the idle worker. */
START_TEST(test_very_many_are_passed)
{
    open_reading(1, 1, 100000);
    unread('a', UNREAD_MAX + 1);
    silent = true;
    for (int i = 0; i < 5500; i++)
        SUBMIT();
    SUBMIT(.source = 'c', .module = 1);
    unread('b', UNREAD_MAX + 1);
    SUBMIT(.source = 'b');
    silent = false;
    hush_news();
    ck_assert(the_worker(1)->job || timer_is_set(&d.pass.more));
    for (int i = 0; i < 10 && !the_worker(1)->job; i++)
        turn();
    ck_assert_uint_eq(the_worker(1)->job->seq, 5501);
    hush_news();
    unread('a', 0);
    done(1);
    ck_told("c5501 done, give 1 j1");
    ck_assert_ptr_eq(job_queue_oldest(&d.line.queue), the_job(2));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("hold");
    TCase *tc = tcase_create("hold");
    tcase_add_checked_fixture(tc, NULL, world_close);
    tcase_add_test(tc, test_held_and_released);
    tcase_add_test(tc, test_others_pass);
    tcase_add_test(tc, test_held_jobs_wait);
    tcase_add_test(tc, test_held_jobs_want_no_worker);
    tcase_add_test(tc, test_held_jobs_are_bounded);
    tcase_add_test(tc, test_held_jobs_are_not_unavailable);
    tcase_add_test(tc, test_drain);
    tcase_add_test(tc, test_coming);
    tcase_add_test(tc, test_coming_is_announced);
    tcase_add_test(tc, test_more_comes_than_expected);
    tcase_add_test(tc, test_what_arrives_is_unread);
    tcase_add_test(tc, test_large_results_are_forgotten);
    tcase_add_test(tc, test_budget_of_all);
    tcase_add_test(tc, test_budget_and_what_comes);
    tcase_add_test(tc, test_limits_change);
    tcase_add_test(tc, test_older_job_comes_back);
    tcase_add_test(tc, test_very_many_are_passed);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
