/* test_submit: from the submit to the outcome, and joins. */
#include "tests/unit/queue/kept/kept_world.h"

START_TEST(test_life)
{
    SUBMIT('a', .wants = KEPT_WANTS_ACCEPTED | KEPT_WANTS_STARTED);
    ck_told("");
    settle();
    ck_told("a accepted q1, submit q1");
    ck_assert_uint_eq(engine.counts[STORE_HANDED], 0); /* one write less */
    starts(1);
    ck_told("a started q1");
    done(1);
    ck_told("a done q1");
    ck_assert_str_eq(row(1)->outcome.fields, ",\"message\":\"why\"");
    ck_assert_uint_eq(row(1)->result.size, 6);
    ck_assert_uint_eq(row(1)->run.attempt, 1);
    ck_assert_ptr_null(keep_find(keep, 1)); /* nothing is left in memory */
}
END_TEST

START_TEST(test_detached)
{
    SUBMIT('a', .wish.is_detached = true);
    settle();
    ck_told("a accepted q1, submit q1");
    done(1);
    ck_told("");
    waits('b', 1);
    ck_told("ok q1, b done q1");
    waits('b', 1);
    ck_told("ok q1, b done q1");
    waits('b', 2);
    ck_told("unknown");
}
END_TEST

/* Nothing is told before it is written. */
START_TEST(test_order_of_writing)
{
    SUBMIT('a', .wants = KEPT_WANTS_ACCEPTED);
    keep_turn(keep);
    ck_told("");
    while (fake_engine_answer(&engine))
        ;
    ck_told("a accepted q1, submit q1");
    kept_on_end(keep_handed(keep, 1), &(struct kept_end){.type = KEPT_END_DONE, .fields = ""});
    ck_assert_ptr_null(keep_handed(keep, 1));
    keep_turn(keep);
    ck_told("");
    fake_engine_answer(&engine);
    ck_told("a done q1");
}
END_TEST

START_TEST(test_refusals)
{
    settings.job_max = 2;
    settings.owner_job_max = 1;
    keep_configure(keep, &settings);
    SUBMIT('a', .wish.owner = "x");
    SUBMIT('b', .wish.owner = "x");
    ck_told("");
    settle();
    ck_told("b refused client-quota, submit q1");
    SUBMIT('c', .wish.owner = "y");
    SUBMIT('d', .wish.owner = "z");
    settle();
    ck_told("d refused queue-full, submit q3");
    done(1);
    ck_told("a done q1");
    engine.is_full = true;
    ck_assert_int_eq(keep_admits(keep, "x"), KEPT_STORAGE);
    SUBMIT('a', .wish.owner = "x");
    settle();
    ck_told("a refused storage");
    ck_assert_uint_eq(keep_counts(keep)->refused, 3);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("submit");
    TCase *tests = tcase_create("all");
    tcase_add_checked_fixture(tests, open_world, close_world);
    tcase_add_test(tests, test_life);
    tcase_add_test(tests, test_detached);
    tcase_add_test(tests, test_order_of_writing);
    tcase_add_test(tests, test_refusals);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
