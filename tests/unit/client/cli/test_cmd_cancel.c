/* cancel and kill. */
#include "tests/unit/client/dialogue.h"
#include "tests/unit/suite.h"

START_TEST(cancel_and_kill)
{
    const struct dialogue cancel = {"{\"op\":\"cancel\",\"id\":1,\"job\":\"k-7\"}", "",
                                    "{\"event\":\"ok\",\"op\":\"cancel\",\"id\":1,\"job\":\"k-7\","
                                    "\"state\":\"waiting\"}\n"};
    const struct dialogue kill = {"{\"op\":\"kill\",\"id\":1,\"job\":\"k-7\"}", "",
                                  "{\"event\":\"error\",\"op\":\"kill\",\"id\":1,"
                                  "\"code\":\"unknown-job\",\"message\":\"no k-7\"}\n"};
    assert_answer(&cancel, ARGS("cancel", "k-7"), 0, "cancelled k-7, which was waiting\n", "");
    assert_answer(&cancel, ARGS("cancel", "k-7", "--json"), 0,
                  "{\"event\":\"ok\",\"op\":\"cancel\",\"job\":\"k-7\",\"state\":\"waiting\"}\n",
                  "");
    assert_answer(&kill, ARGS("kill", "k-7"), 1, "",
                  "taskmaster: the server refused: unknown-job: no k-7\n");
}
END_TEST

START_TEST(kill_a_worker)
{
    const struct dialogue dialogue = {"{\"op\":\"kill\",\"id\":1,\"worker\":12}", "",
                                      "{\"event\":\"ok\",\"op\":\"kill\",\"id\":1}\n"};
    assert_answer(&dialogue, ARGS("kill", "--worker", "12"), 0, "killed worker 12\n", "");
    assert_answer(&dialogue, ARGS("kill", "--worker", "12", "--json"), 0,
                  "{\"event\":\"ok\",\"op\":\"kill\"}\n", "");
}
END_TEST

START_TEST(selections)
{
    const struct dialogue cancel = {
        "{\"op\":\"cancel\",\"id\":1,\"select\":{\"module\":\"fib\",\"pool\":\"slow\","
        "\"owner\":\"shop\",\"state\":\"waiting\"}}",
        "", "{\"event\":\"ok\",\"op\":\"cancel\",\"id\":1,\"count\":12}\n"};
    const struct dialogue kill = {"{\"op\":\"kill\",\"id\":1,\"select\":{\"pool\":\"slow\"}}", "",
                                  "{\"event\":\"ok\",\"op\":\"kill\",\"id\":1,\"count\":1}\n"};
    assert_answer(&cancel,
                  ARGS("cancel", "--module", "fib", "--pool", "slow", "--owner", "shop", "--state",
                       "waiting"),
                  0, "cancelled 12 jobs\n", "");
    assert_answer(&kill, ARGS("kill", "--pool", "slow"), 0, "killed 1 job\n", "");
    assert_answer(&kill, ARGS("kill", "--pool", "slow", "--json"), 0,
                  "{\"event\":\"ok\",\"op\":\"kill\",\"count\":1}\n", "");
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        cancel_and_kill,
        kill_a_worker,
        selections,
    };
    TCase *tcase = tcase_create("cmd_cancel");
    tcase_set_timeout(tcase, 120);
    for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++)
        tcase_add_test(tcase, tests[i]);
    Suite *suite = suite_create("client cmd_cancel");
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
