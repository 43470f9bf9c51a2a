/* test_assign: the order in which jobs of the line are handed to workers. */
#include "tests/unit/jobs/recorder.h"

/* First in, first out over all sources, whoever becomes free, and `order` counts it. */
START_TEST(test_order)
{
    open_idle(2, 2, 100);
    for (int i = 0; i < 8; i++)
        SUBMIT(.source = (char)('a' + i % 3), .started = true);
    ck_told("give 2 j1, a1 started 2 #1, give 1 j2, b2 started 1 #2");
    done(1);
    done(1);
    ck_told("b2 done, give 1 j3, c3 started 1 #3, c3 done, give 1 j4, a4 started 1 #4");
    done(2);
    ck_told("a1 done, give 2 j5, b5 started 2 #5");
    dispatcher_cancel(the_job(6), false);
    ck_told("c6 failed cancelled");
    fails(1, "no");
    ck_told("a4 failed module no, give 1 j7, a7 started 1 #6"); /* no gap in the order */
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("assign");
    TCase *tc = recorder_case(suite, "assign");
    tcase_add_test(tc, test_order);
    return run_suite(suite);
}
