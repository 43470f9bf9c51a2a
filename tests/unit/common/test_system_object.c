/* test_system_object: the C library and the loader are told from modules and their libraries. */
#include "common/system_object.h"

#include "tests/unit/support.h"

#include <check.h>

START_TEST(test_system)
{
    ck_assert(system_object("libc.so.6"));
    ck_assert(system_object("libc-2.31.so"));
    ck_assert(system_object("ld-linux-x86-64.so.2"));
    ck_assert(system_object("linux-vdso.so.1"));
}
END_TEST

START_TEST(test_others)
{
    ck_assert(!system_object("libcrypto.so.3"));
    ck_assert(!system_object("crash.so"));
    ck_assert(!system_object("taskmaster-worker"));
    ck_assert(!system_object(""));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("system_object");
    TCase *tc = tcase_create("names");
    tcase_add_test(tc, test_system);
    tcase_add_test(tc, test_others);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
