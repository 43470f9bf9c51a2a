/*
 * test_refusal: workers that cannot begin a job. The job goes on to another worker, starts once
 * for its source, and if the module always refuses, its own jobs alone fail.
 */
#include "tests/unit/jobs/recorder.h"

enum { ECHO = 0, FIB = 1 };

/* Idle workers, 1 to be taken first; each has had `jobs` jobs. */
static void open_used(uint32_t workers, uint32_t pool_max, int jobs)
{
    limits = (struct job_settings){
        .pool.pool_start = workers,
        .pool.pool_max = pool_max,
        .pool.job_max = 5000,
        .start_timeout_ms = START_TIMEOUT_MS,
        .kill_grace_ms = GRACE_MS,
        .breaker_window_ms = 10000,
        .breaker_pause_ms = 5000,
        .pool.worker_window = 1,
    };
    world_open();
    dispatcher_start(&d);
    for (uint32_t id = workers; id >= 1; id--)
        ready(id);
    for (int i = 0; i < jobs; i++) {
        for (uint32_t id = 1; id <= workers; id++)
            SUBMIT();
        for (uint32_t id = workers; id >= 1; id--)
            done(id);
    }
    hush_news();
}

static struct worker_answer unfit(void)
{
    struct worker_answer answer = a_failure(FAIL_UNAVAILABLE, NULL);
    answer.unfit = true;
    return answer;
}

/* The worker cannot begin its job, and says so. */
static void refuses(uint32_t id)
{
    finishes(id, unfit());
    reads(id);
}

static void ends(uint32_t id)
{
    dies(id, -0);
}

/* The job goes to another worker as if nothing had been, and the bad one is replaced. */
START_TEST(test_another_worker_does_it)
{
    open_used(3, 3, 1);
    SUBMIT(.started = true, .timeout_ms = 500);
    SUBMIT();
    ck_told("give 1 j4 500ms, a4 started 1 #4, give 2 j5");
    pass_ms(400);
    refuses(1);
    ck_told("retire 1, give 3 j4 500ms");
    ck_assert_uint_eq(the_job(4)->run.order, 4);
    ends(1);
    ck_told("forget 1");
    pass_ms(300); /* its time has begun anew; and the place is taken again after a pause */
    ck_told("start 4");
    done(3);
    ck_told("a4 done");
    ready(4);
    SUBMIT();
    ck_told("give 4 j6");
    ck_assert_uint_eq(sum(shared.counts.failed, FAIL_REASONS), 0);
    ck_assert_uint_eq(modules[ECHO].history.refusals, 0);
}
END_TEST

/* Three hundred jobs beside one bad worker: none of them ends for it. */
START_TEST(test_a_bad_worker_does_not_eat_the_line)
{
    open_used(4, 4, 1);
    silent = true;
    for (int i = 0; i < 300; i++)
        SUBMIT();
    refuses(1);
    ends(1);
    while (shared.counts.done < 304) {
        for (uint32_t id = 2; id <= 4; id++)
            if (the_worker(id)->job)
                done(id);
        check_invariants();
    }
    ck_assert_uint_eq(sum(shared.counts.failed, FAIL_REASONS), 0);
    ck_assert_uint_eq(d.pool.exits, 1);
}
END_TEST

/* One worker: it is replaced, and the fresh one's word is final. The refusal holds for a while. */
START_TEST(test_pool_of_one)
{
    open_used(1, 1, 1);
    SUBMIT(.started = true);
    refuses(1);
    ck_told("give 1 j2, a2 started 1 #2, retire 1");
    ends(1);
    ck_told("forget 1");
    pass_ms(130);
    ck_told("start 2");
    ready(2);
    ck_told("give 2 j2");
    refuses(2);
    ck_told("a2 failed unavailable");
    for (int i = 0; i < 3; i++)
        SUBMIT();
    ck_told("a3 failed unavailable, a4 failed unavailable, a5 failed unavailable");
    SUBMIT(.module = FIB); /* others are served */
    done(2);
    ck_told("give 2 j6, a6 done");
    pass_ms(5000);
    SUBMIT();
    refuses(2);
    ck_told("give 2 j7, retire 2");
    ends(2);
    pass_ms(130);
    ready(3);
    ck_told("forget 2, start 3, give 3 j7");
    done(3);
    ck_told("a7 done");
    ck_assert_uint_eq(modules[ECHO].history.refusals, 0);
}
END_TEST

