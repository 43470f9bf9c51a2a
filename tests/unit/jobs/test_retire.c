/* test_retire: many workers are told to end at a rate. */
#include "tests/unit/jobs/recorder.h"

/* All places are taken: one without a job gives way. */
static size_t told_to_end(void)
{
    return d.pool.counts[WORKER_STOPPING];
}

/* If thousands ended in one moment, nobody else would get a processor. */
START_TEST(test_reload_of_many)
{
    open_idle(100, 101, 100);
    reconfigure(true);
    pass_ms(BATCH_MS);
    ready(101);
    ck_assert_uint_eq(pool_ending(&d.pool), 100); /* none of them gets a job any more */
    for (size_t told; (told = told_to_end()) < 100;) {
        pass_ms(BATCH_MS);
        ck_assert_uint_gt(told_to_end(), told);
        ck_assert_uint_le(told_to_end(), told + BATCH);
    }
    ck_assert_uint_eq(told_to_end(), 100);
}
END_TEST

/* Whoever ends before it was told, or is killed, is told no more. */
START_TEST(test_reload_of_many_that_end)
{
    open_idle(20, 21, 100);
    reconfigure(true);
    pass_ms(BATCH_MS);
    ready(21);
    ck_assert_uint_eq(told_to_end(), BATCH);
    for (uint32_t id = 1; id <= 10; id++)
        dies(id, SIGKILL);
    hush_news();
    dispatcher_abort(&d);
    ck_assert_uint_eq(d.pool.counts[WORKER_RETIRING], 0);
    hush_news();
    pass_ms(BATCH_MS);
    ck_assert_ptr_null(strstr(news(), "retire"));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("retire");
    TCase *tc = recorder_case(suite, "retire");
    tcase_add_test(tc, test_reload_of_many);
    tcase_add_test(tc, test_reload_of_many_that_end);
    return run_suite(suite);
}
