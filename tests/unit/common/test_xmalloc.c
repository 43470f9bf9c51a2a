/* test_xmalloc: sizes of 0, overflowing sizes, and the end of the process without memory. */
#include "common/xmalloc.h"
#include "tests/unit/suite.h"

#include <check.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

/* A sanitizer's allocator ends the process itself, before ours can. */
#if defined(__SANITIZE_ADDRESS__)
#define OWN_END 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define OWN_END 0
#endif
#endif
#ifndef OWN_END
#define OWN_END 1
#endif

/* More than any machine has; not a constant, to calm the compiler. */
static volatile size_t too_much = PTRDIFF_MAX;

START_TEST(test_nothing_is_something)
{
    void *p = xmalloc(0);
    ck_assert_ptr_nonnull(p);
    p = xrealloc(p, 0);
    ck_assert_ptr_nonnull(p);
    free(p);
    p = xcalloc(0, 8);
    ck_assert_ptr_nonnull(p);
    free(p);
}
END_TEST

START_TEST(test_contents)
{
    static const char zeros[12];
    char *p = xcalloc(3, 4);
    ck_assert_mem_eq(p, zeros, sizeof zeros);
    strcpy(p, "kept");
    p = xrealloc(p, 4096);
    ck_assert_str_eq(p, "kept");
    free(p);
    p = xstrdup("text");
    ck_assert_str_eq(p, "text");
    free(p);
    p = xasprintf("%s-%d", "k3f9", 17);
    ck_assert_str_eq(p, "k3f9-17");
    free(p);
}
END_TEST

/* The last message is not tested here. */
static void hush(void)
{
    ck_assert_ptr_nonnull(freopen("/dev/null", "w", stderr));
}

START_TEST(test_malloc_ends)
{
    free(xmalloc(too_much));
}
END_TEST

START_TEST(test_calloc_ends)
{
    free(xcalloc(too_much, 4)); /* this product overflows, too */
}
END_TEST

START_TEST(test_realloc_ends)
{
    free(xrealloc(NULL, too_much));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("xmalloc");
    TCase *tc = tcase_create("xmalloc");
    tcase_add_test(tc, test_nothing_is_something);
    tcase_add_test(tc, test_contents);
    suite_add_tcase(suite, tc);
    if (OWN_END) {
        tc = tcase_create("no memory");
        tcase_add_checked_fixture(tc, hush, NULL);
        tcase_add_exit_test(tc, test_malloc_ends, EX_OSERR);
        tcase_add_exit_test(tc, test_calloc_ends, EX_OSERR);
        tcase_add_exit_test(tc, test_realloc_ends, EX_OSERR);
        suite_add_tcase(suite, tc);
    }
    return run_suite(suite);
}
