/* recycle, reload, reopen, drain and log-level. */
#include "tests/unit/client/dialogue.h"
#include "tests/unit/suite.h"

static void assert_fields(const char *request, const char *fields, const char *const *args,
                          int status, const char *output, const char *errors)
{
    char answer[512];
    const struct dialogue dialogue = {request, "", answer};
    snprintf(answer, sizeof answer, "{\"id\":1,%s}\n", fields);
    assert_answer(&dialogue, args, status, output, errors);
}

START_TEST(recycle)
{
    assert_fields("{\"op\":\"recycle\",\"id\":1}", "\"event\":\"ok\",\"workers\":3",
                  ARGS("recycle"), 0, "3 workers are replaced after their jobs\n", "");
    assert_fields("{\"op\":\"recycle\",\"id\":1,\"pool\":\"a\"}", "\"event\":\"ok\",\"workers\":0",
                  ARGS("recycle", "a"), 0, "0 workers are replaced after their jobs\n", "");
    assert_fields("{\"op\":\"recycle\",\"id\":1,\"worker\":7}", "\"event\":\"ok\",\"workers\":1",
                  ARGS("recycle", "--worker", "7"), 0, "1 worker is replaced after its job\n", "");
    assert_fields("{\"op\":\"recycle\",\"id\":1}", "\"event\":\"ok\",\"workers\":3",
                  ARGS("recycle", "--json"), 0, "{\"event\":\"ok\",\"workers\":3}\n", "");
}
END_TEST

#define RELOAD "{\"op\":\"reload\",\"id\":1}"

START_TEST(reload)
{
    assert_fields(RELOAD, "\"event\":\"ok\",\"changed\":[],\"renewed\":true", ARGS("reload"), 0,
                  "the settings are read, and nothing has changed\n", "");
    assert_fields(RELOAD, "\"event\":\"ok\",\"changed\":[\"pool-max\",\"modules\"]", ARGS("reload"),
                  0, "the settings are read; changed: pool-max, modules\n", "");
    assert_fields(RELOAD, "\"event\":\"ok\",\"changed\":[\"pool-max\"],\"changed_count\":3",
                  ARGS("reload"), 0, "the settings are read; changed: pool-max and 2 more\n", "");
    assert_fields(RELOAD, "\"event\":\"ok\",\"changed\":[],\"renewed\":false,\"why\":\"no worker\"",
                  ARGS("reload"), 1, "the settings are read, and nothing has changed\n",
                  "taskmaster: the workers are not replaced: no worker\n");
    assert_fields(RELOAD, "\"event\":\"ok\",\"renewed\":false", ARGS("reload", "--json"), 1,
                  "{\"event\":\"ok\",\"renewed\":false}\n", "");
}
END_TEST

START_TEST(unusable_settings)
{
#define ERROR                                                                                  \
    "\"event\":\"error\",\"code\":\"bad-config\",\"message\":\"/etc/t.conf:3: pool-max: no\"," \
    "\"file\":\"/etc/t.conf\",\"line\":3,\"key\":\"pool-max\""
    assert_fields(RELOAD, ERROR, ARGS("reload"), 1, "",
                  "taskmaster: the server refused: bad-config: /etc/t.conf:3: pool-max: no\n");
    assert_fields(RELOAD, ERROR, ARGS("reload", "--json"), 1, "{" ERROR "}\n", "");
}
END_TEST

START_TEST(reopen)
{
    static const char request[] = "{\"op\":\"reopen\",\"id\":1}";
    assert_fields(request, "\"event\":\"ok\",\"file\":\"/var/log/t.log\"", ARGS("reopen"), 0,
                  "the log goes on in /var/log/t.log\n", "");
    assert_fields(request, "\"event\":\"ok\"", ARGS("reopen"), 0,
                  "the log has no file, and nothing was done\n", "");
    assert_fields(request, "\"event\":\"ok\"", ARGS("reopen", "--json"), 0, "{\"event\":\"ok\"}\n",
                  "");
    assert_fields(request, "\"event\":\"error\",\"code\":\"bad-config\",\"message\":\"no\"",
                  ARGS("reopen"), 1, "", "taskmaster: the server refused: bad-config: no\n");
}
END_TEST

START_TEST(drain)
{
    assert_fields("{\"op\":\"drain\",\"id\":1}", "\"event\":\"ok\"", ARGS("drain"), 0,
                  "the server ends after its jobs\n", "");
    assert_fields("{\"op\":\"drain\",\"id\":1,\"waiting\":\"run\"}", "\"event\":\"ok\"",
                  ARGS("drain", "--waiting", "run", "--json"), 0, "{\"event\":\"ok\"}\n", "");
}
END_TEST

START_TEST(log_level)
{
    static const char request[] = "{\"op\":\"log-level\",\"id\":1,\"level\":\"debug\"}";
    assert_fields(request, "\"event\":\"ok\",\"was\":\"info\"", ARGS("log-level", "debug"), 0,
                  "the log's level is debug, and was info\n", "");
    assert_fields(request, "\"event\":\"ok\"", ARGS("log-level", "debug", "--json"), 0,
                  "{\"event\":\"ok\"}\n", "");
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        recycle, reload, unusable_settings, reopen, drain, log_level,
    };
    TCase *tcase = tcase_create("cmd_operate");
    tcase_set_timeout(tcase, 120);
    for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++)
        tcase_add_test(tcase, tests[i]);
    Suite *suite = suite_create("client cmd_operate");
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
