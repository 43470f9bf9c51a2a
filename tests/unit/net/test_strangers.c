/* test_strangers: who goes first of those that nobody knows yet. */
#include "net/strangers.h"

#include "tests/unit/support.h"

enum { COUNT = 6 };

static struct strangers strangers;
static struct stranger them[COUNT];
static struct conn conns[COUNT]; /* nothing of them is used but what was read */

static void set_up(void)
{
    strangers_init(&strangers);
    memset(conns, 0, sizeof conns);
    for (uint64_t i = 0; i < COUNT; i++)
        strangers_add(&strangers, &them[i], &conns[i], 10 * i);
}

static void assert_order(const char *order)
{
    for (; *order; order++) {
        struct stranger *first = strangers_first(&strangers);
        ck_assert_ptr_eq(first, &them[*order - '0']);
        strangers_remove(&strangers, first);
    }
    ck_assert_ptr_null(strangers_first(&strangers));
    ck_assert_uint_eq(strangers.count, 0);
}

START_TEST(test_the_first_that_came)
{
    assert_order("012345");
}
END_TEST

/* Those that have begun to speak are not ended before those that say nothing. */
START_TEST(test_the_silent_ones_go_before_those_that_have_begun)
{
    conns[0].partial_len = 1;
    conns[1].in_payload = true;
    strangers_turn(&strangers, &them[3], STRANGER_BEGUN);
    assert_order("245301");
}
END_TEST

START_TEST(test_who_is_not_wanted_goes_before_the_others)
{
    conns[0].partial_len = 1;
    strangers_turn(&strangers, &them[3], STRANGER_REFUSED);
    strangers_turn(&strangers, &them[4], STRANGER_TOLD);
    strangers_turn(&strangers, &them[2], STRANGER_TOLD);
    strangers_turn(&strangers, &them[4], STRANGER_TOLD);
    assert_order("423150");
}
END_TEST

/* What it has said was not read yet: the others are looked at first. */
START_TEST(test_who_is_put_back_comes_behind_the_others)
{
    strangers_put_back(&strangers, &them[0], STRANGER_SILENT);
    strangers_put_back(&strangers, &them[2], STRANGER_BEGUN);
    strangers_put_back(&strangers, &them[1], STRANGER_BEGUN);
    strangers_put_back(&strangers, &them[2], STRANGER_BEGUN);
    assert_order("345012");
}
END_TEST

START_TEST(test_who_is_known_is_none_of_them)
{
    strangers_remove(&strangers, &them[0]);
    strangers_remove(&strangers, &them[0]);
    strangers_turn(&strangers, &them[0], STRANGER_TOLD);
    ck_assert_uint_eq(strangers.count, COUNT - 1);
    assert_order("12345");
}
END_TEST

START_TEST(test_who_came_before)
{
    conns[0].partial_len = 1;
    ck_assert_ptr_null(strangers_first_before(&strangers, 0));
    ck_assert_ptr_eq(strangers_first_before(&strangers, 1), &them[0]);
    ck_assert_ptr_eq(strangers_first_before(&strangers, 11), &them[1]);
    strangers_turn(&strangers, &them[1], STRANGER_TOLD);
    ck_assert_ptr_eq(strangers_first_before(&strangers, 20), &them[1]);
    strangers_turn(&strangers, &them[2], STRANGER_TOLD);
    strangers_remove(&strangers, &them[1]);
    ck_assert_ptr_eq(strangers_first_before(&strangers, 20), &them[0]);
    ck_assert_ptr_eq(strangers_first_before(&strangers, 21), &them[2]);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("strangers");
    TCase *tc = tcase_create("order");
    tcase_add_checked_fixture(tc, set_up, NULL);
    tcase_add_test(tc, test_the_first_that_came);
    tcase_add_test(tc, test_the_silent_ones_go_before_those_that_have_begun);
    tcase_add_test(tc, test_who_is_not_wanted_goes_before_the_others);
    tcase_add_test(tc, test_who_is_put_back_comes_behind_the_others);
    tcase_add_test(tc, test_who_is_known_is_none_of_them);
    tcase_add_test(tc, test_who_came_before);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