/* A fresh worker has refused. After the pause any worker may begin the probe. */
START_TEST(test_a_probe_that_is_begun_ends_all_doubt)
{
    open_used(1, 1, 1);
    SUBMIT();
    refuses(1);
    ends(1);
    pass_ms(130);
    ready(2);
    refuses(2);
    ck_told("give 1 j2, retire 1, forget 1, start 2, give 2 j2, a2 failed unavailable");
    pass_ms(5000);
    SUBMIT();
    done(2);
    SUBMIT();
    refuses(2);
    ck_told("give 2 j3, a3 done, give 2 j4, retire 2");
}
END_TEST

/* The word of a fresh worker holds longer each time, up to half a minute. */
START_TEST(test_the_pause_doubles)
{
    static const uint64_t pauses_ms[] = {5000, 10000, 20000, 40000, 60000, 60000};
    open_used(1, 1, 1);
    silent = true;
    uint32_t id = 1;
    for (size_t i = 0; i < SUPPORT_COUNT(pauses_ms); i++) {
        SUBMIT();
        refuses(id);
        ends(id);
        pass_ms(130);
        ready(++id);
        refuses(id);
        ck_assert_uint_eq(shared.counts.failed[FAIL_UNAVAILABLE], i + 1);
        ck_assert_uint_eq(modules[ECHO].breaker.until_us, timers.now_us + pauses_ms[i] * 1000);
        pass_ms(pauses_ms[i]);
    }
}
END_TEST

/* Two used workers cannot: the job is set aside, and a fresh one gets the job first. */
START_TEST(test_set_aside)
{
    open_used(2, 2, 1);
    SUBMIT(.accepted = true);
    SUBMIT(.module = FIB);
    refuses(1);
    ck_told("a3 accepted 0, give 1 j3, give 2 j4, retire 1");
    ends(1);
    pass_ms(130);
    done(2);
    ck_told("forget 1, start 3, a4 done, give 2 j3");
    pass_ms(1200); /* no start is held back any more */
    refuses(2);
    ck_told("");
    ck_assert_uint_eq(d.aside.count, 1);
    SUBMIT(.module = FIB);
    ck_told("give 2 j5"); /* others pass it: this worker serves on while a start is under way */
    SUBMIT(.module = FIB);
    ck_told("");
    ready(3);
    ck_told("give 3 j3");
    done(3);
    ck_told("a3 done, give 3 j6");
}
END_TEST

/* A fresh worker has begun a job of the module. So the other jobs set aside need no further one,
 * and it stays, though all places are taken. */
START_TEST(test_a_fresh_worker_that_can_stays)
{
    open_used(2, 2, 1);
    SUBMIT();
    SUBMIT();
    refuses(1);
    refuses(2);
    refuses(2);
    ck_told("give 1 j3, give 2 j4, retire 1, give 2 j3");
    ck_assert_uint_eq(d.aside.count, 2);
    ends(1);
    pass_ms(130);
    ready(3);
    ck_told("forget 1, start 3, give 3 j4");
    done(3);
    ck_told("a4 done");
    pass_ms(1);
    ck_told("give 3 j3");
    done(3);
    ck_told("a3 done");
}
END_TEST

/* Jobs may be cancelled on their way back to the line; they leave nothing behind. */
START_TEST(test_cancelled_on_the_way_back)
{
    open_used(2, 2, 1);
    SUBMIT();
    SUBMIT();
    refuses(1);
    refuses(2);
    refuses(2);
    ends(1);
    pass_ms(130);
    ready(3);
    done(3);
    dispatcher_cancel(the_job(3), false);
    hush_news();
    pass_ms(1);
    ck_assert_uint_eq(d.aside.count, 0);
    ck_assert_uint_eq(d.aside.leaving, 0);
}
END_TEST

/* A module refuses everywhere, with many jobs of it and of another at once. */
START_TEST(test_an_always_refusing_module)
{
    open_used(4, 4, 1);
    silent = true;
    for (int i = 0; i < 500; i++)
        SUBMIT(.module = i % 2 ? FIB : ECHO);
    uint32_t last = 4;
    for (int turns = 0; shared.jobs.count; turns++) {
        ck_assert_int_lt(turns, 5000);
        size_t alive = d.pool.counts[WORKER_IDLE] + d.pool.counts[WORKER_BUSY];
        ck_assert_uint_ge(alive, 3); /* one at a time is replaced */
        for (uint32_t id = 1; id <= shared.last_worker; id++) {
            struct worker *worker = pool_find(&d.pool, id);
            if (worker && worker_is_ending(worker))
                ends(id);
            else if (worker && worker->state == WORKER_STARTING)
                ready(id);
            else if (worker && worker->job && worker->job->asked.module == &modules[FIB])
                done(id);
            else if (worker && worker->job)
                refuses(id);
        }
        last = shared.last_worker;
        pass_ms(1);
    }
    ck_assert_uint_eq(shared.counts.failed[FAIL_UNAVAILABLE], 250);
    ck_assert_uint_eq(shared.counts.done, 254);
    ck_assert_uint_le(last, 6);
}
END_TEST

