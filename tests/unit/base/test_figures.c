/* test_figures: members of reports. */
#include "base/figures.h"

#include "tests/unit/support.h"

static json_t *report;

static void setup(void)
{
    report = json_pack("{s{sisb}sisI}", "queue", "waiting", 7, "full", 1, "top", 3, "less",
                       (json_int_t)-1);
}

static void teardown(void)
{
    json_decref(report);
}

START_TEST(test_find)
{
    ck_assert_ptr_eq(figures_find(report, NULL), report);
    ck_assert_uint_eq(figures_get(figures_find(report, "top")), 3);
    ck_assert_uint_eq(figures_get(figures_find(report, "queue.waiting")), 7);
    ck_assert_ptr_null(figures_find(report, "queue.none"));
    ck_assert_ptr_null(figures_find(report, "none.waiting"));
    ck_assert_ptr_null(figures_find(report, "top.waiting"));
    ck_assert_ptr_null(figures_find(NULL, "top"));
}
END_TEST

START_TEST(test_get)
{
    ck_assert_uint_eq(figures_get(figures_find(report, "queue.full")), 1);
    ck_assert_uint_eq(figures_get(figures_find(report, "less")), 0);
    ck_assert_uint_eq(figures_get(figures_find(report, "queue")), 0);
    ck_assert_uint_eq(figures_get(NULL), 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("figures");
    TCase *tc = tcase_create("members");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, test_find);
    tcase_add_test(tc, test_get);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
