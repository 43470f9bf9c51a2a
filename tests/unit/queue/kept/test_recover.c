/* test_recover: a start after a crash. */
#include "tests/unit/queue/kept/kept_world.h"

START_TEST(test_nothing_is_lost)
{
    SUBMIT('a', .wish.is_detached = true);
    SUBMIT('b', .wish.is_detached = true);
    SUBMIT('c', .wish.is_detached = true);
    SUBMIT('d', .delay_ms = 1000, .wish.is_detached = true);
    settle();
    starts(1);
    done(2);
    ck_told("a accepted q1, submit q1, b accepted q2, submit q2, c accepted q3, d accepted q4, "
            "submit q3");
    crash();
    ck_assert_uint_eq(keep_counts(keep)->handed, 2);
    ck_assert_uint_eq(keep_counts(keep)->delayed, 1);
    ck_assert_uint_eq(keep_counts(keep)->ended, 1);
    settle();
    ck_assert_uint_eq(keep_counts(keep)->waiting, 2);
    ck_assert_uint_eq(row(1)->run.losses, 1);
    master_up("k1"); /* perhaps the one that is ending them */
    pass_ms(5000);
    ck_told("");
    pass_ms(2000);
    ck_told("submit q1 again 2, submit q3 again 2");
    done(1);
    ck_told("submit q4");
    SUBMIT('e', .wish.is_detached = true);
    settle();
    ck_told("e accepted q5"); /* no number is used twice */
}
END_TEST

/* An orderly end: only what the master has begun counts as lost. */
START_TEST(test_taken_back)
{
    SUBMIT('a', .wish.is_detached = true);
    SUBMIT('b', .wish.is_detached = true);
    settle();
    starts(1);
    keep_drain(keep);
    keep_take_back(keep);
    settle();
    ck_assert_uint_eq(keep_handed_count(keep), 1);
    crash();
    settle();
    ck_assert_uint_eq(row(1)->run.losses, 1);
    ck_assert_uint_eq(row(1)->run.attempt, 1);
    ck_assert_uint_eq(row(2)->run.losses, 0);
    ck_assert_uint_eq(row(2)->run.attempt, 0);
    ck_told("a accepted q1, submit q1, b accepted q2, submit q2");
}
END_TEST

/* Nothing goes to the master any more once the queue drains, though its writing has begun. */
START_TEST(test_drains_while_written)
{
    SUBMIT('a', .wish.is_detached = true);
    turn();
    keep_drain(keep);
    settle();
    ck_told("a accepted q1");
    ck_assert_uint_eq(row(1)->run.attempt, 0);
}
END_TEST

/* What nobody was told of may be lost. */
START_TEST(test_not_written)
{
    SUBMIT('a', .wish.is_detached = true);
    crash();
    settle();
    ck_told("");
    ck_assert_uint_eq(keep_counts(keep)->waiting, 0);
}
END_TEST

START_TEST(test_cancelled_before)
{
    SUBMIT('a', .wish.is_detached = true);
    settle();
    asks(KEPT_ASK_CANCEL, 1);
    ck_told("a accepted q1, submit q1, stop q1, ok q1");
    crash();
    settle();
    waits('b', 1);
    ck_told("ok q1, b failed q1 cancelled");
}
END_TEST

START_TEST(test_poison)
{
    SUBMIT('a', .wish.is_detached = true);
    settle();
    for (size_t i = 0; i < 3; i++) {
        char boot[8];
        crash();
        settle();
        snprintf(boot, sizeof boot, "b%zu", i);
        master_up(boot);
        pass_ms(7000);
    }
    ck_told("a accepted q1, submit q1, submit q1 again 2, submit q1 again 3");
    waits('b', 1);
    ck_told("ok q1, b failed q1 poison");
}
END_TEST

/* A batch is a thousand; somebody asks for one of them before it is read. */
START_TEST(test_many)
{
    enum { N = 2500 };
    struct kept_ask ask;
    silent = true;
    settings.window = 4096;
    keep_configure(keep, &settings);
    for (size_t i = 0; i < N; i++) {
        SUBMIT('a', .wish.is_detached = true);
        settle();
        if (i == 0)
            ends(1, (struct kept_end){.type = KEPT_END_DONE, .run_us = 1});
    }
    ck_assert_uint_eq(fake_engine_count(&engine, STORED_HANDED), N - 1);
    crash();
    asks_in_flight(&ask, KEPT_ASK_CANCEL, 2000);
    settle();
    ck_assert_uint_eq(keep_counts(keep)->waiting, N - 2);
    ck_assert_uint_eq(keep_counts(keep)->ended, 2);
    silent = false;
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("recover");
    TCase *tests = tcase_create("all");
    tcase_add_checked_fixture(tests, open_world, close_world);
    tcase_add_test(tests, test_nothing_is_lost);
    tcase_add_test(tests, test_taken_back);
    tcase_add_test(tests, test_drains_while_written);
    tcase_add_test(tests, test_not_written);
    tcase_add_test(tests, test_cancelled_before);
    tcase_add_test(tests, test_poison);
    tcase_add_test(tests, test_many);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