/* No other worker can be started: the jobs of the bad one end in time. */
START_TEST(test_starts_fail)
{
    open_used(1, 2, 1);
    no_forks = true;
    SUBMIT(.module = FIB);
    SUBMIT(.module = FIB);
    ck_told("give 1 j2, start 2, forget 2"); /* held back from now on */
    done(1);
    done(1);
    ck_told("a2 done, give 1 j3, a3 done");
    SUBMIT();
    refuses(1);
    ck_told("give 1 j4");
    ck_assert_uint_eq(d.aside.count, 1);
    SUBMIT(.module = FIB);
    done(1);
    ck_told("give 1 j5, a5 done");
    silent = true;
    pass_ms(START_TIMEOUT_MS + 500);
    ck_assert_uint_eq(shared.counts.failed[FAIL_UNAVAILABLE], 1);
    ck_assert_uint_eq(d.pool.counts[WORKER_IDLE], 1);
    SUBMIT(); /* others of the module need not wait as long */
    ck_assert_uint_eq(shared.counts.failed[FAIL_UNAVAILABLE], 2);
}
END_TEST

/* Likewise beside healthy ones: they have the job, and not the bad one once more. */
START_TEST(test_starts_fail_beside_idle_ones)
{
    open_used(3, 4, 1);
    timer_set_ms(&timers, &d.starts.pause, 60000); /* nothing is replaced */
    SUBMIT();
    refuses(1);
    ck_told("give 1 j4, give 2 j4");
    done(2);
    SUBMIT();
    refuses(2);
    ck_told("a4 done, give 2 j5, give 3 j5");
    SUBMIT(); /* while nobody has begun a job of the module since */
    refuses(2);
    ck_told("give 2 j6");
    ck_assert_uint_eq(d.aside.count, 1);
    done(3);
    turn();
    ck_told("a5 done, give 3 j6");
    refuses(3); /* all have, by now */
    ck_told("");
    ck_assert_uint_eq(d.aside.count, 1);
}
END_TEST

/* The bad one may have had it twice when others become free. */
START_TEST(test_refused_twice_while_starts_fail)
{
    open_used(2, 3, 1);
    timer_set_ms(&timers, &d.starts.pause, 60000);
    SUBMIT();
    SUBMIT();
    refuses(1);
    done(2);
    ck_told("give 1 j3, give 2 j4, a4 done");
    SUBMIT(.module = FIB);
    turn();
    ck_told("give 2 j5, give 1 j3"); /* for a job of the module has been begun */
    done(2);
    refuses(1);
    ck_told("a5 done, give 2 j3");
}
END_TEST

/* But not while its source is held. */
START_TEST(test_given_back_to_a_held_source)
{
    open_used(2, 3, 1);
    limits.source_unread_max = 1000;
    dispatch_shared_configure(&shared, &limits);
    dispatcher_configure(&d, &limits.pool, false);
    timer_set_ms(&timers, &d.starts.pause, 60000);
    SUBMIT();
    dispatcher_source_unread(&shared, &source_of('a')->source, 1001);
    refuses(1);
    ck_told("give 1 j3");
    ck_assert_uint_eq(d.aside.count, 1);
}
END_TEST

/* All places are taken: an idle worker gives way to a fresh one. */
START_TEST(test_room_for_a_fresh_worker)
{
    open_used(2, 2, 1);
    limits.pool.pool_max = 3;
    dispatch_shared_configure(&shared, &limits);
    dispatcher_configure(&d, &limits.pool, false);
    no_forks = true;
    SUBMIT(.module = FIB);
    SUBMIT(.module = FIB);
    SUBMIT();
    hush_news();
    limits.pool.pool_max = 2;
    dispatch_shared_configure(&shared, &limits);
    dispatcher_configure(&d, &limits.pool, false);
    no_forks = false;
    done(1);
    refuses(1);
    ck_told("a3 done, give 1 j5");
    ck_assert_uint_eq(d.aside.count, 1);
    pass_ms(200);
    ck_told("retire 1");
    ends(1);
    ready(4);
    ck_told("forget 1, start 4, give 4 j5");
    done(4);
    ck_told("a5 done");
}
END_TEST

