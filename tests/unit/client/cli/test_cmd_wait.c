/* wait: the ends of kept jobs, in the order of the arguments. */
#include "tests/unit/client/dialogue.h"
#include "tests/unit/suite.h"

#define WAIT_Q1 "{\"op\":\"wait\",\"id\":1,\"job\":\"q1\"}"
#define DONE_Q1 "{\"event\":\"done\",\"id\":1,\"job\":\"q1\",\"attempt\":2,\"size\":6}\n832040"

START_TEST(one_job)
{
    const struct dialogue done = {WAIT_Q1, "", DONE_Q1};
    assert_answer(&done, ARGS("wait", "q1"), 0, "832040", "");
    assert_answer(&done, ARGS("wait", "q1", "--json"), 0,
                  "{\"event\":\"done\",\"job\":\"q1\",\"attempt\":2,\"size\":6,"
                  "\"payload\":\"832040\"}\n",
                  "");
}
END_TEST

START_TEST(one_job_not_done)
{
    static const struct {
        const char *event;
        int status;
        const char *errors;
    } ends[] = {
        {"{\"event\":\"failed\",\"id\":1,\"job\":\"q1\",\"reason\":\"module\",\"code\":\"c\","
         "\"message\":\"no\",\"attempt\":3}\n",
         1, "taskmaster: job q1 failed (module, code c, attempt 3): no\n"},
        {"{\"event\":\"failed\",\"id\":1,\"job\":\"q1\",\"reason\":\"poison\",\"message\":\"lost\","
         "\"poison\":true,\"attempt\":3}\n",
         70, "taskmaster: job q1 failed (poison, attempt 3): lost\n"},
        {"{\"event\":\"failed\",\"id\":1,\"job\":\"q1\",\"reason\":\"timeout\",\"message\":\"\"}\n",
         124, "taskmaster: job q1 failed (timeout)\n"},
        {"{\"event\":\"error\",\"op\":\"wait\",\"id\":1,\"code\":\"unknown-job\","
         "\"message\":\"there is no job q1\"}\n",
         1, "taskmaster: refused (unknown-job): there is no job q1\n"},
    };
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        const struct dialogue dialogue = {WAIT_Q1, "", ends[i].event};
        assert_answer(&dialogue, ARGS("wait", "q1"), ends[i].status, "", ends[i].errors);
    }
}
END_TEST

/* The last ends first. */
static void plays_three(struct fake *fake)
{
    fake_welcome_to_queue(fake);
    fake_expect(fake, WAIT_Q1);
    fake_expect(fake, "{\"op\":\"wait\",\"id\":2,\"job\":\"q2\"}");
    fake_expect(fake, "{\"op\":\"wait\",\"id\":3,\"job\":\"q3\"}");
    fake_send(fake, "{\"event\":\"done\",\"id\":3,\"job\":\"q3\",\"size\":1}\nc");
    fake_send(fake, fake->arg);
    fake_send(fake, "{\"event\":\"done\",\"id\":1,\"job\":\"q1\",\"size\":1}\na");
    fake_expect_end(fake);
}

static void assert_three(const char *second, int status, const char *output, const char *errors)
{
    struct fake fake;
    struct child child;
    fake_start(&fake, plays_three, (void *)second);
    child_run(&child, fake.address, "", ARGS("wait", "q1", "q2", "q3"));
    fake_finish(&fake);
    child_assert(&child, status, output, errors);
}

START_TEST(several_jobs)
{
    assert_three("{\"event\":\"done\",\"id\":2,\"job\":\"q2\",\"size\":0}\n", 0, "a\n\nc\n", "");
    assert_three("{\"event\":\"failed\",\"id\":2,\"job\":\"q2\",\"reason\":\"module\"}\n", 123,
                 "a\nc\n", "taskmaster: job q2 failed (module)\n");
}
END_TEST

enum { MANY = 70 };

/* No more than 64 waits beyond the next job to print. */
static void plays_many(struct fake *fake)
{
    fake_welcome_to_queue(fake);
    for (int asked = 0, ended = 0; ended < MANY; ended++) {
        for (; asked < MANY && asked < ended + 64; asked++)
            fake_expect(fake, "*{\"op\":\"wait\"");
        fake_sendf(fake, "{\"event\":\"done\",\"id\":%d,\"job\":\"q\",\"size\":1}\nx", ended + 1);
    }
    fake_expect_end(fake);
}

