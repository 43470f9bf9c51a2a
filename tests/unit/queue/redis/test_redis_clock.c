/* test_redis_clock: the store's clock, and numbers of jobs. */
#include "queue/redis/redis_clock.h"
#include "tests/unit/support.h"

enum { NODE = 5 };
#define NOW_MS   1790000000000ull
#define NEVER_MS UINT64_MAX

static struct redis_clock clock_of(uint64_t store_ms)
{
    struct redis_clock clock = {0};
    redis_clock_set(&clock, store_ms, 1000000);
    return clock;
}

START_TEST(test_the_clock_goes_on)
{
    struct redis_clock clock = clock_of(NOW_MS);
    ck_assert_uint_eq(redis_clock_ms(&clock, 1000000), NOW_MS);
    ck_assert_uint_eq(redis_clock_ms(&clock, 1999999), NOW_MS + 999);
}
END_TEST

START_TEST(test_a_number_has_time_and_node)
{
    struct redis_clock clock = clock_of(NOW_MS);
    uint64_t first = redis_clock_number(&clock, NODE, 1000000, NEVER_MS);
    ck_assert_uint_eq(first, NOW_MS << 20 | NODE << 10);
    ck_assert_uint_eq(redis_clock_number(&clock, NODE, 1000000, NEVER_MS), first + 1);
    ck_assert_uint_eq(redis_clock_number(&clock, NODE, 1001000, NEVER_MS),
                      (NOW_MS + 1) << 20 | NODE << 10);
    ck_assert_uint_eq(first >> 63, 0);
}
END_TEST

/* A thousand in a millisecond borrow from the next one, and never from another node. */
START_TEST(test_numbers_of_one_millisecond)
{
    struct redis_clock clock = clock_of(NOW_MS);
    uint64_t last = 0;
    for (int i = 0; i < 5000; i++) {
        uint64_t next = redis_clock_number(&clock, NODE, 1000000, NEVER_MS);
        hot_assert(next > last);
        hot_assert((next >> 10 & 1023) == NODE);
        last = next;
    }
    ck_assert_uint_eq(last >> 20, NOW_MS + 4);
}
END_TEST

/* The clock goes back, as of a replica that was promoted, and the node has another number. */
START_TEST(test_numbers_grow_over_all)
{
    for (uint32_t node = NODE - 1; node <= NODE + 1; node++) {
        struct redis_clock clock = clock_of(NOW_MS);
        uint64_t last = redis_clock_number(&clock, NODE, 1000000, NEVER_MS);
        redis_clock_set(&clock, NOW_MS - 60000, 1000000);
        for (int i = 0; i < 3000; i++) {
            uint64_t next = redis_clock_number(&clock, node, 1000000, NOW_MS - 59000);
            hot_assert(next > last && (next >> 10 & 1023) == node);
            last = next;
        }
    }
}
END_TEST

START_TEST(test_no_number_behind_the_lease)
{
    struct redis_clock clock = clock_of(NOW_MS);
    ck_assert_uint_ne(redis_clock_number(&clock, NODE, 1000000, NOW_MS + 1), 0);
    ck_assert_uint_eq(redis_clock_number(&clock, NODE, 1001000, NOW_MS + 1), 0);
    uint64_t last = clock.last;
    ck_assert_uint_gt(redis_clock_number(&clock, NODE, 1001000, NOW_MS + 2), last);
}
END_TEST

int main(void)
{
    TCase *tc = tcase_create("redis_clock");
    tcase_add_test(tc, test_the_clock_goes_on);
    tcase_add_test(tc, test_a_number_has_time_and_node);
    tcase_add_test(tc, test_numbers_of_one_millisecond);
    tcase_add_test(tc, test_numbers_grow_over_all);
    tcase_add_test(tc, test_no_number_behind_the_lease);
    Suite *suite = suite_create("redis_clock");
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
