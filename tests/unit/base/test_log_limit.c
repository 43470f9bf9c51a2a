/* test_log_limit: a limit of lines a second; the lost lines are counted. */
#include "base/log_limit.h"

#include "tests/unit/base/log_world.h"

static struct log_limit limit;

static void setup(void)
{
    log_world_open();
    log_limit_init(&limit, &timers, LOG_WARN, "stranger");
}

static void teardown(void)
{
    log_limit_end(&limit);
    log_world_close();
}

static int allowed_of(int count)
{
    int allowed = 0;
    for (int i = 0; i < count; i++)
        allowed += log_limit_allows(&limit);
    return allowed;
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
