/* forget, retry and backup. */
#include "tests/unit/client/dialogue.h"
#include "tests/unit/suite.h"

#define OK(fields) "{\"event\":\"ok\",\"id\":1" fields "}\n"

START_TEST(forget)
{
    const struct dialogue fine = {"{\"op\":\"forget\",\"id\":1,\"job\":\"q1\"}", "", OK()};
    const struct dialogue not_yet = {"{\"op\":\"forget\",\"id\":1,\"job\":\"q1\"}", "",
                                     "{\"event\":\"error\",\"op\":\"forget\",\"id\":1,"
                                     "\"code\":\"not-yet\",\"message\":\"q1 runs\"}\n"};
    assert_answer(&fine, ARGS("forget", "q1"), 0, "q1 is forgotten\n", "");
    assert_answer(&fine, ARGS("forget", "q1", "--json"), 0, "{\"event\":\"ok\"}\n", "");
    assert_answer(&not_yet, ARGS("forget", "q1"), 1, "",
                  "taskmaster: the server refused: not-yet: q1 runs\n");
}
END_TEST

static void plays_two(struct fake *fake)
{
    fake_welcome_to_queue(fake);
    fake_expect(fake, "*\"id\":1,\"job\":\"q1\"}");
    fake_send(fake,
              "{\"event\":\"error\",\"id\":1,\"code\":\"unknown-job\",\"message\":\"no q1\"}\n");
    fake_expect(fake, "*\"id\":2,\"job\":\"q2\"}");
    fake_send(fake, "{\"event\":\"ok\",\"id\":2}\n");
    fake_expect_end(fake);
}

/* A refusal about one keeps no other from being asked about. */
START_TEST(several_jobs)
{
    static const char *const ops[] = {"forget", "retry"};
    static const char *const outputs[] = {"q2 is forgotten\n", "q2 runs again\n"};
    for (size_t i = 0; i < 2; i++) {
        struct fake fake;
        struct child child;
        fake_start(&fake, plays_two, NULL);
        child_run(&child, fake.address, "", ARGS(ops[i], "q1", "q2"));
        fake_finish(&fake);
        child_assert(&child, 123, outputs[i],
                     "taskmaster: the server refused: unknown-job: no q1\n");
    }
}
END_TEST

START_TEST(retry)
{
    const struct dialogue one = {"{\"op\":\"retry\",\"id\":1,\"job\":\"q1\"}", "",
                                 OK(",\"count\":1")};
    const struct dialogue some = {"{\"op\":\"retry\",\"id\":1,\"select\":{\"module\":\"fib\","
                                  "\"reason\":\"poison\",\"owner\":\"shop\"}}",
                                  "", OK(",\"count\":7")};
    const struct dialogue single = {"{\"op\":\"retry\",\"id\":1,\"select\":{\"module\":\"fib\"}}",
                                    "", OK(",\"count\":1")};
    assert_answer(&one, ARGS("retry", "q1"), 0, "q1 runs again\n", "");
    assert_answer(&some, ARGS("retry", "--module", "fib", "--reason", "poison", "--owner", "shop"),
                  0, "7 jobs run again\n", "");
    assert_answer(&single, ARGS("retry", "--module", "fib"), 0, "1 job runs again\n", "");
}
END_TEST

/* A path of the command's own directory. */
START_TEST(backup)
{
    char directory[PATH_MAX], request[PATH_MAX + 64];
    const struct dialogue absolute = {"{\"op\":\"backup\",\"id\":1,\"path\":\"/a/b\"}", "", OK()};
    const struct dialogue relative = {request, "", OK()};
    ck_assert_ptr_nonnull(getcwd(directory, sizeof directory));
    snprintf(request, sizeof request, "{\"op\":\"backup\",\"id\":1,\"path\":\"%s/b\"}", directory);
    assert_answer(&absolute, ARGS("backup", "/a/b"), 0, "the copy is complete\n", "");
    assert_answer(&relative, ARGS("backup", "b"), 0, "the copy is complete\n", "");
}
END_TEST

/* These ask the queue of the environment, or of the command line. */
START_TEST(the_queue_is_asked)
{
    const struct dialogue dialogue = {"{\"op\":\"forget\",\"id\":1,\"job\":\"q1\"}", "", OK()};
    struct fake fake;
    struct child child;
    fake_start(&fake, plays_answer, (void *)&dialogue);
    child_run(&child, "127.0.0.1:1", "", ARGS("forget", "q1", "--server", fake.address));
    fake_finish(&fake);
    child_assert(&child, 0, "q1 is forgotten\n", "");
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        forget, several_jobs, retry, backup, the_queue_is_asked,
    };
    TCase *tcase = tcase_create("cmd_keep");
    tcase_set_timeout(tcase, 120);
    for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++)
        tcase_add_test(tcase, tests[i]);
    Suite *suite = suite_create("client cmd_keep");
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
