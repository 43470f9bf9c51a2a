/* Interrupts while a job runs: the first cancels the job, a later one ends the command. */
#include "tests/unit/client/dialogue.h"
#include "tests/unit/suite.h"

/* The script does not know the child; the test's own thread does. */
static void ask_for_interrupt(struct fake *fake)
{
    if (write(((int *)fake->arg)[1], "", 1) != 1)
        fake_fail(fake, "write: %s", strerror(errno));
}

static void interrupt(const struct child *child, const int *bell)
{
    char byte;
    ck_assert_int_eq(read(bell[0], &byte, 1), 1);
    ck_assert_int_eq(kill(child->pid, SIGINT), 0);
}

static void plays_slow_job(struct fake *fake)
{
    fake_welcome(fake);
    fake_expect(fake, "*submit");
    fake_expect_payload(fake, "x");
    ask_for_interrupt(fake);
    fake_expect(fake, "{\"op\":\"cancel\",\"id\":2,\"target\":1}");
    fake_send(fake, "{\"event\":\"ok\",\"op\":\"cancel\",\"id\":2,\"job\":\"k-1\","
                    "\"state\":\"running\"}\n"
                    "{\"event\":\"failed\",\"id\":1,\"job\":\"k-1\",\"reason\":\"cancelled\","
                    "\"message\":\"\",\"step\":\"stop-flag\"}\n");
    fake_expect_end(fake);
}

START_TEST(run_interrupted)
{
    struct fake fake;
    struct child child;
    int bell[2];
    ck_assert_int_eq(pipe2(bell, O_CLOEXEC), 0);
    fake_start(&fake, plays_slow_job, bell);
    child_start(&child, fake.address, ARGS("run", "sleep", "x"));
    interrupt(&child, bell);
    child_finish(&child);
    fake_finish(&fake);
    child_assert(&child, 1, "",
                 "taskmaster: interrupted: cancelling the job; interrupt again to leave at once\n"
                 "taskmaster: job k-1 failed (cancelled, step stop-flag)\n");
}
END_TEST

/* Hears the cancel and says nothing of it. */
static void plays_deaf(struct fake *fake)
{
    fake_welcome(fake);
    fake_expect(fake, "*submit");
    ask_for_interrupt(fake);
    fake_ignore(fake);
}

/* The wait for the answer to a cancel ends at --timeout. */
START_TEST(run_interrupted_beside_a_server_that_is_deaf)
{
    struct fake fake;
    struct child child;
    int bell[2];
    ck_assert_int_eq(pipe2(bell, O_CLOEXEC), 0);
    fake_start(&fake, plays_deaf, bell);
    child_start(&child, fake.address, ARGS("run", "sleep", "--timeout", "2"));
    child_close_input(&child);
    interrupt(&child, bell);
    child_finish(&child);
    fake_finish(&fake);
    child_assert(&child, 124, "",
                 "taskmaster: cannot cancel: the server did not answer in time\n"
                 "taskmaster: the job did not end in time; it is cancelled\n");
}
END_TEST

/* Two signals are pending when the command goes on. */
START_TEST(run_interrupted_in_a_row)
{
    struct fake fake;
    struct child child;
    int bell[2], status;
    char byte;
    ck_assert_int_eq(pipe2(bell, O_CLOEXEC), 0);
    fake_start(&fake, plays_slow_job, bell);
    child_start(&child, fake.address, ARGS("run", "sleep", "x"));
    ck_assert_int_eq(read(bell[0], &byte, 1), 1);
    ck_assert_int_eq(kill(child.pid, SIGSTOP), 0);
    ck_assert_int_eq(waitpid(child.pid, &status, WUNTRACED), child.pid);
    ck_assert_int_eq(kill(child.pid, SIGINT), 0);
    ck_assert_int_eq(kill(child.pid, SIGTERM), 0);
    ck_assert_int_eq(kill(child.pid, SIGCONT), 0);
    child_finish(&child);
    fake_finish(&fake);
    child_assert(&child, 1, "",
                 "taskmaster: interrupted: cancelling the job; interrupt again to leave at once\n"
                 "taskmaster: job k-1 failed (cancelled, step stop-flag)\n");
}
END_TEST

/* No answer to the cancel before a later signal has done its work. */
static void plays_stubborn_job(struct fake *fake)
{
    fake_welcome(fake);
    fake_expect(fake, "*submit");
    fake_expect_payload(fake, "x");
    ask_for_interrupt(fake);
    fake_expect(fake, "*cancel");
    fake_expect_end(fake);
}

/* Repeated signals count as one for 300 ms. Then the next one ends the command. */
START_TEST(run_interrupted_until_it_leaves)
{
    enum { MOMENT_MS = 300, INTERVAL_MS = 10 };
    struct fake fake;
    struct child child;
    int bell[2];
    ck_assert_int_eq(pipe2(bell, O_CLOEXEC), 0);
    fake_start(&fake, plays_stubborn_job, bell);
    child_start(&child, fake.address, ARGS("run", "sleep", "x"));
    int64_t begin_ms = now_ms();
    interrupt(&child, bell);
    struct pollfd end = {.fd = child.out, .events = POLLIN};
    while (poll(&end, 1, INTERVAL_MS) == 0 && now_ms() - begin_ms < CHILD_DEADLINE_MS)
        ck_assert_int_eq(kill(child.pid, SIGINT), 0);
    ck_assert_int_ge(now_ms() - begin_ms, MOMENT_MS);
    child_finish(&child);
    fake_finish(&fake);
    child_assert(&child, 256 + SIGINT, "", "");
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        run_interrupted,
        run_interrupted_beside_a_server_that_is_deaf,
        run_interrupted_in_a_row,
        run_interrupted_until_it_leaves,
    };
    TCase *tcase = tcase_create("interrupt");
    tcase_set_timeout(tcase, 120);
    for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++)
        tcase_add_test(tcase, tests[i]);
    Suite *suite = suite_create("client interrupt");
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
