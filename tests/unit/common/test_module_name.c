/* The allowed names of modules. */
#include "common/limits.h"
#include "common/module_name.h"
#include "tests/unit/suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static bool valid(const char *name)
{
    return module_name_valid(name, strlen(name));
}

START_TEST(test_lengths)
{
    char name[MODULE_NAME_MAX + 1];
    memset(name, 'x', sizeof name);
    ck_assert(!module_name_valid(name, 0));
    ck_assert(module_name_valid(name, 1));
    ck_assert(module_name_valid(name, MODULE_NAME_MAX));
    ck_assert(!module_name_valid(name, MODULE_NAME_MAX + 1));
}
END_TEST

START_TEST(test_letters)
{
    ck_assert(valid("a"));
    ck_assert(valid("azAZ09_-"));
    static const char *const bad[] = {".",        "..", "../echo", "a/b", "a b", "a.so", "a\n",
                                      "\xc3\xa9", "a@", "a[",      "a`",  "a{",  "a:",   "a\x7f"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        ck_assert_msg(!valid(bad[i]), "%s", bad[i]);
    ck_assert(!module_name_valid("a\0b", 3));
}
END_TEST

START_TEST(test_files)
{
    ck_assert_uint_eq(module_name_in("a.so"), 1);
    ck_assert_uint_eq(module_name_in("azAZ09_-.so"), 8);
    static const char *const others[] = {"",       "so",  ".so",    "a",      "a.s",
                                         "a.so.1", "aso", "a.b.so", "a/b.so", "a.SO"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        ck_assert_msg(module_name_in(others[i]) == 0, "%s", others[i]);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("module_name");
    TCase *tc = tcase_create("module_name");
    tcase_add_test(tc, test_lengths);
    tcase_add_test(tc, test_letters);
    tcase_add_test(tc, test_files);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
