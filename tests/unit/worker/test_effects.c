/* What a module's file tells of how far its code can reach. */
#include "tests/unit/suite.h"
#include "tests/unit/worker/fake_master.h"
#include "worker/effects.h"

#include <check.h>
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static unsigned reach_of_file(const char *path)
{
    const char *build = getenv("BUILD");
    char full[4096];
    snprintf(full, sizeof(full), "%s/%s", build != NULL ? build : "build", path);
    void *object = dlopen(full, RTLD_NOW | RTLD_LOCAL);

    ck_assert_msg(object != NULL, "%s", dlerror());
    unsigned reach = reach_of(object);
    dlclose(object);
    return reach;
}

START_TEST(a_function_is_known_in_all_its_spellings)
{
    static const struct {
        const char *name;
        unsigned reach;
    } cases[] = {
        {"sigaction", REACH_SIGNALS},
        {"__sigaction", REACH_SIGNALS},
        {"fcntl64", REACH_FILES},
        {"__environ", REACH_ENVIRONMENT},
        {"prlimit64", REACH_LIMITS},
        {"__longjmp_chk", REACH_MASK},
        {"pthread_setschedparam", REACH_LIMITS},
        {"_ZNSt10filesystem12current_pathERKNS_7__cxx114pathE", REACH_DIRECTORY},
        {"_ZNSt10filesystem12current_pathEv", 0},
        {"_ZNSt3__16locale6globalERKS0_", REACH_LOCALE},
        {"fputws_unlocked", REACH_FILES},
        {"fts64_open", REACH_DIRECTORY},
        {"aio_fsync64", REACH_THREADS},
        {"_ZSt5wcout", REACH_FILES},
        {"_ZNSt3__15wcoutE", REACH_FILES},
        {"_ZSt4cout", 0},
        {"syscall", REACH_ALL},
        {"strlen", 0},
        {"sig", 0},
        {"sigactions", 0},
        {"64", 0},
        {"", 0},
        {"__", 0},
        {"signal64x", 0},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        ck_assert_msg(reach_of_function(cases[i].name) == cases[i].reach, "%s", cases[i].name);
}
END_TEST

/* The price of a job of theirs is to stay what it is. */
START_TEST(modules_that_only_compute_reach_nothing)
{
    static const char *const names[] = {"echo", "fib", "wc", "math", "sleep"};

    if (SANITIZED)
        return; /* which brings libraries that reach far */
    reach_init();
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        char path[64];
        snprintf(path, sizeof(path), "modules/%s.so", names[i]);
        ck_assert_msg(reach_of_file(path) == 0, "%s reaches %#x", names[i], reach_of_file(path));
    }
}
END_TEST

START_TEST(what_a_module_imports_is_what_it_reaches)
{
    reach_init();
    unsigned exec = reach_of_file("modules/exec.so");
    ck_assert_uint_eq(exec & (REACH_SIGNALS | REACH_FILES), REACH_SIGNALS | REACH_FILES);
    ck_assert_uint_eq(reach_of_file("modules/crash.so") & REACH_MASK, REACH_MASK);
    ck_assert_uint_eq(reach_of_file("tests/modules/leave.so"), REACH_ALL);
}
END_TEST

START_TEST(a_system_call_of_its_own_is_everything)
{
    reach_init();
    ck_assert_uint_eq(reach_of_file("tests/modules/raw_call.so"), REACH_ALL);
}
END_TEST

/* Without a list of what the worker itself is made of, the C library is looked at like any other.
 */
START_TEST(a_library_that_a_module_brings_counts)
{
    ck_assert_uint_eq(reach_of_file("modules/echo.so"), REACH_ALL);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("worker reach");
    TCase *tc = tcase_create("reach");

    tcase_add_test(tc, a_function_is_known_in_all_its_spellings);
    tcase_add_test(tc, modules_that_only_compute_reach_nothing);
    tcase_add_test(tc, what_a_module_imports_is_what_it_reaches);
    tcase_add_test(tc, a_system_call_of_its_own_is_everything);
    tcase_add_test(tc, a_library_that_a_module_brings_counts);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
