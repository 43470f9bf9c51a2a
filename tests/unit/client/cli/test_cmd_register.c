/* register: the events of a service. */
#include "tests/unit/client/dialogue.h"
#include "tests/unit/suite.h"

#define REGISTER "{\"op\":\"register\",\"id\":1,\"name\":\"s\"}"
#define OK       "{\"event\":\"ok\",\"id\":1,\"op\":\"register\"}\n"
#define EVENT                                                                                     \
    "{\"event\":\"done\",\"service\":\"s\",\"submit_id\":\"a\",\"job\":\"k-1\",\"server\":\"x\"," \
    "\"Bad\":1,\"order\":3,\"size\":2}\nhi"

static void plays_events(struct fake *fake)
{
    fake_welcome(fake);
    fake_expect(fake, REGISTER);
    fake_send(fake, OK "{\"event\":\"draining\"}\n" EVENT);
}

static void assert_events(const char *const *args, const char *output, const char *errors)
{
    struct fake fake;
    struct child child;
    fake_start(&fake, plays_events, NULL);
    child_run(&child, fake.address, "", args);
    fake_finish(&fake);
    ck_assert_int_eq(child.status, 69); /* the server has gone */
    ck_assert_str_eq(child.output, output);
    ck_assert_msg(strstr(child.errors, errors) != NULL, "%s", child.errors);
    child_free(&child);
}

START_TEST(prints)
{
    assert_events(ARGS("register", "s"),
                  "done service=s submit_id=a job=k-1 server=x Bad=1 order=3 size=2B\n", "");
    assert_events(ARGS("register", "s", "--json"),
                  "{\"event\":\"done\",\"service\":\"s\",\"submit_id\":\"a\",\"job\":\"k-1\","
                  "\"server\":\"x\",\"Bad\":1,\"order\":3,\"size\":2,\"payload\":\"hi\"}\n",
                  "");
}
END_TEST

/* A field named as a setting, or with other letters, is left out. */
START_TEST(runs_a_command)
{
    setenv("TASKMASTER_REASON", "stale", 1);
    assert_events(ARGS("register", "s", "--exec",
                       "cat; env | sed 's/R=127.*/R=mine/' | grep ^TASKMASTER_ | grep -v FILE | "
                       "LC_ALL=C sort"),
                  "hiTASKMASTER_EVENT=done\nTASKMASTER_JOB=k-1\nTASKMASTER_ORDER=3\n"
                  "TASKMASTER_SERVER=mine\nTASKMASTER_SERVICE=s\nTASKMASTER_SIZE=2\n"
                  "TASKMASTER_SUBMIT_ID=a\n",
                  "");
    assert_events(ARGS("register", "s", "--exec", "exit 3"), "",
                  "the command for job k-1 ended with status 3\n");
    assert_events(ARGS("register", "s", "--exec", "kill -9 $$"), "",
                  "the command for job k-1 was ended by signal 9\n");
}
END_TEST

START_TEST(is_refused)
{
    const struct dialogue dialogue = {
        REGISTER, "",
        "{\"event\":\"error\",\"id\":1,\"op\":\"register\",\"code\":\"name-taken\","
        "\"message\":\"no\",\"owner\":{\"client\":7,\"name\":null}}\n"};
    assert_answer(&dialogue, ARGS("register", "s"), 1, "",
                  "taskmaster: the server refused: name-taken: no\n");
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        prints,
        runs_a_command,
        is_refused,
    };
    TCase *tcase = tcase_create("cmd_register");
    tcase_set_timeout(tcase, 120);
    for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++)
        tcase_add_test(tcase, tests[i]);
    Suite *suite = suite_create("client cmd_register");
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
