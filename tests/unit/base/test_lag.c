/* test_lag: turns are forgotten after a minute. */
#include "base/lag.h"

#include "tests/unit/support.h"

enum { SECOND = 1000000 };

static struct lag lag;

static void starts_at(uint64_t now_us)
{
    lag = (struct lag){.part = 0};
    lag_add(&lag, 5, now_us);
}

START_TEST(test_a_minute)
{
    uint64_t now = 1000 * (uint64_t)SECOND;
    starts_at(now);
    lag_add(&lag, 900, now + 5 * SECOND);
    ck_assert_uint_eq(lag_sum(&lag, now + 60 * SECOND).max, 900);
    ck_assert_uint_eq(lag_sum(&lag, now + 71 * (uint64_t)SECOND).max, 0);
}
END_TEST

START_TEST(test_the_rest_stays)
{
    uint64_t now = 1000 * (uint64_t)SECOND;
    starts_at(now);
    for (int i = 1; i <= 20; i++)
        lag_add(&lag, (uint64_t)(100 - i), now + (uint64_t)i * 10 * SECOND);
    struct histogram sum = lag_sum(&lag, now + 200 * (uint64_t)SECOND);
    ck_assert_uint_eq(histogram_count(&sum), LAG_PARTS);
}
END_TEST

/* A long silence forgets everything at once. */
START_TEST(test_silence)
{
    starts_at(0);
    uint64_t now = UINT64_C(40000000) * SECOND;
    lag_add(&lag, 7, now);
    struct histogram sum = lag_sum(&lag, now);
    ck_assert_uint_eq(histogram_count(&sum), 1);
    ck_assert_uint_eq(sum.max, 7);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("lag");
    TCase *tc = tcase_create("lag");
    tcase_add_test(tc, test_a_minute);
    tcase_add_test(tc, test_the_rest_stays);
    tcase_add_test(tc, test_silence);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
