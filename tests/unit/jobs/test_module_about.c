/* test_module_about: the last loading counts, and texts are UTF-8. */
#include "jobs/module_about.h"

#include "tests/unit/suite.h"

#include <stddef.h>

START_TEST(test_note)
{
    struct module_about about = {0};
    module_about_note(&about, 5, "1.0", "{}");
    ck_assert_str_eq(about.version, "1.0");
    ck_assert_str_eq(about.describe, "{}");
    module_about_note(&about, 4, "0.9", "old");
    ck_assert_str_eq(about.version, "1.0");
    module_about_note(&about, 6, "", "\xff");
    ck_assert_ptr_null(about.version);
    ck_assert_ptr_null(about.describe);
    module_about_note(&about, 7, "1.1", "\xc3\xa4");
    ck_assert_str_eq(about.describe, "\xc3\xa4");
    module_about_free(&about);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("module_about");
    TCase *tc = tcase_create("module_about");
    tcase_add_test(tc, test_note);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
