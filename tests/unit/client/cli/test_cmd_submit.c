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

#define KEPT                                                                                      \
    "{\"op\":\"submit\",\"id\":1,\"size\":2,\"module\":\"fib\",\"timeout_ms\":7,\"detach\":true," \
    "\"key\":\"a \\\"b\\\"\",\"delay_ms\":1500,\"ttl_ms\":3600000,\"retries\":3,"                 \
    "\"retry_on\":[\"error\",\"module\"],\"priority\":0,\"retry_delay_ms\":0"

static const char *const kept_args[] = {
    "submit",     "--queue", "fib",        "30",           "--timeout-ms",  "7",         "--key",
    "a \"b\"",    "--delay", "1.5",        "--ttl",        "3600",          "--retries", "3",
    "--priority", "0",       "--retry-on", "error,module", "--retry-delay", "0",         NULL,
    NULL,         NULL};

/* The wishes for taskqueued alone, and the context to the letter. */
START_TEST(kept)
{
    const char *args[sizeof kept_args / sizeof kept_args[0]];
    const struct dialogue plain = {
        KEPT "}", "30", "{\"event\":\"accepted\",\"id\":1,\"job\":\"q1\",\"joined\":true}\n"};
    const struct dialogue with_context = {KEPT ",\"context\":[1.10]}", "30",
                                          "{\"event\":\"accepted\",\"id\":1,\"job\":\"q1\"}\n"};
    const struct dialogue at = {
        "{\"op\":\"submit\",\"id\":1,\"size\":2,\"module\":\"fib\",\"detach\":true,"
        "\"at\":\"2026-12-24T18:00:00Z\"}",
        "30", "{\"event\":\"accepted\",\"id\":1,\"job\":\"q1\"}\n"};
    memcpy(args, kept_args, sizeof args);
    assert_run(&plain, args, "", 0, "q1\n", "");
    args[20] = "--context";
    args[21] = " [1.10] ";
    assert_run(&with_context, args, "", 0, "q1\n", "");
    assert_run(&at, ARGS("submit", "fib", "30", "--at", "2026-12-24T18:00:00Z"), "", 0, "q1\n", "");
}
END_TEST

static void plays_nothing(struct fake *fake)
{
    fake_welcome(fake);
    fake_expect_end(fake);
}

/* The context cannot bring fields of its own along. */
START_TEST(context_is_no_json)
{
    struct fake fake;
    struct child child;
    fake_start(&fake, plays_nothing, NULL);
    child_run(&child, fake.address, "",
              ARGS("submit", "fib", "30", "--key", "k", "--context", "1,\"detach\":false"));
    fake_finish(&fake);
    child_assert(&child, 64, "",
                 "taskmaster: the context is not JSON: end of file expected near ','\n");
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        detached, for_a_service, refused, kept, context_is_no_json,
    };
    TCase *tcase = tcase_create("cmd_submit");
    tcase_set_timeout(tcase, 120);
    for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++)
        tcase_add_test(tcase, tests[i]);
    Suite *suite = suite_create("client cmd_submit");
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
