/* test_histogram: counters and percentiles, compared with the sorted values. */
#include "base/histogram.h"

#include "tests/unit/support.h"

enum { VALUES = 5000, ROUNDS = 40 };

static struct histogram histogram;

static void empty(void)
{
    histogram = (struct histogram){.max = 0};
}

START_TEST(test_buckets)
{
    ck_assert_uint_eq(histogram_bucket(0), 0);
    ck_assert_uint_eq(histogram_bucket(1), 0);
    for (unsigned n = 1; n < 41; n++) {
        ck_assert_uint_eq(histogram_bucket((UINT64_C(1) << n) - 1), n - 1);
        ck_assert_uint_eq(histogram_bucket(UINT64_C(1) << n), n);
    }
    ck_assert_uint_eq(histogram_bucket(UINT64_C(1) << 41), 40);
    ck_assert_uint_eq(histogram_bucket(UINT64_MAX), 40);
}
END_TEST

START_TEST(test_empty)
{
    empty();
    ck_assert_uint_eq(histogram_count(&histogram), 0);
    ck_assert_uint_eq(histogram_quantile(&histogram, 990), 0);
}
END_TEST

/* All percentiles of one value are this value, or a little less within its counter. */
START_TEST(test_one)
{
    static const uint64_t values[] = {0, 1, 2, 700, UINT64_C(1) << 40, UINT64_C(1) << 50};
    for (size_t i = 0; i < SUPPORT_COUNT(values); i++) {
        empty();
        histogram_add(&histogram, values[i]);
        ck_assert_uint_eq(histogram_quantile(&histogram, 1), values[i]);
        ck_assert_uint_eq(histogram_quantile(&histogram, 1000), values[i]);
        ck_assert_uint_eq(histogram.max, values[i]);
    }
}
END_TEST

/* 512 to 1023 are spread evenly, and the quantiles are exact. */
START_TEST(test_within_a_bucket)
{
    empty();
    for (uint64_t value = 512; value < 1024; value++)
        histogram_add(&histogram, value);
    ck_assert_uint_eq(histogram_quantile(&histogram, 500), 512 + 255);
    ck_assert_uint_eq(histogram_quantile(&histogram, 250), 512 + 127);
    ck_assert_uint_eq(histogram_quantile(&histogram, 1000), 1023);
}
END_TEST

START_TEST(test_merge)
{
    struct histogram other = {.max = 0};
    empty();
    histogram_add(&histogram, 3);
    histogram_add(&other, 3);
    histogram_add(&other, 9);
    histogram_merge(&histogram, &other);
    ck_assert_uint_eq(histogram.counts[1], 2);
    ck_assert_uint_eq(histogram.counts[3], 1);
    ck_assert_uint_eq(histogram.max, 9);
    ck_assert_uint_eq(histogram_count(&histogram), 3);
}
END_TEST

static int compare(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

/* The quantile is in the counter of the true one, and never over the largest value. */
START_TEST(test_at_random)
{
    static uint64_t values[VALUES];
    struct chance chance;
    chance_init(&chance, "histogram");
    for (int round = 0; round < ROUNDS; round++) {
        size_t count = 1 + chance_below(&chance, VALUES);
        empty();
        for (size_t i = 0; i < count; i++) {
            values[i] = chance_next(&chance) >> (20 + chance_below(&chance, 44));
            histogram_add(&histogram, values[i]);
        }
        qsort(values, count, sizeof *values, compare);
        hot_assert(histogram_count(&histogram) == count);
        hot_assert(histogram.max == values[count - 1]);
        for (unsigned part = 1; part <= 1000; part++) {
            uint64_t found = histogram_quantile(&histogram, part);
            uint64_t truth = values[(count * part + 999) / 1000 - 1];
            hot_assert(histogram_bucket(found) == histogram_bucket(truth));
            hot_assert(found <= histogram.max);
        }
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("histogram");
    TCase *tc = tcase_create("histogram");
    tcase_add_test(tc, test_buckets);
    tcase_add_test(tc, test_empty);
    tcase_add_test(tc, test_one);
    tcase_add_test(tc, test_within_a_bucket);
    tcase_add_test(tc, test_merge);
    tcase_add_test(tc, test_at_random);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
