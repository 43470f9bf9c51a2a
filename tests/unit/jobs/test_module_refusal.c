/* test_module_refusal: the words about an unusable module, and how often they are logged. */
#include "jobs/module_refusal.h"

#include "tests/unit/support.h"

#include <unistd.h>

enum { SECOND = 1000000 };

static struct module_refusal refusal;
static uint64_t now_us;

/* The log goes to a file meanwhile. */
static void setup(void)
{
    char path[] = "/tmp/test_module_refusal.XXXXXX";
    int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    unlink(path);
    ck_assert_int_eq(dup2(fd, STDERR_FILENO), STDERR_FILENO);
    close(fd);
    refusal = (struct module_refusal){.logged = false};
    now_us = 0; /* the clock may begin there */
}

/* One call adds one line with `expected` in it, or none. */
static size_t lines_of(const char *why, const char *expected)
{
    char line[1024] = "";
    off_t before = lseek(STDERR_FILENO, 0, SEEK_CUR);
    module_refusal_log(&refusal, "fib", 3, why, strlen(why), now_us);
    ssize_t n = pread(STDERR_FILENO, line, sizeof line - 1, before);
    ck_assert_int_ge(n, 0);
    if (n > 0)
        ck_assert_ptr_nonnull(strstr(line, expected));
    return n > 0;
}

START_TEST(test_the_same_is_told_once_a_minute)
{
    ck_assert_uint_eq(lines_of("no license", " error module-unavailable module=fib worker=3 jobs=1 "
                                             "why=\"no license\"\n"),
                      1);
    for (int i = 0; i < 59; i++) {
        now_us += SECOND;
        ck_assert_uint_eq(lines_of("no license", ""), 0);
    }
    now_us += SECOND;
    ck_assert_uint_eq(lines_of("no license", " jobs=60 "), 1);
    ck_assert_uint_eq(lines_of("no license", ""), 0);
}
END_TEST

START_TEST(test_something_else_is_told_but_not_more_than_once_a_second)
{
    ck_assert_uint_eq(lines_of("try 1", "why=\"try 1\""), 1);
    ck_assert_uint_eq(lines_of("try 2", ""), 0);
    now_us += SECOND - 1;
    ck_assert_uint_eq(lines_of("try 3", ""), 0);
    now_us += 1;
    ck_assert_uint_eq(lines_of("try 4", " jobs=3 why=\"try 4\""), 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("module_refusal");
    TCase *tc = tcase_create("module_refusal");
    tcase_add_checked_fixture(tc, setup, NULL);
    tcase_add_test(tc, test_the_same_is_told_once_a_minute);
    tcase_add_test(tc, test_something_else_is_told_but_not_more_than_once_a_second);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
