/* test_stall: a timer may be late because the process did not run, or because it was busy. */
#include "base/stall.h"

#include "tests/unit/support.h"

enum { SECOND = 1000000 };

static uint64_t cpu;
static int looks;

static uint64_t cpu_us(void)
{
    looks++;
    return cpu;
}

static struct stall stall;

static void setup(void)
{
    stall = (struct stall){0};
    cpu = 5 * SECOND;
    looks = 0;
    stall_turn(&stall, 100 * SECOND, cpu_us);
}

START_TEST(test_stopped)
{
    cpu += 1000;
    ck_assert_uint_eq(stall_length(&stall, 101 * SECOND, 111 * SECOND, cpu_us), 10 * SECOND - 1000);
}
END_TEST

/* The timer was due at 100.2 s, and the turn took 11 s of CPU: the delay is the process's own work.
 */
START_TEST(test_busy)
{
    cpu += 11 * SECOND;
    ck_assert_uint_eq(stall_length(&stall, 100 * SECOND + 200000, 111 * SECOND, cpu_us), 0);
}
END_TEST

START_TEST(test_busy_and_stopped)
{
    cpu += 4 * SECOND;
    ck_assert_uint_eq(stall_length(&stall, 101 * SECOND, 111 * SECOND, cpu_us), 6 * SECOND);
}
END_TEST

START_TEST(test_nothing_is_late)
{
    ck_assert_uint_eq(stall_length(&stall, UINT64_MAX, 111 * SECOND, cpu_us), 0);
    ck_assert_uint_eq(stall_length(&stall, 111 * SECOND, 111 * SECOND, cpu_us), 0);
    ck_assert_int_eq(looks, 1);
}
END_TEST

/* Ten samples a second at any number of turns. CPU time of earlier turns is forgotten. */
START_TEST(test_samples)
{
    for (int turn = 0; turn < 1000; turn++)
        stall_turn(&stall, 100 * SECOND + (uint64_t)turn * 1000, cpu_us);
    ck_assert_int_eq(looks, 10);
    cpu += 50 * SECOND;
    stall_turn(&stall, 200 * SECOND, cpu_us);
    ck_assert_uint_eq(stall_length(&stall, 200 * SECOND, 203 * SECOND, cpu_us), 3 * SECOND);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("stall");
    TCase *tc = tcase_create("stall");
    tcase_add_checked_fixture(tc, setup, NULL);
    tcase_add_test(tc, test_stopped);
    tcase_add_test(tc, test_busy);
    tcase_add_test(tc, test_busy_and_stopped);
    tcase_add_test(tc, test_nothing_is_late);
    tcase_add_test(tc, test_samples);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
