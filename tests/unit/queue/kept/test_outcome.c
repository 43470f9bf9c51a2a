/* test_outcome: what comes back from the master, line by line of the table. */
#include "tests/unit/queue/kept/kept_world.h"

static void handed(struct wish wish)
{
    submit_as('a', wish);
    settle();
    ck_told("submit q1");
}
#define HANDED(...) handed((struct wish){__VA_ARGS__})

static void ck_run(uint64_t seq, enum stored_state state, uint32_t attempt, uint32_t losses)
{
    ck_assert_int_eq(row(seq)->run.state, state);
    ck_assert_uint_eq(row(seq)->run.attempt, attempt);
    ck_assert_uint_eq(row(seq)->run.losses, losses);
}

START_TEST(test_failures)
{
    static const char *const reasons[] = {"module",  "too-large", "timeout",  "cancelled",
                                          "expired", "error",     "something"};
    char expected[100];
    for (size_t i = 0; i < SUPPORT_COUNT(reasons); i++) {
        SUBMIT('a', 0);
        settle();
        snprintf(expected, sizeof expected, "submit q%zu", i + 1);
        ck_told(expected);
        fails(i + 1, reasons[i]);
        snprintf(expected, sizeof expected, "a failed q%zu %s", i + 1, reasons[i]);
        ck_told(expected);
        ck_assert_str_eq(row(i + 1)->outcome.fields, ",\"message\":\"why\"");
        ck_assert_ptr_nonnull(row(i + 1)->input.data); /* for another run */
        ck_run(i + 1, STORED_ENDED, 1, 0);
    }
}
END_TEST

START_TEST(test_refused_by_the_master)
{
    HANDED(0);
    ends(1, (struct kept_end){.type = KEPT_END_ERROR,
                              .reason = "bad-request",
                              .fields = ",\"code\":\"bad-request\""});
    ck_told("a failed q1 error");
    ck_assert_str_eq(row(1)->outcome.fields, ",\"code\":\"bad-request\"");
}
END_TEST

/* Rights that our token has lost are given back, or hold-max-ms is over. */
START_TEST(test_denied_by_the_master)
{
    const struct kept_end denied = {
        .type = KEPT_END_ERROR, .reason = "denied", .fields = ",\"code\":\"denied\""};
    HANDED(0);
    ends(1, denied);
    ck_told("");
    ck_run(1, STORED_WAITING, 0, 0);
    settings.hold_max_ms = 0;
    keep_configure(keep, &settings);
    pass_ms(1010);
    ck_told("submit q1");
    ends(1, denied);
    ck_told("a failed q1 error");
}
END_TEST

START_TEST(test_overload)
{
    HANDED(0);
    ends(1, (struct kept_end){.type = KEPT_END_OVERLOAD, .reason = "queue-full"});
    ck_told("");
    ck_run(1, STORED_WAITING, 0, 0);
    SUBMIT('b', 0);
    pass_ms(40);
    ck_told("");
    pass_ms(20);
    ck_told("submit q1"); /* one at a time, until it is begun */
    starts(1);
    ck_told("submit q2");
    ends(2,
         (struct kept_end){.type = KEPT_END_OVERLOAD, .reason = "memory", .retry_after_ms = 500});
    pass_ms(490);
    ck_told("");
    pass_ms(20);
    ck_told("submit q2");
    ck_assert_uint_eq(keep_counts(keep)->overloads, 2);
}
END_TEST

/* Another module is not held by it. */
START_TEST(test_overload_of_one)
{
    HANDED(0);
    ends(1, (struct kept_end){
                .type = KEPT_END_OVERLOAD, .reason = "queue-full", .retry_after_ms = 5000});
    SUBMIT('b', .wish.module = "fib");
    settle();
    ck_told("submit q2");
}
END_TEST

START_TEST(test_shutdown)
{
    HANDED(0);
    fails(1, "shutdown");
    ck_told("");
    ck_run(1, STORED_WAITING, 0, 0);
    pass_ms(60000);
    ck_told("");
    keep_master_gone(keep);
    master_up("k1"); /* the same one, still draining */
    pass_ms(60000);
    ck_told("");
    keep_master_gone(keep);
    master_up("k2");
    settle();
    ck_told("submit q1");
    ends(1, (struct kept_end){.type = KEPT_END_FAILED, .reason = "shutdown", .has_order = true});
    ck_run(1, STORED_WAITING, 1, 0);
}
END_TEST

START_TEST(test_gone)
{
    HANDED(0);
    SUBMIT('b', 0);
    settle();
    ck_told("submit q2");
    starts(1);
    keep_master_gone(keep);
    settle();
    ck_run(1, STORED_WAITING, 1, 1);
    ck_run(2, STORED_WAITING, 0, 0);
    ck_assert_ptr_null(keep_handed(keep, 1));
    master_up("k1");
    pass_ms(5900);
    ck_told(""); /* it is ending them: kill-grace-ms and a second */
    pass_ms(200);
    ck_told("submit q1 again 2, submit q2");
    keep_master_gone(keep);
    master_up("k2");
    settle();
    ck_told("submit q1 again 2, submit q2");
}
END_TEST

