/* test_log_limit: a limit of lines a second; the lost lines are counted. */
#include "base/log_limit.h"

#include "tests/unit/suite.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static struct timers timers;
static struct log_limit limit;
static int log_fd;

static void setup(void)
{
    log_fd = memfd_create("log", MFD_CLOEXEC);
    ck_assert_int_eq(dup2(log_fd, STDERR_FILENO), STDERR_FILENO);
    log_configure(LOG_INFO, LOG_TEXT);
    timers_init(&timers, 1000);
    log_limit_init(&limit, &timers, LOG_WARN, "stranger");
}

static void teardown(void)
{
    log_limit_end(&limit);
    timers_free(&timers);
    close(log_fd);
}

static int allowed_of(int count)
{
    int allowed = 0;
    for (int i = 0; i < count; i++)
        allowed += log_limit_allows(&limit);
    return allowed;
}

static void run_at(uint64_t now_us)
{
    timers_turn(&timers, now_us);
    timers_run(&timers);
}

/* Returns the log without the times, and empties it. */
static const char *told(void)
{
    static char text[1024];
    ssize_t n = pread(log_fd, text, sizeof text - 1, 0);
    ck_assert_int_ge(n, 0);
    text[n] = '\0';
    ck_assert_int_eq(ftruncate(log_fd, 0), 0);
    ck_assert_int_eq(lseek(log_fd, 0, SEEK_SET), 0);
    const char *blank = strchr(text, ' ');
    return blank ? blank + 1 : text;
}

START_TEST(test_few_lines_are_all_written)
{
    for (uint64_t second = 0; second < 5; second++) {
        run_at(1000 + second * 1000000);
        ck_assert_int_eq(allowed_of(LOG_LIMIT_LINES), LOG_LIMIT_LINES);
    }
    run_at(10000000);
    ck_assert_str_eq(told(), "");
    ck_assert_uint_eq(timers_next(&timers), TIMERS_NEVER);
}
END_TEST

START_TEST(test_many_lines_are_counted_once_a_second)
{
    ck_assert_int_eq(allowed_of(LOG_LIMIT_LINES + 5), LOG_LIMIT_LINES);
    run_at(900000);
    ck_assert_int_eq(allowed_of(2), 0);
    ck_assert_str_eq(told(), "");
    run_at(1001000);
    ck_assert_str_eq(told(), "warn lines-left-out of=stranger lines=7 rate=10\n");
    ck_assert_int_eq(allowed_of(1), 1);
}
END_TEST

START_TEST(test_the_end_tells_the_rest)
{
    ck_assert_int_eq(allowed_of(LOG_LIMIT_LINES + 1), LOG_LIMIT_LINES);
    log_limit_end(&limit);
    ck_assert_str_eq(told(), "warn lines-left-out of=stranger lines=1 rate=10\n");
    ck_assert_uint_eq(timers_next(&timers), TIMERS_NEVER);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("log_limit");
    TCase *tc = tcase_create("log_limit");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, test_few_lines_are_all_written);
    tcase_add_test(tc, test_many_lines_are_counted_once_a_second);
    tcase_add_test(tc, test_the_end_tells_the_rest);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
