/* test_hold: a module that is not to be had costs no job, until hold-max-ms is over. */
#include "tests/unit/queue/kept/kept_world.h"

#include <inttypes.h>

static void look(void *arg, const struct keep_module_view *view)
{
    *(struct keep_module_view *)arg = *view;
}

static struct keep_module_view view(void)
{
    struct keep_module_view found = {0};
    keep_each_module(keep, look, &found);
    return found;
}

START_TEST(test_pauses_double)
{
    SUBMIT('a', 0);
    settle();
    fails(1, "unknown-module");
    ck_told("submit q1");
    ck_assert_uint_eq(row(1)->run.attempt, 0);
    ck_assert_uint_eq(view().held_ms, 1000);
    ck_assert_str_eq(view().held_reason, "unknown-module");
    for (uint64_t ms = 1000; ms <= 60000; ms = ms == 32000 ? 60000 : ms * 2) {
        pass_ms(ms - 10);
        ck_told("");
        pass_ms(20);
        ck_told("submit q1");
        fails(1, "unavailable");
        if (ms == 60000)
            break;
    }
    pass_ms(60010);
    ck_told("submit q1");
    done(1);
    ck_told("a done q1");
    ck_assert_uint_eq(view().held_ms, 0);
    ck_assert_ptr_null(view().held_reason);
}
END_TEST

/* The master knows better when; an order counts as an attempt. */
START_TEST(test_told_when)
{
    SUBMIT('a', 0);
    settle();
    ends(1, (struct kept_end){.type = KEPT_END_FAILED,
                              .reason = "unavailable",
                              .has_order = true,
                              .retry_after_ms = 7000});
    pass_ms(6990);
    ck_told("submit q1");
    pass_ms(20);
    ck_told("submit q1 again 2");
}
END_TEST

/* A deploy with the module is found at once. */
START_TEST(test_another_master)
{
    SUBMIT('a', 0);
    settle();
    ends(1, (struct kept_end){
                .type = KEPT_END_FAILED, .reason = "unavailable", .retry_after_ms = 50000});
    keep_master_gone(keep);
    master_up("k1");
    pass_ms(10000);
    ck_told("submit q1");
    keep_master_gone(keep);
    master_up("k2");
    settle();
    ck_told("submit q1");
}
END_TEST

/* Several come back together: one pause. Then one job tries. */
START_TEST(test_one_tries)
{
    SUBMIT('a', 0);
    SUBMIT('b', 0);
    settle();
    ck_told("submit q1, submit q2");
    fails(1, "unavailable");
    fails(2, "unavailable");
    ck_assert_uint_eq(view().held_ms, 1000);
    pass_ms(1010);
    ck_told("submit q1");
    starts(1);
    ck_told("");
    pass_ms(1010); /* it lasts */
    ck_told("submit q2");
}
END_TEST

/* A worker begins a job before it knows that the module cannot be loaded: no line of jobs follows.
 * A refusal is no run, and does not make a slow module a quick one. */
START_TEST(test_begun_and_refused)
{
    for (char name = 'a'; name < 'g'; name++)
        SUBMIT(name, 0);
    settle();
    ends(1, (struct kept_end){.type = KEPT_END_DONE, .fields = "", .run_us = 20000});
    ck_told("submit q1, submit q2, a done q1, submit q3");
    starts(2);
    fails(2, "unavailable");
    starts(3);
    fails(3, "unavailable");
    ck_told("submit q4");
    fails(4, "unavailable");
    pass_ms(1010);
    ck_told("submit q2");
    starts(2);
    ends(2, (struct kept_end){.type = KEPT_END_FAILED, .reason = "unavailable", .run_us = 100});
    ck_told("");
    ck_assert_uint_eq(view().run_us, 20000);
    ck_assert_uint_eq(view().held_ms, 2000);
    pass_ms(2010);
    done(2);
    ck_told("submit q2, b done q2, submit q3, submit q4");
}
END_TEST

START_TEST(test_for_too_long)
{
    settings.hold_max_ms = 10000;
    keep_configure(keep, &settings);
    SUBMIT('a', 0);
    settle();
    fails(1, "unavailable");
    for (size_t i = 0; i < 3; i++) {
        pass_ms(5000);
        if (keep_handed(keep, 1))
            fails(1, "unavailable");
    }
    ck_told("submit q1, submit q1, submit q1, a failed q1 unavailable");
    SUBMIT('b', 0);
    settle();
    fails(2, "unavailable");
    ck_told("submit q2, b failed q2 unavailable");
    SUBMIT('c', 0);
    settle();
    done(3);
    SUBMIT('d', 0);
    settle();
    fails(4, "unavailable"); /* it had a success meanwhile */
    ck_told("submit q3, c done q3, submit q4");
}
END_TEST

/* A trouble of yesterday shortens no hold of today: the module had no job in between. */
START_TEST(test_another_trouble)
{
    SUBMIT('a', 0);
    settle();
    fails(1, "unavailable");
    asks(KEPT_ASK_CANCEL, 1);
    ck_told("submit q1, ok q1, a failed q1 cancelled");
    pass_ms(2 * usual_settings.hold_max_ms);
    SUBMIT('b', 0);
    settle();
    fails(2, "unavailable");
    ck_told("submit q2");
    ck_assert_uint_eq(view().held_ms, 1000);
}
END_TEST

static void count(void *arg, const struct keep_module_view *view)
{
    (void)view;
    ++*(size_t *)arg;
}

/* Anybody may submit to any name. */
START_TEST(test_unknown_names_are_forgotten)
{
    enum { N = 3000 };
    char name[16];
    size_t left = 0;
    settings.failed_ttl_ms = 1;
    settings.hold_max_ms = 0;
    keep_configure(keep, &settings);
    silent = true;
    for (uint64_t n = 1; n <= N; n++) {
        snprintf(name, sizeof name, "m%" PRIu64, n);
        SUBMIT('a', .wish.module = name);
        settle();
        fails(n, "unknown-module");
    }
    pass_ms(1000);
    silent = false;
    ck_told("");
    keep_each_module(keep, count, &left);
    ck_assert_uint_le(left, 1000);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("hold");
    TCase *tests = tcase_create("all");
    tcase_add_checked_fixture(tests, open_world, close_world);
    tcase_add_test(tests, test_pauses_double);
    tcase_add_test(tests, test_told_when);
    tcase_add_test(tests, test_another_master);
    tcase_add_test(tests, test_one_tries);
    tcase_add_test(tests, test_begun_and_refused);
    tcase_add_test(tests, test_for_too_long);
    tcase_add_test(tests, test_another_trouble);
    tcase_add_test(tests, test_unknown_names_are_forgotten);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
