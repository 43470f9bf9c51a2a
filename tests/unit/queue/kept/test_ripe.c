/* test_ripe: delays, waits that are too long, and what a jump of the wall clock changes. */
#include "tests/unit/queue/kept/kept_world.h"

enum { HOUR_MS = 3600000 };

START_TEST(test_delay)
{
    SUBMIT('a', .delay_ms = 1000, .wish.is_detached = true);
    SUBMIT('b', .delay_ms = 500);
    SUBMIT('c', .due_ms = 1); /* in the past */
    settle();
    ck_told("a accepted q1, submit q3");
    ck_assert_uint_eq(keep_counts(keep)->delayed, 2);
    ck_assert_ptr_null(keep_find(keep, 1)); /* memory has nothing for it */
    pass_ms(490);
    ck_told("");
    pass_ms(20);
    ck_told("submit q2");
    pass_ms(480);
    done(3);
    ck_told("c done q3");
    pass_ms(20);
    ck_told("submit q1");
}
END_TEST

/* Its place is that of its submit. */
START_TEST(test_place)
{
    SUBMIT('a', .delay_ms = 100, .wish.is_detached = true);
    keep_pause(keep, NULL, true, NULL, NULL);
    SUBMIT('b', 0);
    settle();
    pass_ms(200);
    keep_pause(keep, NULL, false, NULL, NULL);
    settle();
    ck_told("a accepted q1, submit q1, submit q2");
}
END_TEST

START_TEST(test_many_at_once)
{
    enum { N = 2500 };
    silent = true;
    for (size_t i = 0; i < N; i++) {
        SUBMIT('a', .due_ms = wall_ms() + 100000, .wish.is_detached = true);
        settle();
    }
    pass_ms(99000);
    ck_assert_uint_eq(keep_counts(keep)->delayed, N);
    pass_ms(2000);
    ck_assert_uint_eq(keep_counts(keep)->delayed, 0);
    for (uint64_t seq = 1; seq <= N; seq++)
        done(seq);
    silent = false;
}
END_TEST

START_TEST(test_after_a_start)
{
    SUBMIT('a', .delay_ms = 1000, .wish.is_detached = true);
    settle();
    crash();
    settle();
    master_up("k2");
    pass_ms(990);
    ck_told("a accepted q1");
    pass_ms(20);
    ck_told("submit q1");
}
END_TEST

/* --- the wall clock --- */

START_TEST(test_jump_ahead)
{
    SUBMIT('a', .delay_ms = HOUR_MS, .wish.is_detached = true);
    settle();
    pass_ms(60000);
    wall_offset_ms = 2 * HOUR_MS;
    pass_ms(61000);
    ck_told("a accepted q1"); /* an hour of the other clock is not over */
    SUBMIT('b', .delay_ms = 1000, .wish.is_detached = true);
    pass_ms(1100);
    ck_told("b accepted q2, submit q2"); /* submitted under the new time */
    pass_ms(HOUR_MS - 122100 - 100);
    ck_told("");
    pass_ms(200);
    ck_told("submit q1");
}
END_TEST

/* Seen at the submit, though no timer has fired. */
START_TEST(test_jump_before_a_submit)
{
    wall_offset_ms = 2 * HOUR_MS;
    SUBMIT('a', .delay_ms = 1000, .wish.is_detached = true);
    pass_ms(1100);
    ck_told("a accepted q1, submit q1");
}
END_TEST

START_TEST(test_jump_back)
{
    SUBMIT('a', .delay_ms = 1000, .wish.is_detached = true);
    settle();
    wall_offset_ms = -HOUR_MS;
    pass_ms(2000);
    ck_told("a accepted q1"); /* the wall clock does not say so */
    SUBMIT('b', .delay_ms = 1000, .wish.is_detached = true);
    pass_ms(1100);
    ck_told("b accepted q2, submit q2");
    pass_ms(HOUR_MS);
    ck_told("submit q1");
}
END_TEST

/* A jump forth and back, again and again: old eras become one. */
START_TEST(test_many_jumps)
{
    silent = true;
    for (uint64_t i = 0; i < 30; i++) {
        SUBMIT('a', .delay_ms = 100000, .wish.is_detached = true);
        settle();
        wall_offset_ms = (int64_t)(i % 3) * HOUR_MS;
        pass_ms(1000);
    }
    wall_offset_ms = 0;
    pass_ms(3 * (uint64_t)HOUR_MS);
    ck_assert_uint_eq(keep_counts(keep)->delayed, 0);
    silent = false;
}
END_TEST

/* A job of an earlier run goes by the wall clock alone. */
START_TEST(test_jump_after_a_start)
{
    SUBMIT('a', .delay_ms = HOUR_MS, .wish.is_detached = true);
    settle();
    crash();
    settle();
    master_up("k2");
    wall_offset_ms = 2 * HOUR_MS;
    pass_ms(61000);
    ck_told("a accepted q1, submit q1");
}
END_TEST

/* --- waits --- */

START_TEST(test_expiry)
{
    keep_pause(keep, NULL, true, NULL, NULL);
    SUBMIT('a', .wish.max_wait_ms = 1000);
    SUBMIT('b', .wish.max_wait_ms = 1000, .wish.is_detached = true);
    SUBMIT('c', .wish.max_wait_ms = 1000, .delay_ms = 500); /* from when it is due */
    pass_ms(990);
    ck_told("b accepted q2");
    pass_ms(20);
    ck_told("a failed q1 expired");
    ck_assert_int_eq(row(2)->run.state, STORED_ENDED);
    pass_ms(480);
    ck_told("");
    pass_ms(20);
    ck_told("c failed q3 expired");
}
END_TEST

START_TEST(test_rest_is_handed_on)
{
    SUBMIT('a', .wish.max_wait_ms = 1000);
    SUBMIT('b', 0);
    settle();
    pass_ms(300);
    ck_assert_uint_eq(kept_wait_left_ms(keep_handed(keep, 1)), 700);
    ck_assert_uint_eq(kept_wait_left_ms(keep_handed(keep, 2)), 0);
    pass_ms(2000); /* the master says when */
    ck_assert_uint_eq(kept_wait_left_ms(keep_handed(keep, 1)), 1);
    ck_told("submit q1, submit q2");
    ends(1, (struct kept_end){.type = KEPT_END_OVERLOAD, .reason = "queue-full"});
    pass_ms(1);
    ck_told("a failed q1 expired");
}
END_TEST

/* A jump of the clock makes no job expire. */
START_TEST(test_jump_amid_a_wait)
{
    keep_pause(keep, NULL, true, NULL, NULL);
    SUBMIT('a', .wish.max_wait_ms = HOUR_MS);
    settle();
    wall_offset_ms = 24 * (int64_t)HOUR_MS;
    pass_ms(HOUR_MS - 1000);
    ck_told("");
    pass_ms(2000);
    ck_told("a failed q1 expired");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("ripe");
    TCase *tests = tcase_create("all");
    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, open_world, close_world);
    tcase_add_test(tests, test_delay);
    tcase_add_test(tests, test_place);
    tcase_add_test(tests, test_many_at_once);
    tcase_add_test(tests, test_after_a_start);
    tcase_add_test(tests, test_jump_ahead);
    tcase_add_test(tests, test_jump_before_a_submit);
    tcase_add_test(tests, test_jump_back);
    tcase_add_test(tests, test_many_jumps);
    tcase_add_test(tests, test_jump_after_a_start);
    tcase_add_test(tests, test_expiry);
    tcase_add_test(tests, test_rest_is_handed_on);
    tcase_add_test(tests, test_jump_amid_a_wait);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
