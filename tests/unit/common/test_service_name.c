/* The allowed names of services. */
#include "common/service_name.h"

#include "common/limits.h"
#include "tests/unit/suite.h"

#include <check.h>
#include <string.h>

static bool valid(const char *name)
{
    return service_name_valid(name, strlen(name));
}

START_TEST(test_lengths)
{
    char name[SERVICE_NAME_MAX + 1];
    memset(name, 'x', sizeof name);
    ck_assert(!service_name_valid(name, 0));
    ck_assert(service_name_valid(name, 1));
    ck_assert(service_name_valid(name, SERVICE_NAME_MAX));
    ck_assert(!service_name_valid(name, SERVICE_NAME_MAX + 1));
}
END_TEST

START_TEST(test_letters)
{
    ck_assert(valid("azAZ09_.-") && valid(".") && valid("..") && valid("a.so"));
    static const char *const bad[] = {"a/b", "a b", "a\n", "\xc3\xa9", "a@", "a[", "a`", "a:"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        ck_assert_msg(!valid(bad[i]), "%s", bad[i]);
    ck_assert(!service_name_valid("a\0b", 3));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("service_name");
    TCase *tc = tcase_create("service_name");
    tcase_add_test(tc, test_lengths);
    tcase_add_test(tc, test_letters);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
