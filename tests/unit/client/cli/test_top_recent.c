/* test_top_recent: earlier figures of `top`, and percentiles of the jobs since then. */
#include "client/cli/top_recent.h"

#include "tests/unit/suite.h"

static struct top_recent recent;

static void tear_down(void)
{
    top_recent_free(&recent);
}

static void keep(int64_t ms)
{
    json_t *stats = json_pack("{sI}", "ms", (json_int_t)ms);
    top_recent_keep(&recent, stats, ms);
    json_decref(stats);
}

START_TEST(test_nothing)
{
    ck_assert_ptr_null(top_recent_before(&recent, 1000));
}
END_TEST

START_TEST(test_the_oldest_within_the_time)
{
    keep(1000);
    ck_assert_int_eq(top_recent_before(&recent, 1500)->ms, 1000);
    for (int64_t ms = 2000; ms <= 30000; ms += 1000) {
        int64_t before = ms - TOP_RECENT_MS > 1000 ? ms - TOP_RECENT_MS : 1000;
        ck_assert_int_eq(top_recent_before(&recent, ms)->ms, before);
        keep(ms);
    }
    ck_assert_int_eq(top_recent_before(&recent, 100000)->ms, 30000);
}
END_TEST

/* Many looks a second do not push out those of some seconds ago. */
START_TEST(test_many_looks)
{
    for (int64_t ms = 0; ms <= 20000; ms += 10)
        keep(ms);
    const struct top_past *before = top_recent_before(&recent, 20010);
    ck_assert_int_ge(20010 - before->ms, TOP_RECENT_MS);
    ck_assert_int_le(20010 - before->ms, TOP_RECENT_MS + 2 * TOP_RECENT_STEP_MS);
    ck_assert_int_eq(json_integer_value(json_object_get(before->stats, "ms")), before->ms);
}
END_TEST

/* `count` values in a bucket. */
static json_t *times(size_t bucket, int count, int max)
{
    json_t *counts = json_array();
    for (size_t i = 0; i < 41; i++)
        json_array_append_new(counts, json_integer(i == bucket ? count : i == 0 ? 1000 : 0));
    return json_pack("{si si si so}", "p50", 1, "p99", 1, "max", max, "counts", counts);
}

static void check_times(json_t *now, json_t *before, json_int_t p50, json_int_t p99)
{
    top_recent_times(now, before);
    ck_assert_int_eq(json_integer_value(json_object_get(now, "p50")), p50);
    ck_assert_int_eq(json_integer_value(json_object_get(now, "p99")), p99);
    json_decref(now);
    json_decref(before);
}

START_TEST(test_times)
{
    check_times(times(10, 100, 5000), times(10, 0, 0), 1535, 2036);
    check_times(times(10, 100, 1100), times(10, 99, 1100), 1100, 1100);
    check_times(times(40, 1, 0), times(40, 0, 0), INT64_C(1) << 40, INT64_C(1) << 40);
    check_times(json_pack("{si s[i]}", "max", 1, "counts", 4), NULL, 0, 1);
}
END_TEST

START_TEST(test_no_times)
{
    json_t *now = times(10, 5, 5000), *later = times(10, 9, 5000);
    top_recent_times(now, later);
    ck_assert_ptr_null(json_object_get(now, "p50"));
    ck_assert_ptr_null(json_object_get(now, "p99"));
    json_decref(now);
    json_decref(later);
    top_recent_times(NULL, NULL);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("top_recent");
    TCase *tc = tcase_create("top_recent");
    tcase_add_checked_fixture(tc, NULL, tear_down);
    tcase_add_test(tc, test_nothing);
    tcase_add_test(tc, test_the_oldest_within_the_time);
    tcase_add_test(tc, test_many_looks);
    tcase_add_test(tc, test_times);
    tcase_add_test(tc, test_no_times);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
