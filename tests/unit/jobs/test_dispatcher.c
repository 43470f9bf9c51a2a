/* test_dispatcher: sources come and go, and the server drains and aborts. */
#include "tests/unit/jobs/recorder.h"

START_TEST(test_source_ended_with_thousands)
{
    open_idle(1, 1, 100000);
    for (int i = 0; i < 2500; i++)
        SUBMIT(.link = i % 2 == 1);
    hush_news();
    silent = true;
    struct job_source *source = &source_of('a')->source;
    ck_assert(!dispatcher_source_ended(&shared, source));
    ck_assert_uint_eq(source->job_count, 2000);
    ck_assert_uint_eq(source->untie->seq, 1500);
    done(1); /* jobs come and go meanwhile, also the next one in the batch */
    dispatcher_cancel(dispatcher_find(&shared, 1500), false);
    ck_assert_uint_eq(source->untie->seq, 1499);
    ck_assert(!dispatcher_source_ended(&shared, source));
    ck_assert(dispatcher_source_ended(&shared, source));
    ck_assert_uint_eq(source->job_count, 1250);
    ck_assert_uint_eq(shared.counts.failed[FAIL_CANCELLED], 1249); /* and job 2 is being stopped */
    ck_assert(dispatcher_source_ended(&shared, source));
    check_invariants();
}
END_TEST

START_TEST(test_source_ended)
{
    open_idle(2, 2, 10);
    SUBMIT(.link = true);
    SUBMIT();
    SUBMIT(.link = true);
    SUBMIT();
    SUBMIT(.source = 'b', .link = true);
    hush_news();
    dispatcher_source_ended(&shared, &source_of('a')->source);
    const char *got = news();
    ck_assert_msg(strcmp(got, "a3 failed cancelled, flag 2 j1") == 0 ||
                      strcmp(got, "flag 2 j1, a3 failed cancelled") == 0,
                  "%s", got);
    done(1); /* the others live, and their events are delivered */
    ck_told("a2 done, give 1 j4");
    done(1);
    ck_told("a4 done, give 1 j5");
    fails(2, "stopped");
    ck_told("a1 failed cancelled stop-flag");
    done(1);
    ck_told("b5 done");
}
END_TEST

/* A source that takes leave ends without failing. */
START_TEST(test_source_ended_with_and_without_leave)
{
    open_idle(1, 1, 10);
    SUBMIT(.link = JOB_LINKED_ON_FAILURE);
    SUBMIT(.link = JOB_LINKED);
    SUBMIT(.source = 'b', .link = JOB_LINKED_ON_FAILURE);
    hush_news();
    source_of('a')->source.leave = true;
    dispatcher_source_ended(&shared, &source_of('a')->source);
    ck_told("a2 failed cancelled");
    dispatcher_source_ended(&shared, &source_of('b')->source);
    ck_told("b3 failed cancelled");
    done(1);
    ck_told("a1 done");
}
END_TEST

START_TEST(test_source_gone_with_and_without_leave)
{
    open_idle(2, 2, 10);
    SUBMIT(.link = JOB_LINKED_ON_FAILURE);
    SUBMIT(.source = 'b', .link = JOB_LINKED_ON_FAILURE);
    hush_news();
    source_of('a')->source.leave = true;
    dispatcher_source_gone(&shared, &source_of('a')->source);
    ck_told("a1 left");
    dispatcher_source_gone(&shared, &source_of('b')->source);
    ck_told("b2 left, flag 1 j2");
    done(2);
    ck_assert_uint_eq(shared.counts.orphaned, 1);
}
END_TEST

/* Waiting ones are dropped, running ones finish and are counted as orphaned, tied ones are stopped;
 * nobody is told. */
START_TEST(test_source_gone)
{
    open_idle(3, 3, 10);
    SUBMIT(.started = true);
    SUBMIT(.link = true);
    SUBMIT(.source = 'b');
    SUBMIT(.accepted = true, .started = true);
    SUBMIT(.source = 'b');
    hush_news();
    ck_assert(dispatcher_source_gone(&shared, &source_of('a')->source));
    const char *got = news();
    ck_assert_ptr_nonnull(strstr(got, "a4 left"));
    ck_assert_ptr_nonnull(strstr(got, "flag 2 j2"));
    ck_assert_uint_eq(shared.counts.dropped, 1);
    ck_assert_uint_eq(shared.counts.orphaned, 0); /* once they have ended */
    ck_assert_uint_eq(shared.counts.running, 3);
    done(3); /* the worker is free again */
    ck_told("give 3 j5");
    ck_assert_uint_eq(shared.counts.orphaned, 1);
    fails(2, "stopped");
    done(1);
    ck_told("b3 done");
    ck_assert_uint_eq(shared.counts.orphaned, 2);
    ck_assert_uint_eq(shared.counts.failed[FAIL_CANCELLED], 0);
    ck_assert_uint_eq(sources[0].terminal, 0);
}
END_TEST

