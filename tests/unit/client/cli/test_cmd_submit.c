/* submit: a job handed over. */
#include "tests/unit/client/dialogue.h"
#include "tests/unit/suite.h"

#define SUBMIT "{\"op\":\"submit\",\"id\":1,\"module\":\"fib\","

START_TEST(detached)
{
    const struct dialogue dialogue = {SUBMIT "\"detach\":true,\"size\":2}", "30",
                                      "{\"event\":\"accepted\",\"id\":1,\"job\":\"k-1\","
                                      "\"position\":0}\n"};
    assert_run(&dialogue, ARGS("submit", "fib", "30"), "", 0, "k-1\n", "");
    assert_run(&dialogue, ARGS("submit", "fib"), "30", 0, "k-1\n", "");
    assert_run(&dialogue, ARGS("submit", "fib", "30", "--json"), "", 0,
               "{\"event\":\"accepted\",\"job\":\"k-1\",\"position\":0}\n", "");
}
END_TEST

START_TEST(for_a_service)
{
    const struct dialogue dialogue = {
        SUBMIT "\"timeout_ms\":7,\"soft_timeout_ms\":6,\"max_wait_ms\":3000,\"service\":\"mail\","
               "\"size\":2,\"context\":[1]}",
        "30", "{\"event\":\"accepted\",\"id\":1,\"job\":\"k-1\",\"position\":0,\"context\":[1]}\n"};
    assert_run(&dialogue,
               ARGS("submit", "fib", "30", "--service", "mail", "--timeout-ms", "7",
                    "--soft-timeout", "0.006", "--max-wait", "3", "--context", "[1]"),
               "", 0, "k-1\n", "");
}
END_TEST

START_TEST(refused)
{
    const struct dialogue overload = {
        SUBMIT "\"detach\":true,\"size\":2}", "30",
        "{\"event\":\"overload\",\"id\":1,\"reason\":\"queue-full\"}\n"};
    const struct dialogue unknown = {SUBMIT "\"service\":\"mail\",\"size\":2}", "30",
                                     "{\"event\":\"error\",\"op\":\"submit\",\"id\":1,"
                                     "\"code\":\"unknown-service\",\"message\":\"no mail\"}\n"};
    assert_run(&overload, ARGS("submit", "fib", "30"), "", 75, "",
               "taskmaster: overload (queue-full)\n");
    assert_run(&unknown, ARGS("submit", "fib", "30", "--service", "mail"), "", 1, "",
               "taskmaster: refused (unknown-service): no mail\n");
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        detached,
        for_a_service,
        refused,
    };
    TCase *tcase = tcase_create("cmd_submit");
    tcase_set_timeout(tcase, 120);
    for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++)
        tcase_add_test(tcase, tests[i]);
    Suite *suite = suite_create("client cmd_submit");
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