/* As many as are set aside while a start is awaited go back to the line with the first word. */
static void open_many_aside(void)
{
    open_used(2, 2, 1);
    silent = true;
    for (int i = 0; i < 2500; i++)
        SUBMIT();
    refuses(1);
    while (d.aside.count < 2499 && the_worker(2)->job)
        refuses(2);
    ck_assert_uint_ge(d.aside.count, 2490);
    ends(1);
}

START_TEST(test_thousands_set_aside_and_refused)
{
    open_many_aside();
    pass_ms(130);
    ready(3);
    refuses(3);
    for (int i = 0; shared.jobs.count; i++) {
        ck_assert_int_lt(i, 10000);
        for (uint32_t id = 2; id <= 3; id++)
            if (the_worker(id)->job)
                refuses(id);
        turn();
    }
    ck_assert_uint_eq(shared.counts.failed[FAIL_UNAVAILABLE], 2500);
    ck_assert_uint_eq(d.pool.exits, 1);
}
END_TEST

START_TEST(test_thousands_set_aside_and_done)
{
    open_many_aside();
    pass_ms(130);
    ready(3);
    for (int i = 0; shared.jobs.count; i++) {
        ck_assert_int_lt(i, 10000);
        struct worker *bad = pool_find(&d.pool, 2);
        if (bad && bad->job)
            refuses(2);
        if (bad && worker_is_ending(bad))
            ends(2);
        for (uint32_t id = 3; id <= shared.last_worker; id++) {
            struct worker *worker = pool_find(&d.pool, id);
            if (worker && worker->state == WORKER_STARTING)
                ready(id);
            else if (worker && worker->job)
                done(id);
        }
        pass_ms(1);
    }
    ck_assert_uint_eq(shared.counts.done, 2502);
}
END_TEST

/* Jobs set aside wait as any other. */
START_TEST(test_ends_of_those_set_aside)
{
    open_used(1, 1, 1);
    no_forks = true;
    SUBMIT();
    refuses(1);
    ends(1);
    pass_ms(200);
    modules[ECHO].history.refusals = 1;
    no_forks = false;
    pass_ms(1000);
    ready(shared.last_worker);
    done(shared.last_worker);
    uint32_t id = shared.last_worker;
    timer_set_ms(&timers, &d.starts.pause, 60000); /* nothing is replaced */
    for (char source = 'a'; source <= 'd'; source++) {
        SUBMIT(.source = source);
        refuses(id);
    }
    ck_assert_uint_eq(d.aside.count, 4);
    ck_assert_uint_eq(dispatcher_waiting(&d), 4);
    hush_news();
    dispatcher_cancel(the_job(3), false);
    ck_told("a3 failed cancelled");
    ck_assert(dispatcher_source_gone(&shared, &source_of('b')->source));
    ck_told("b4 left");
    dispatcher_drain(&d, false);
    ck_told("retire 3");
    turn();
    ck_told("c5 failed shutdown, d6 failed shutdown");
    ck_assert_uint_eq(d.aside.count, 0);
}
END_TEST

/* It was to be stopped, nobody wants it, or the server ends: then it does not wait again. */
START_TEST(test_not_given_back)
{
    open_used(4, 4, 1);
    SUBMIT(.source = 'a');
    SUBMIT(.source = 'b');
    hush_news();
    dispatcher_cancel(the_job(5), false);
    refuses(1);
    ck_told("flag 1 j5, a5 failed cancelled stop-flag");
    dispatcher_source_gone(&shared, &source_of('b')->source);
    refuses(2);
    ck_told("b6 left, retire 2");
    SUBMIT(.source = 'c');
    hush_news();
    dispatcher_drain(&d, false);
    hush_news();
    refuses(1);
    ck_told("c7 failed shutdown, retire 1");
    ck_assert_uint_eq(shared.counts.dropped, 1);
}
END_TEST

/* A worker dies before it has begun its job: another does the job, but only once. */
START_TEST(test_lost_before_it_has_begun)
{
    open_used(3, 3, 1);
    lazy = true;
    SUBMIT(.started = true);
    ck_told("give 1 j4, a4 started 1 #4");
    lost(1, SIGKILL);
    ck_told("back 1 j4 yes, give 2 j4");
    lost(2, SIGKILL);
    ck_told("a4 failed error SIG 9");
}
END_TEST

