/* The effects found in the files of modules. */
#include "tests/unit/suite.h"
#include "tests/unit/worker/fake_master.h"
#include "worker/effects.h"

#include <check.h>
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static unsigned effects_of_file(const char *path)
{
    const char *build = getenv("BUILD");
    char full[4096];
    snprintf(full, sizeof(full), "%s/%s", build != NULL ? build : "build", path);
    void *object = dlopen(full, RTLD_NOW | RTLD_LOCAL);

    ck_assert_msg(object != NULL, "%s", dlerror());
    unsigned effects = effects_of_module(object);
    dlclose(object);
    return effects;
}

START_TEST(a_function_is_known_in_all_its_spellings)
{
    static const struct {
        const char *name;
        unsigned effects;
    } cases[] = {
        {"sigaction", EFFECT_SIGNALS},
        {"__sigaction", EFFECT_SIGNALS},
        {"fcntl64", EFFECT_FILES},
        {"__environ", EFFECT_ENVIRONMENT},
        {"prlimit64", EFFECT_LIMITS},
        {"__longjmp_chk", EFFECT_MASK},
        {"pthread_setschedparam", EFFECT_LIMITS},
        {"_ZNSt10filesystem12current_pathERKNS_7__cxx114pathE", EFFECT_DIRECTORY},
        {"_ZNSt10filesystem12current_pathEv", 0},
        {"_ZNSt3__16locale6globalERKS0_", EFFECT_LOCALE},
        {"fputws_unlocked", EFFECT_FILES},
        {"fts64_open", EFFECT_DIRECTORY},
        {"aio_fsync64", EFFECT_THREADS},
        {"_ZSt5wcout", EFFECT_FILES},
        {"_ZNSt3__15wcoutE", EFFECT_FILES},
        {"_ZSt4cout", 0},
        {"syscall", EFFECT_ALL},
        {"strlen", 0},
        {"sig", 0},
        {"sigactions", 0},
        {"64", 0},
        {"", 0},
        {"__", 0},
        {"signal64x", 0},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        ck_assert_msg(effects_of_function(cases[i].name) == cases[i].effects, "%s", cases[i].name);
}
END_TEST

/* Their jobs must not become more expensive. */
START_TEST(modules_that_only_compute_have_no_effects)
{
    static const char *const names[] = {"echo", "fib", "wc", "math", "sleep"};

    if (SANITIZED)
        return; /* its libraries have many effects */
    effects_init();
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        char path[64];
        snprintf(path, sizeof(path), "modules/%s.so", names[i]);
        ck_assert_msg(effects_of_file(path) == 0, "%s has the effects %#x", names[i],
                      effects_of_file(path));
    }
}
END_TEST

START_TEST(imports_decide_about_the_effects)
{
    effects_init();
    unsigned exec = effects_of_file("modules/exec.so");
    ck_assert_uint_eq(exec & (EFFECT_SIGNALS | EFFECT_FILES), EFFECT_SIGNALS | EFFECT_FILES);
    ck_assert_uint_eq(effects_of_file("modules/crash.so") & EFFECT_MASK, EFFECT_MASK);
    ck_assert_uint_eq(effects_of_file("tests/modules/leave.so"), EFFECT_ALL);
}
END_TEST

START_TEST(a_system_call_of_its_own_is_everything)
{
    effects_init();
    ck_assert_uint_eq(effects_of_file("tests/modules/raw_call.so"), EFFECT_ALL);
}
END_TEST

/* Without effects_init(), the C library is looked at like any other library.
 */
START_TEST(a_library_that_a_module_brings_counts)
{
    ck_assert_uint_eq(effects_of_file("modules/math.so"), EFFECT_ALL);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("worker effects");
    TCase *tc = tcase_create("effects");

    tcase_add_test(tc, a_function_is_known_in_all_its_spellings);
    tcase_add_test(tc, modules_that_only_compute_have_no_effects);
    tcase_add_test(tc, imports_decide_about_the_effects);
    tcase_add_test(tc, a_system_call_of_its_own_is_everything);
    tcase_add_test(tc, a_library_that_a_module_brings_counts);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
