/* The number of jobs in flight after overloads. */
#include "client/cli/each_pace.h"
#include "tests/unit/suite.h"

#include <check.h>

START_TEST(starts_at_its_maximum)
{
    struct each_pace pace;
    each_pace_open(&pace, 16);
    ck_assert(each_pace_allows(&pace, 15));
    ck_assert(!each_pace_allows(&pace, 16));
    ck_assert_int_eq(each_pace_wait_ms(&pace), -1);
    each_pace_grow(&pace);
    ck_assert_uint_eq(pace.limit, 16);
}
END_TEST

START_TEST(falls_to_the_room_of_the_server)
{
    struct each_pace pace;
    each_pace_open(&pace, 16);
    each_pace_submitted(&pace, 5);
    each_pace_overload(&pace, 3600000);
    ck_assert(each_pace_allows(&pace, 3));
    ck_assert(!each_pace_allows(&pace, 4));
    each_pace_grow(&pace); /* not before the pause is over */
    ck_assert_uint_eq(pace.limit, 4);
    for (int i = 0; i < 10; i++)
        each_pace_overload(&pace, 3600000);
    ck_assert(!each_pace_allows(&pace, 0));
}
END_TEST

START_TEST(bounds_the_advice)
{
    struct each_pace pace;
    each_pace_open(&pace, 16);
    each_pace_submitted(&pace, 16);
    each_pace_overload(&pace, 3600000);
    ck_assert_int_le(each_pace_wait_ms(&pace), 10000);
    ck_assert_int_gt(each_pace_wait_ms(&pace), 5000);
    each_pace_overload(&pace, -1);
    ck_assert_int_eq(pace.pause_ms, 20);
}
END_TEST

START_TEST(grows_by_an_eighth)
{
    struct each_pace pace;
    size_t steps = 0;
    each_pace_open(&pace, 100);
    each_pace_submitted(&pace, 17);
    each_pace_overload(&pace, 1);
    for (; pace.limit < pace.limit_max; steps++) {
        size_t before = pace.limit;
        pace.grow_at = 0; /* the pause is over */
        each_pace_grow(&pace);
        ck_assert_uint_gt(pace.limit, before);
        ck_assert_uint_le(pace.limit, before + before / 8 + 1);
    }
    ck_assert_uint_eq(pace.limit, 100);
    ck_assert_uint_lt(steps, 20);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        starts_at_its_maximum,
        falls_to_the_room_of_the_server,
        bounds_the_advice,
        grows_by_an_eighth,
    };
    TCase *tcase = tcase_create("each_pace");
    for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++)
        tcase_add_test(tcase, tests[i]);
    Suite *suite = suite_create("client each_pace");
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
