/* test_retry: failed runs are tried again. */
#include "tests/unit/queue/kept/kept_world.h"

START_TEST(test_pauses_double)
{
    SUBMIT('a', .wish.retries = 3, .wish.retry_on = RETRY_ON_ERROR, .wish.retry_delay_ms = 1000,
           .wants = KEPT_WANTS_RETRY);
    settle();
    fails(1, "error");
    ck_told("submit q1, a retry q1 1 error 1000");
    ck_assert_int_eq(row(1)->run.state, STORED_DELAYED);
    pass_ms(990);
    ck_told("");
    pass_ms(20);
    ck_told("submit q1 again 2");
    fails(1, "error");
    ck_told("a retry q1 2 error 2000");
    pass_ms(2010);
    ck_told("submit q1 again 3");
    fails(1, "error");
    pass_ms(4010);
    ck_told("a retry q1 3 error 4000, submit q1 again 4");
    fails(1, "error");
    ck_told("a failed q1 error");
    ck_assert_uint_eq(keep_counts(keep)->retried, 3);
    ck_assert_uint_eq(keep_counts(keep)->failed, 1);
}
END_TEST

START_TEST(test_at_most_an_hour)
{
    SUBMIT('a', .wish.retries = 100, .wish.retry_on = RETRY_ON_TIMEOUT,
           .wish.retry_delay_ms = 3000000, .wants = KEPT_WANTS_RETRY);
    settle();
    fails(1, "timeout");
    pass_ms(3000100);
    fails(1, "timeout");
    ck_told("submit q1, a retry q1 1 timeout 3000000, submit q1 again 2, "
            "a retry q1 2 timeout 3600000");
}
END_TEST

START_TEST(test_only_as_wished)
{
    SUBMIT('a', .wish.retries = 3, .wish.retry_on = RETRY_ON_ERROR | RETRY_ON_TIMEOUT);
    settle();
    fails(1, "module");
    ck_told("submit q1, a failed q1 module");
    SUBMIT('a', .wish.retry_on = RETRY_ON_ERROR);
    settle();
    fails(2, "error"); /* no retries */
    ck_told("submit q2, a failed q2 error");
}
END_TEST

/* The module's own delay wins, whatever retry_on says; retries bounds it. */
START_TEST(test_modules_wish)
{
    const struct kept_end again = {
        .type = KEPT_END_FAILED, .reason = "module", .has_order = true, .delay_ms = 70};
    SUBMIT('a', .wish.retries = 1, .wish.retry_delay_ms = 5000, .wants = KEPT_WANTS_RETRY);
    settle();
    ends(1, again);
    pass_ms(100);
    ck_told("submit q1, a retry q1 1 module 70, submit q1 again 2");
    ends(1, again);
    ck_told("a failed q1 module");
}
END_TEST

/* A retried job goes first. A large input is read again. */
START_TEST(test_place)
{
    char large[3000];
    memset(large, 'x', sizeof large - 1);
    large[sizeof large - 1] = '\0';
    SUBMIT('a', .wish.retries = 1, .wish.retry_on = RETRY_ON_ERROR, .input = large);
    SUBMIT('b', 0);
    SUBMIT('c', 0);
    settle();
    ck_told("submit q1, submit q2"); /* two ahead of an unknown module */
    fails(1, "error");
    ck_told("submit q1 again 2");
    ck_assert_uint_eq(engine.counts[STORE_TAKE], 1);
    done(1);
    ck_told("a done q1, submit q3");
}
END_TEST

START_TEST(test_expired_and_tried_again)
{
    keep_pause(keep, "echo", true, NULL, NULL);
    SUBMIT('a', .wish.max_wait_ms = 100, .wish.retries = 1, .wish.retry_on = RETRY_ON_EXPIRED,
           .wants = KEPT_WANTS_RETRY);
    pass_ms(90);
    ck_told("");
    pass_ms(20);
    ck_told("a retry q1 0 expired 0");
    pass_ms(90);
    ck_told("");
    pass_ms(20);
    ck_told("a failed q1 expired");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("retry");
    TCase *tests = tcase_create("all");
    tcase_add_checked_fixture(tests, open_world, close_world);
    tcase_add_test(tests, test_pauses_double);
    tcase_add_test(tests, test_at_most_an_hour);
    tcase_add_test(tests, test_only_as_wished);
    tcase_add_test(tests, test_modules_wish);
    tcase_add_test(tests, test_place);
    tcase_add_test(tests, test_expired_and_tried_again);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
