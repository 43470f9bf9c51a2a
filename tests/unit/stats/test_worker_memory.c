/* test_worker_memory: a worker's memory is looked up now and then, not each time. A kept figure
 * stays the same although the process is gone. */
#include "stats/worker_memory.h"

#include "tests/unit/support.h"

#include <unistd.h>

enum { START_US = 1000000, KNOWN_US = 100000, NO_PROCESS = 0 };

static struct worker_memory memory;

static void setup(void)
{
    worker_memory_init(&memory);
}

static void teardown(void)
{
    worker_memory_free(&memory);
}

START_TEST(test_kept_for_a_while)
{
    uint64_t kb = worker_memory_kb(&memory, 1, getpid(), START_US);
    ck_assert_uint_gt(kb, 0);
    ck_assert_uint_eq(worker_memory_kb(&memory, 1, NO_PROCESS, START_US), kb);
    ck_assert_uint_eq(worker_memory_kb(&memory, 1, NO_PROCESS, START_US + KNOWN_US - 1), kb);
    ck_assert_uint_eq(worker_memory_kb(&memory, 1, NO_PROCESS, START_US + KNOWN_US), 0);
}
END_TEST

/* Also a failed look. */
START_TEST(test_unknown_is_kept_too)
{
    ck_assert_uint_eq(worker_memory_kb(&memory, 1, NO_PROCESS, START_US), 0);
    ck_assert_uint_eq(worker_memory_kb(&memory, 1, getpid(), START_US + 1), 0);
}
END_TEST

START_TEST(test_each_worker_has_its_own)
{
    ck_assert_uint_eq(worker_memory_kb(&memory, 1, NO_PROCESS, START_US), 0);
    for (uint32_t worker = 2; worker < 100; worker++)
        ck_assert_uint_gt(worker_memory_kb(&memory, worker, getpid(), START_US), 0);
    ck_assert_uint_eq(worker_memory_kb(&memory, 1, getpid(), START_US), 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("worker_memory");
    TCase *tc = tcase_create("worker_memory");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, test_kept_for_a_while);
    tcase_add_test(tc, test_unknown_is_kept_too);
    tcase_add_test(tc, test_each_worker_has_its_own);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
