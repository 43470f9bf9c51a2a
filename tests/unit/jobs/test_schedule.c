/* test_schedule: one pass at the end of each call, and none amid another. */
#include "tests/unit/jobs/recorder.h"

/* An answer is read amid a deadline: the next job waits for the deadline's own pass. */
static void read_answer(struct sim_worker *sim)
{
    sim_read(sim);
    ck_assert_uint_eq(d.pool.counts[WORKER_IDLE], 1);
    ck_assert_int_eq(the_job(2)->state, JOB_WAITING);
}

START_TEST(test_no_pass_amid_a_poll)
{
    open_idle(1, 1, 10);
    SUBMIT(.timeout_ms = 100);
    SUBMIT();
    finishes(1, (struct worker_answer){.type = JOB_DONE});
    hush_news();
    hooks.polled = read_answer;
    pass_ms(100);
    ck_told("poll 1, a1 done, give 1 j2");
}
END_TEST

/* A lost worker's unbegun job goes back to the line; the pass has no idle worker, and the pool no
 * place before the lost one is reaped. */
START_TEST(test_pass_behind_a_loss)
{
    open_idle(1, 2, 10);
    lazy = true;
    SUBMIT();
    ck_told("give 1 j1");
    SUBMIT();
    ck_told("start 2");
    ready(2);
    ck_told("give 2 j2");
    lost(1, SIGKILL);
    ck_told("back 1 j1 yes");
    reaped(1);
    ck_told("forget 1, start 3");
}
END_TEST

/* No bit stays set behind a pass: the next call looks at its own changes alone. */
START_TEST(test_nothing_stays_touched)
{
    open_idle(2, 2, 10);
    SUBMIT();
    ck_assert_uint_eq(d.pass.touched, 0);
    done(2);
    ck_assert_uint_eq(d.pass.touched, 0);
    ck_assert_ptr_null(d.pass.answered);
    ck_assert_uint_eq(shared.amid, 0);
    hush_news();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("schedule");
    TCase *tc = recorder_case(suite, "pass");
    tcase_add_test(tc, test_no_pass_amid_a_poll);
    tcase_add_test(tc, test_pass_behind_a_loss);
    tcase_add_test(tc, test_nothing_stays_touched);
    return run_suite(suite);
}