/* A reload may have mended it: nobody waits any longer, and nothing is known of the module. */
START_TEST(test_reload)
{
    open_used(2, 3, 1);
    timer_set_ms(&timers, &d.starts.pause, 60000);
    SUBMIT();
    refuses(1);
    refuses(2);
    ck_assert_uint_eq(d.aside.count, 1);
    hush_news();
    modules[ECHO].history.refusals = 0; /* as the table does */
    dispatch_shared_configure(&shared, &limits);
    dispatcher_configure(&d, &limits.pool, true);
    ck_told("start 3");
    turn();
    ck_told("give 2 j3");
    refuses(2); /* one of before is needed until the new one is there */
    ck_told("");
    ready(3);
    ck_told("give 3 j3, retire 1");
    done(3);
    ck_told("a3 done");
}
END_TEST

/* Jobs of a refusing module wait for a fresh worker while others are free. No more of them wait
 * than may, and other modules are served. */
START_TEST(test_no_more_set_aside_than_may_wait)
{
    open_used(2, 2, 1);
    limits.pool.job_max = 3;
    dispatch_shared_configure(&shared, &limits);
    dispatcher_configure(&d, &limits.pool, false);
    SUBMIT();
    SUBMIT(.module = FIB);
    refuses(1);
    ck_told("give 1 j3, give 2 j4, retire 1");
    done(2);
    ck_told("a4 done, give 2 j3");
    refuses(2);
    silent = true;
    for (int i = 0; i < 20; i++) {
        SUBMIT();
        if (the_worker(2)->job)
            refuses(2);
    }
    silent = false;
    ck_assert_uint_eq(dispatcher_waiting(&d), 3);
    ck_assert_uint_eq(shared.counts.overload[OVERLOAD_QUEUE_FULL], 18);
    SUBMIT(.module = FIB);
    done(2);
    ck_told("give 2 j25, a25 done");
}
END_TEST

/* A worker about to be replaced may have begun its next prefetched job. */
START_TEST(test_prefetched)
{
    open_used(1, 1, 1);
    limits.pool.worker_window = 4;
    dispatch_shared_configure(&shared, &limits);
    dispatcher_configure(&d, &limits.pool, false);
    lazy = true;
    for (int i = 0; i < 20; i++)
        SUBMIT(.module = FIB);
    ck_assert(sim_begin(the_worker(1)->ops_data));
    done(1);
    hush_news();
    ck_assert_uint_eq(the_worker(1)->prefetched_count, 3);
    struct sim_worker *sim = the_worker(1)->ops_data;
    ck_assert(sim_begin(sim));
    finishes(1, unfit());
    ck_assert(sim_begin(sim));
    reads(1);
    ck_told("back 1 j4 no, back 1 j5 yes, back 1 j6 yes");
    finishes(1, (struct worker_answer){.type = JOB_DONE});
    reads(1);
    ck_told("a4 done, retire 1");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("refusal");
    TCase *tc = tcase_create("refusal");
    tcase_add_checked_fixture(tc, NULL, world_close);
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, test_another_worker_does_it);
    tcase_add_test(tc, test_a_bad_worker_does_not_eat_the_line);
    tcase_add_test(tc, test_pool_of_one);
    tcase_add_test(tc, test_a_probe_that_is_begun_ends_all_doubt);
    tcase_add_test(tc, test_the_pause_doubles);
    tcase_add_test(tc, test_set_aside);
    tcase_add_test(tc, test_a_fresh_worker_that_can_stays);
    tcase_add_test(tc, test_cancelled_on_the_way_back);
    tcase_add_test(tc, test_an_always_refusing_module);
    tcase_add_test(tc, test_starts_fail);
    tcase_add_test(tc, test_starts_fail_beside_idle_ones);
    tcase_add_test(tc, test_refused_twice_while_starts_fail);
    tcase_add_test(tc, test_given_back_to_a_held_source);
    tcase_add_test(tc, test_room_for_a_fresh_worker);
    tcase_add_test(tc, test_thousands_set_aside_and_refused);
    tcase_add_test(tc, test_thousands_set_aside_and_done);
    tcase_add_test(tc, test_ends_of_those_set_aside);
    tcase_add_test(tc, test_not_given_back);
    tcase_add_test(tc, test_lost_before_it_has_begun);
    tcase_add_test(tc, test_reload);
    tcase_add_test(tc, test_no_more_set_aside_than_may_wait);
    tcase_add_test(tc, test_prefetched);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