START_TEST(test_poison_by_losses)
{
    HANDED(.wish.retries = 100, .wish.retry_on = 15);
    for (uint32_t i = 1; i <= 2; i++) {
        char boot[8];
        starts(1);
        keep_master_gone(keep);
        settle();
        ck_run(1, STORED_WAITING, i, i);
        snprintf(boot, sizeof boot, "m%u", i);
        master_up(boot);
        settle();
    }
    ck_told("submit q1 again 2, submit q1 again 3");
    starts(1);
    keep_master_gone(keep);
    settle();
    ck_told("a failed q1 poison");
    ck_run(1, STORED_ENDED, 3, 3);
    ck_assert_uint_eq(keep_counts(keep)->poisoned, 1);
}
END_TEST

START_TEST(test_poison_by_crashes)
{
    const struct kept_end crash_end = {
        .type = KEPT_END_FAILED, .reason = "error", .is_crash = true, .has_order = true};
    HANDED(.wish.retries = 100, .wish.retry_on = RETRY_ON_ERROR);
    ends(1, crash_end);
    ends(1, crash_end);
    ck_told("submit q1 again 2, submit q1 again 3");
    ends(1, crash_end);
    ck_told("a failed q1 poison");
}
END_TEST

START_TEST(test_cancelled_while_away)
{
    HANDED(0);
    starts(1);
    asks(KEPT_ASK_CANCEL, 1);
    ck_told("stop q1, ok q1");
    ck_assert(row(1)->run.is_cancelled);
    keep_master_gone(keep);
    settle();
    ck_told("a failed q1 cancelled");
    ck_assert_ptr_nonnull(strstr(row(1)->outcome.fields, ",\"by\":\"client\""));
    ck_assert_uint_eq(keep_counts(keep)->cancelled, 1);
}
END_TEST

/* The result was first. */
START_TEST(test_cancelled_and_done)
{
    HANDED(0);
    asks(KEPT_ASK_KILL, 1);
    ck_told("kill q1, ok q1");
    done(1);
    ck_told("a done q1");
}
END_TEST

/* Nothing is tried again, and nothing goes back. */
START_TEST(test_cancelled_and_not_run_again)
{
    static const struct kept_end all[] = {
        {.type = KEPT_END_OVERLOAD, .reason = "queue-full"},
        {.type = KEPT_END_FAILED, .reason = "shutdown"},
        {.type = KEPT_END_FAILED, .reason = "unavailable"},
        {.type = KEPT_END_FAILED,
         .reason = "cancelled",
         .fields = ",\"by\":\"submitter\",\"message\":\"m\""},
    };
    for (size_t i = 0; i < SUPPORT_COUNT(all); i++) {
        char boot[8], expected[100];
        snprintf(boot, sizeof boot, "n%zu", i);
        master_up(boot);
        pass_ms(3000);
        SUBMIT('a', .wish.retries = 5, .wish.retry_on = 15);
        settle();
        asks(KEPT_ASK_CANCEL, i + 1);
        ends(i + 1, all[i]);
        snprintf(expected, sizeof expected,
                 "submit q%zu, stop q%zu, ok q%zu, a failed q%zu cancelled", i + 1, i + 1, i + 1,
                 i + 1);
        ck_told(expected);
        ck_assert_ptr_nonnull(strstr(row(i + 1)->outcome.fields, ",\"by\":\"client\""));
        ck_assert_ptr_null(strstr(row(i + 1)->outcome.fields, "submitter"));
    }
}
END_TEST

START_TEST(test_too_large_for_the_master)
{
    keep_master_up(keep,
                   &(struct kept_master_about){.boot = "small", .payload_max = 1, .job_max = 10});
    SUBMIT('a', 0);
    settle();
    ck_told("a failed q1 too-large");
    ck_run(1, STORED_ENDED, 0, 0);
    SUBMIT('a', .input = "x");
    settle();
    ck_told("submit q2");
}
END_TEST

/* An end, and the loss of the master, amid the writing of a cancel. */
START_TEST(test_late)
{
    struct kept_ask cancels[2];
    HANDED(0);
    SUBMIT('b', 0);
    settle();
    ck_told("submit q2");
    asks_in_flight(&cancels[0], KEPT_ASK_CANCEL, 1);
    asks_in_flight(&cancels[1], KEPT_ASK_CANCEL, 2);
    keep_turn(keep); /* the marks are posted */
    kept_on_end(keep_handed(keep, 1),
                &(struct kept_end){.type = KEPT_END_DONE, .fields = "", .delay_ms = -1});
    keep_master_gone(keep);
    ck_assert_ptr_null(keep_handed(keep, 1));
    ck_assert_ptr_null(keep_handed(keep, 2));
    settle();
    ck_told("ok q1, ok q2, a done q1, b failed q2 cancelled");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("outcome");
    TCase *tests = tcase_create("all");
    tcase_add_checked_fixture(tests, open_world, close_world);
    tcase_add_test(tests, test_failures);
    tcase_add_test(tests, test_refused_by_the_master);
    tcase_add_test(tests, test_denied_by_the_master);
    tcase_add_test(tests, test_overload);
    tcase_add_test(tests, test_overload_of_one);
    tcase_add_test(tests, test_shutdown);
    tcase_add_test(tests, test_gone);
    tcase_add_test(tests, test_poison_by_losses);
    tcase_add_test(tests, test_poison_by_crashes);
    tcase_add_test(tests, test_cancelled_while_away);
    tcase_add_test(tests, test_cancelled_and_done);
    tcase_add_test(tests, test_cancelled_and_not_run_again);
    tcase_add_test(tests, test_too_large_for_the_master);
    tcase_add_test(tests, test_late);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