START_TEST(many_jobs)
{
    struct fake fake;
    char line[256 + MANY * 3] = "exec \"$0\" wait";
    for (int i = 0; i < MANY; i++)
        strcat(line, " q");
    fake_start(&fake, plays_many, NULL);
    char self[PATH_MAX] = "", path[PATH_MAX + 32], output[MANY + 1] = "";
    ck_assert_int_gt(readlink("/proc/self/exe", self, sizeof self - 1), 0);
    snprintf(path, sizeof path, "%s/../../../../taskmaster", dirname(self));
    char command[sizeof path + sizeof line + 128];
    snprintf(command, sizeof command, "TASKMASTER_QUEUE=%s sh -c '%s' %s | tr -d '\\n'",
             fake.address, line, path);
    FILE *pipe = popen(command, "r");
    ck_assert_uint_eq(fread(output, 1, MANY, pipe), MANY);
    ck_assert_int_eq(pclose(pipe), 0);
    fake_finish(&fake);
}
END_TEST

static void plays_progress(struct fake *fake)
{
    fake_welcome_to_queue(fake);
    fake_expect(fake,
                "{\"op\":\"wait\",\"id\":1,\"job\":\"q1\",\"notify\":[\"progress\",\"retry\"]}");
    fake_send(fake, "{\"event\":\"progress\",\"id\":1,\"job\":\"q1\",\"fraction\":0.5}\n"
                    "{\"event\":\"retry\",\"id\":1,\"job\":\"q1\",\"attempt\":1,"
                    "\"reason\":\"module\",\"message\":\"busy\",\"delay_ms\":1200}\n" DONE_Q1);
    fake_expect_end(fake);
}

START_TEST(progress)
{
    struct fake fake;
    struct child child;
    fake_start(&fake, plays_progress, NULL);
    child_run(&child, fake.address, "", ARGS("wait", "q1", "--progress"));
    fake_finish(&fake);
    child_assert(&child, 0, "832040",
                 "taskmaster:  50%\n"
                 "taskmaster: job q1 failed (module, attempt 1), runs again in 1.200 s: busy\n");
}
END_TEST

static void plays_a_silent_queue(struct fake *fake)
{
    fake_welcome_to_queue(fake);
    fake_expect(fake, WAIT_Q1);
    fake_expect_end(fake);
}

START_TEST(not_in_time)
{
    struct fake fake;
    struct child child;
    fake_start(&fake, plays_a_silent_queue, NULL);
    child_run(&child, fake.address, "", ARGS("wait", "q1", "--timeout", "0.2"));
    fake_finish(&fake);
    child_assert(&child, 124, "", "taskmaster: job q1 has not ended in time\n");
}
END_TEST

/* Ends between two jobs, and starts again. */
static void plays_a_restart(struct fake *fake)
{
    fake_welcome_to_queue(fake);
    fake_expect(fake, WAIT_Q1);
    fake_expect(fake, "{\"op\":\"wait\",\"id\":2,\"job\":\"q2\"}");
    fake_send(fake, "{\"event\":\"done\",\"id\":1,\"job\":\"q1\",\"size\":1}\na");
    shutdown(fake->fd, SHUT_WR);
    fake_ignore(fake);
    close(fake->fd);
    if (!fake->arg)
        return;
    fake_welcome_to_queue(fake);
    fake_expect(fake, "{\"op\":\"wait\",\"id\":1,\"job\":\"q2\"}");
    fake_send(fake, "{\"event\":\"done\",\"id\":1,\"job\":\"q2\",\"size\":1}\nb");
    fake_expect_end(fake);
}

START_TEST(the_queue_restarts)
{
    struct fake fake;
    struct child child;
    fake_start(&fake, plays_a_restart, &fake);
    child_run(&child, fake.address, "", ARGS("wait", "q1", "q2", "--reconnect", "20"));
    fake_finish(&fake);
    child_assert(&child, 0, "a\nb\n", "taskmaster: the connection is lost; connecting again\n");
    fake_start(&fake, plays_a_restart, NULL);
    child_run(&child, fake.address, "", ARGS("wait", "q1", "q2"));
    fake.fd = -1;
    pthread_join(fake.thread, NULL);
    close(fake.listener);
    child_assert(&child, 69, "a\n", "taskmaster: the server closed the connection\n");
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        one_job,  one_job_not_done, several_jobs,       many_jobs,
        progress, not_in_time,      the_queue_restarts,
    };
    TCase *tcase = tcase_create("cmd_wait");
    tcase_set_timeout(tcase, 120);
    for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++)
        tcase_add_test(tcase, tests[i]);
    Suite *suite = suite_create("client cmd_wait");
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