/* An orphaned job may die or run out of time, as any other. */
START_TEST(test_orphans_end)
{
    open_idle(2, 2, 10);
    SUBMIT(.timeout_ms = 500);
    SUBMIT();
    ck_assert(dispatcher_source_gone(&shared, &source_of('a')->source));
    hush_news();
    dies(1, SIGSEGV);
    ck_told("back 1 j2 no, forget 1, start 3");
    pass_ms(500 + GRACE_MS);
    ck_told("poll 2, flag 2 j1, poll 2, term 2, poll 2, kill 2");
    dies(2, SIGKILL);
    ck_told("forget 2, start 4");
    ck_assert_uint_eq(shared.counts.orphaned, 2);
}
END_TEST

/* Thousands go a batch at a time, the newest first, and none of them is run meanwhile. */
START_TEST(test_source_gone_with_thousands)
{
    open_idle(1, 1, 100000);
    for (int i = 0; i < 2500; i++)
        SUBMIT();
    uint64_t of_b = SUBMIT(.source = 'b');
    hush_news();
    silent = true;
    int batches = 1;
    while (!dispatcher_source_gone(&shared, &source_of('a')->source)) {
        check_invariants();
        ck_assert_int_lt(++batches, 10);
        if (batches == 2) { /* the worker is free in the midst of it */
            silent = false;
            done(1);
            check_invariants();
            pass_us(1); /* more than a batch of them stands before the next */
            char expected[32];
            snprintf(expected, sizeof expected, "give 1 j%ju", (uintmax_t)of_b);
            const char *told = news();
            ck_assert_ptr_nonnull(strstr(told, expected));
            ck_assert_ptr_null(strstr(told, "j2,"));
            silent = true;
        }
    }
    check_invariants();
    ck_assert_int_ge(batches, 2);
    ck_assert_uint_eq(shared.counts.dropped, 2499);
    ck_assert_uint_eq(shared.counts.orphaned, 1);
    ck_assert(dispatcher_source_gone(&shared, &source_of('a')->source)); /* nothing is left */
}
END_TEST

/* The rest never ran: it is dropped as well if the line fails or somebody else cancels it. */
START_TEST(test_source_gone_and_the_line_fails)
{
    open_idle(1, 1, 100000);
    for (int i = 0; i < 2500; i++)
        SUBMIT();
    silent = true;
    ck_assert(!dispatcher_source_gone(&shared, &source_of('a')->source));
    dispatcher_cancel(the_job(2), false);
    check_invariants();
    dispatcher_drain(&d, false);
    for (int i = 0; i < 10; i++)
        turn();
    done(1);
    ck_assert(dispatcher_source_gone(&shared, &source_of('a')->source));
    ck_assert_uint_eq(shared.counts.dropped, 2499);
    ck_assert_uint_eq(shared.counts.orphaned, 1);
}
END_TEST

/* A second signal ends the connections while the line still fails: the reason stays. */
START_TEST(test_source_ended_while_the_line_fails)
{
    open_idle(1, 1, 100000);
    for (int i = 0; i < 3500; i++)
        SUBMIT(.link = i > 0);
    silent = true;
    dispatcher_drain(&d, false);
    while (!dispatcher_source_ended(&shared, &source_of('a')->source))
        ;
    for (int i = 0; i < 10; i++)
        turn();
    ck_assert_uint_eq(shared.counts.failed[FAIL_SHUTDOWN], 3499);
    ck_assert_uint_eq(shared.counts.failed[FAIL_CANCELLED], 0);
    done(1);
}
END_TEST

START_TEST(test_drain)
{
    open_idle(3, 4, 10);
    for (int i = 0; i < 5; i++)
        SUBMIT();
    ck_told("give 3 j1, give 2 j2, give 1 j3, start 4");
    done(1);
    ck_told("a3 done, give 1 j4");
    done(1);
    done(1);
    ck_told("a4 done, give 1 j5, a5 done");
    SUBMIT(); /* 1, 2, 3 busy, 4 starting, one waits */
    SUBMIT();
    hush_news();
    dispatcher_drain(&d, false);
    ck_told("a7 failed shutdown, retire 4");
    SUBMIT(.source = 'b');
    ck_told("b8 failed shutdown");
    done(2); /* running ones finish; then their workers end */
    ck_told("a2 done, retire 2");
    dies(4, -0);
    dies(2, -0);
    ck_told("forget 4, forget 2"); /* none is started */
    dies(1, SIGSEGV);
    ck_told("back 1 j6 no, a6 failed error SIG 11, forget 1");
    ck_assert(!dispatcher_is_drained(&d));
    done(3);
    ck_told("a1 done, retire 3");
    ck_assert(!dispatcher_is_drained(&d));
    dies(3, -0);
    ck_told("forget 3");
    ck_assert(dispatcher_is_drained(&d));
    pass_ms(3600000);
    ck_told("");
}
END_TEST

