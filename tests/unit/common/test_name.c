/* The allowed names of modules and services. */
#include "common/name.h"

#include "common/limits.h"
#include "tests/unit/suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

struct kind {
    bool (*is_valid)(const char *name, size_t len);
    size_t most;
    const char *bad[20]; /* of good length */
};

static const struct kind kinds[] = {
    {module_name_valid,
     MODULE_NAME_MAX,
     {".", "..", "../echo", "a/b", "a b", "a.so", "a\n", "\xc3\xa9", "a@", "a[", "a`", "a{",
      "a:", "a\x7f"}},
    {service_name_valid,
     SERVICE_NAME_MAX,
     {"a/b", "a b", "a\n", "\xc3\xa9", "a@", "a[", "a`", "a{", "a:", "a\x7f"}},
};

enum { KINDS = sizeof kinds / sizeof *kinds };

START_TEST(test_lengths)
{
    const struct kind *kind = &kinds[_i];
    char name[128];
    memset(name, 'x', sizeof name);
    ck_assert(!kind->is_valid(name, 0));
    ck_assert(kind->is_valid(name, 1));
    ck_assert(kind->is_valid(name, kind->most));
    ck_assert(!kind->is_valid(name, kind->most + 1));
}
END_TEST

START_TEST(test_letters)
{
    const struct kind *kind = &kinds[_i];
    ck_assert(kind->is_valid("a", 1));
    ck_assert(kind->is_valid("azAZ09_-", 8));
    for (size_t i = 0; kind->bad[i]; i++)
        ck_assert_msg(!kind->is_valid(kind->bad[i], strlen(kind->bad[i])), "%s", kind->bad[i]);
    ck_assert(!kind->is_valid("a\0b", 3));
}
END_TEST

START_TEST(test_dots_of_services)
{
    ck_assert(service_name_valid(".", 1));
    ck_assert(service_name_valid("..", 2));
    ck_assert(service_name_valid("a.so", 4));
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
    Suite *suite = suite_create("name");
    TCase *tc = tcase_create("name");
    tcase_add_loop_test(tc, test_lengths, 0, KINDS);
    tcase_add_loop_test(tc, test_letters, 0, KINDS);
    tcase_add_test(tc, test_dots_of_services);
    tcase_add_test(tc, test_files);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
