/* test_redis_lease: what is left of the lease. */
#include "queue/redis/redis_lease.h"
#include "tests/unit/support.h"

START_TEST(test_levels_rise)
{
    struct redis_lease lease = {.from_us = 1000, .lease_us = 100};
    static const struct {
        uint64_t at_us;
        enum redis_lease_level level;
        uint64_t next_us;
    } steps[] = {{1000, REDIS_LEASE_FINE, 1060},  {1059, REDIS_LEASE_FINE, 1060},
                 {1060, REDIS_LEASE_SHORT, 1080}, {1079, REDIS_LEASE_SHORT, 1080},
                 {1080, REDIS_LEASE_LAST, 1100},  {1100, REDIS_LEASE_OVER, 0},
                 {9999, REDIS_LEASE_OVER, 0}};
    for (size_t i = 0; i < SUPPORT_COUNT(steps); i++) {
        enum redis_lease_level before = lease.level;
        ck_assert_int_eq(redis_lease_look(&lease, steps[i].at_us), steps[i].level != before);
        ck_assert_int_eq(lease.level, steps[i].level);
        ck_assert_uint_eq(redis_lease_next(&lease), steps[i].next_us);
    }
}
END_TEST

START_TEST(test_levels_are_passed_over)
{
    struct redis_lease lease = {.from_us = 1000, .lease_us = 100};
    ck_assert(redis_lease_look(&lease, 1085));
    ck_assert_int_eq(lease.level, REDIS_LEASE_LAST);
}
END_TEST

/* A renewal that was sent long ago is worth what is left of it. */
START_TEST(test_renewals)
{
    struct redis_lease lease = {.from_us = 1000, .lease_us = 100};
    redis_lease_look(&lease, 1100);
    redis_lease_renew(&lease, 1090);
    ck_assert_int_eq(lease.level, REDIS_LEASE_FINE);
    ck_assert(!redis_lease_look(&lease, 1149));
    redis_lease_renew(&lease, 1020);
    ck_assert_uint_eq(redis_lease_next(&lease), 1150);
    redis_lease_renew(&lease, 1091);
    ck_assert(redis_lease_look(&lease, 1171));
    ck_assert_int_eq(lease.level, REDIS_LEASE_LAST);
}
END_TEST

int main(void)
{
    TCase *tc = tcase_create("redis_lease");
    tcase_add_test(tc, test_levels_rise);
    tcase_add_test(tc, test_levels_are_passed_over);
    tcase_add_test(tc, test_renewals);
    Suite *suite = suite_create("redis_lease");
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