/* A worker is killed if it does not end when told to. */
START_TEST(test_drain_stubborn)
{
    open_idle(1, 1, 10);
    dispatcher_drain(&d, false);
    ck_told("retire 1");
    pass_ms(GRACE_MS - 1);
    ck_told("");
    pass_ms(1);
    ck_told("kill 1");
    dies(1, SIGKILL);
    ck_told("forget 1");
    ck_assert(dispatcher_is_drained(&d));
}
END_TEST

START_TEST(test_drain_thousands)
{
    open_idle(1, 1, 10000);
    silent = true;
    for (int i = 0; i < 3501; i++)
        SUBMIT();
    dispatcher_drain(&d, false);
    check_invariants();
    ck_assert_uint_gt(dispatcher_waiting(&d), 0);
    done(1); /* the worker is free in the midst of it, and gets none of them */
    for (int i = 0; i < 10; i++)
        turn();
    ck_assert_uint_eq(dispatcher_waiting(&d), 0);
    ck_assert_uint_eq(shared.counts.failed[FAIL_SHUTDOWN], 3500);
    dies(1, -0);
    ck_assert(dispatcher_is_drained(&d));
}
END_TEST

/* While starts were held back: nothing is started any more. */
START_TEST(test_drain_in_backoff)
{
    open_pool(1, 1, 10);
    dies(1, -1);
    SUBMIT();
    hush_news();
    dispatcher_drain(&d, false);
    ck_told("a1 failed shutdown");
    ck_assert(dispatcher_is_drained(&d));
    pass_ms(3600000);
    ck_told("");
}
END_TEST

START_TEST(test_drain_empty)
{
    open_pool(0, 1, 10);
    ck_assert(!dispatcher_is_drained(&d));
    dispatcher_drain(&d, false);
    ck_assert(dispatcher_is_drained(&d));
}
END_TEST

START_TEST(test_abort)
{
    open_idle(2, 3, 10);
    SUBMIT();
    SUBMIT();
    SUBMIT();
    hush_news();
    dispatcher_drain(&d, false);
    ck_told("a3 failed shutdown, retire 3");
    dispatcher_abort(&d);
    const char *got = news();
    ck_assert_ptr_nonnull(strstr(got, "a1 failed shutdown sigkill"));
    ck_assert_ptr_nonnull(strstr(got, "a2 failed shutdown sigkill"));
    ck_assert_ptr_nonnull(strstr(got, "kill 3"));
    ck_assert_uint_eq(shared.counts.running, 0);
    ck_assert(!dispatcher_is_drained(&d)); /* they are not reaped yet */
    finishes(1, (struct worker_answer){.type = JOB_DONE});
    reads(1); /* too late */
    ck_told("");
    for (uint32_t id = 1; id <= 3; id++)
        dies(id, SIGKILL);
    ck_told("forget 1, forget 2, forget 3");
    ck_assert(dispatcher_is_drained(&d));
}
END_TEST

START_TEST(test_reaped_before_lost)
{
    open_idle(1, 1, 10);
    hush();
    dispatcher_worker_reaped(the_worker(1));
}
END_TEST

START_TEST(test_free_with_workers)
{
    open_idle(1, 1, 10);
    hush();
    dispatcher_free(&d);
    dispatch_shared_free(&shared);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("dispatcher");
    TCase *tc = recorder_case(suite, "dispatcher");
    tcase_add_test(tc, test_source_ended_with_thousands);
    tcase_add_test(tc, test_source_ended);
    tcase_add_test(tc, test_source_ended_with_and_without_leave);
    tcase_add_test(tc, test_source_gone_with_and_without_leave);
    tcase_add_test(tc, test_source_gone);
    tcase_add_test(tc, test_orphans_end);
    tcase_add_test(tc, test_source_gone_with_thousands);
    tcase_add_test(tc, test_source_gone_and_the_line_fails);
    tcase_add_test(tc, test_source_ended_while_the_line_fails);
    tcase_add_test(tc, test_drain);
    tcase_add_test(tc, test_drain_stubborn);
    tcase_add_test(tc, test_drain_thousands);
    tcase_add_test(tc, test_drain_in_backoff);
    tcase_add_test(tc, test_drain_empty);
    tcase_add_test(tc, test_abort);
    tc = recorder_case(suite, "own bugs");
    tcase_add_test_raise_signal(tc, test_reaped_before_lost, SIGABRT);
    tcase_add_test_raise_signal(tc, test_free_with_workers, SIGABRT);
    return run_suite(suite);
}
