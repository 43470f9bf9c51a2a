/* test_unauthenticated: the order of the ends of connections without a hello. */
#include "net/unauthenticated.h"

#include "tests/unit/support.h"

enum { COUNT = 6 };

static struct unauthenticated_list list;
static struct unauthenticated them[COUNT];
static struct conn conns[COUNT]; /* only their input is looked at */

static void set_up(void)
{
    unauthenticated_init(&list);
    memset(conns, 0, sizeof conns);
    for (uint64_t i = 0; i < COUNT; i++)
        unauthenticated_add(&list, &them[i], &conns[i], 10 * i);
}

static void assert_order(const char *order)
{
    for (; *order; order++) {
        struct unauthenticated *first = unauthenticated_first(&list);
        ck_assert_ptr_eq(first, &them[*order - '0']);
        unauthenticated_remove(&list, first);
    }
    ck_assert_ptr_null(unauthenticated_first(&list));
    ck_assert_uint_eq(list.count, 0);
}

START_TEST(test_the_first_that_came)
{
    assert_order("012345");
}
END_TEST

START_TEST(test_the_silent_ones_go_before_those_that_have_begun)
{
    conns[0].partial_len = 1;
    conns[1].in_payload = true;
    unauthenticated_turn(&list, &them[3], UNAUTHENTICATED_BEGUN);
    assert_order("245301");
}
END_TEST

START_TEST(test_a_refused_one_goes_before_the_others)
{
    conns[0].partial_len = 1;
    unauthenticated_turn(&list, &them[3], UNAUTHENTICATED_REFUSED);
    unauthenticated_turn(&list, &them[4], UNAUTHENTICATED_TOLD);
    unauthenticated_turn(&list, &them[2], UNAUTHENTICATED_TOLD);
    unauthenticated_turn(&list, &them[4], UNAUTHENTICATED_TOLD);
    assert_order("423150");
}
END_TEST

/* A connection with unread input is put back, behind the others. */
START_TEST(test_one_put_back_comes_behind_the_others)
{
    unauthenticated_put_back(&list, &them[0], UNAUTHENTICATED_SILENT);
    unauthenticated_put_back(&list, &them[2], UNAUTHENTICATED_BEGUN);
    unauthenticated_put_back(&list, &them[1], UNAUTHENTICATED_BEGUN);
    unauthenticated_put_back(&list, &them[2], UNAUTHENTICATED_BEGUN);
    assert_order("345012");
}
END_TEST

START_TEST(test_one_removed_is_not_in_the_list)
{
    unauthenticated_remove(&list, &them[0]);
    unauthenticated_remove(&list, &them[0]);
    unauthenticated_turn(&list, &them[0], UNAUTHENTICATED_TOLD);
    ck_assert_uint_eq(list.count, COUNT - 1);
    assert_order("12345");
}
END_TEST

START_TEST(test_the_first_of_those_before_a_time)
{
    conns[0].partial_len = 1;
    ck_assert_ptr_null(unauthenticated_first_before(&list, 0));
    ck_assert_ptr_eq(unauthenticated_first_before(&list, 1), &them[0]);
    ck_assert_ptr_eq(unauthenticated_first_before(&list, 11), &them[1]);
    unauthenticated_turn(&list, &them[1], UNAUTHENTICATED_TOLD);
    ck_assert_ptr_eq(unauthenticated_first_before(&list, 20), &them[1]);
    unauthenticated_turn(&list, &them[2], UNAUTHENTICATED_TOLD);
    unauthenticated_remove(&list, &them[1]);
    ck_assert_ptr_eq(unauthenticated_first_before(&list, 20), &them[0]);
    ck_assert_ptr_eq(unauthenticated_first_before(&list, 21), &them[2]);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("unauthenticated");
    TCase *tc = tcase_create("order");
    tcase_add_checked_fixture(tc, set_up, NULL);
    tcase_add_test(tc, test_the_first_that_came);
    tcase_add_test(tc, test_the_silent_ones_go_before_those_that_have_begun);
    tcase_add_test(tc, test_a_refused_one_goes_before_the_others);
    tcase_add_test(tc, test_one_put_back_comes_behind_the_others);
    tcase_add_test(tc, test_one_removed_is_not_in_the_list);
    tcase_add_test(tc, test_the_first_of_those_before_a_time);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
