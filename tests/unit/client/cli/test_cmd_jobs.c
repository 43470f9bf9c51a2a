/* status, jobs and peek. */
#include "tests/unit/client/dialogue.h"
#include "tests/unit/suite.h"

#define STATUS "{\"op\":\"status\",\"id\":1,\"job\":\"k-7\"}"

START_TEST(status_of_a_job)
{
    static const char job[] =
        "{\"job\":\"k-7\",\"state\":\"running\",\"position\":null,\"wait_ms\":3,\"size\":2048,"
        "\"client\":{\"id\":4,\"name\":\"a\\u001bb\"},\"limits\":{\"timeout_ms\":90000}}";
    const struct dialogue unknown = {STATUS, "",
                                     "{\"event\":\"error\",\"op\":\"status\",\"id\":1,"
                                     "\"code\":\"unknown-job\",\"message\":\"no k-7\"}\n"};
    assert_shown(STATUS, "status", job, ARGS("status", "k-7"),
                 "job             k-7\n"
                 "state           running\n"
                 "position        -\n"
                 "wait            3.0ms\n"
                 "size            2.0K\n"
                 "client          id 4  name a?b\n"
                 "limits          timeout 90.0s\n");
    assert_shown(STATUS, "status", "{\"job\":\"k-7\",\"run_ms\":4}",
                 ARGS("status", "k-7", "--json"), "{\"job\":\"k-7\",\"run_ms\":4}\n");
    assert_answer(&unknown, ARGS("status", "k-7"), 1, "",
                  "taskmaster: the server refused: unknown-job: no k-7\n");
}
END_TEST

START_TEST(jobs)
{
    static const char filtered[] =
        "{\"op\":\"jobs\",\"id\":1,\"module\":\"fib\",\"pool\":\"slow\","
        "\"owner\":\"shop\",\"state\":\"waiting\",\"client\":12,\"limit\":100}";
    static const char some[] =
        "[{\"job\":\"k-1\",\"state\":\"running\",\"worker\":3,\"run_ms\":1500,\"position\":null,"
        "\"client\":{\"id\":12}},"
        "{\"job\":\"k-22\",\"state\":\"waiting\",\"worker\":null,\"position\":0,\"client\":null,"
        "\"x\":1}]";
    static const char limited[] = "{\"op\":\"jobs\",\"id\":1,\"limit\":7}";
    assert_shown(filtered, "jobs", some,
                 ARGS("jobs", "--module", "fib", "--pool", "slow", "--owner", "shop", "--state",
                      "waiting", "--client", "12"),
                 "job   state    client  worker  position  ran\n"
                 "k-1   running      12       3         -  1.5s\n"
                 "k-22  waiting       -       -         0  -\n");
    static const char kept[] =
        "[{\"job\":\"q1\",\"state\":\"delayed\",\"module\":\"fib\",\"attempt\":0,\"delay_ms\":5000,"
        "\"key\":\"a\",\"outcome\":null},"
        "{\"job\":\"q2\",\"state\":\"failed\",\"module\":\"fib\",\"attempt\":3,\"delay_ms\":null,"
        "\"key\":null,\"outcome\":{\"reason\":\"poison\"}}]";
    assert_shown("{\"op\":\"jobs\",\"id\":1,\"reason\":\"poison\",\"limit\":100}", "jobs", kept,
                 ARGS("jobs", "--queue", "--reason", "poison"),
                 "job  state    module  key  attempt  delay  reason\n"
                 "q1   delayed  fib     a          0  5.0s   -\n"
                 "q2   failed   fib     -          3  -      poison\n");
    assert_shown(limited, "jobs", "[]", ARGS("jobs", "--limit", "7"), "no jobs\n");
    assert_shown(limited, "jobs", "[]", ARGS("jobs", "--limit", "7", "--json"), "[]\n");
}
END_TEST

/* The second page is empty though a third one follows. */
static void plays_pages(struct fake *fake)
{
    fake_welcome(fake);
    fake_expect(fake, "{\"op\":\"jobs\",\"id\":1,\"limit\":1000}");
    fake_send(fake, "{\"event\":\"jobs\",\"id\":1,\"more\":true,\"after\":\"p1\",\"size\":29}\n"
                    "[{\"job\":\"k-1\"},{\"job\":\"k-2\"}");
    fake_send(fake, "]");
    fake_expect(fake, "{\"op\":\"jobs\",\"id\":2,\"limit\":1000,\"after\":\"p1\"}");
    fake_send(fake, "{\"event\":\"jobs\",\"id\":2,\"more\":true,\"after\":\"p2\",\"size\":2}\n[]");
    fake_expect(fake, "{\"op\":\"jobs\",\"id\":3,\"limit\":1000,\"after\":\"p2\"}");
    fake_send(fake, fake->arg);
    fake_expect_end(fake);
}

static void assert_pages(const char *last, const char *const *args, int status, const char *output,
                         const char *errors)
{
    struct fake fake;
    struct child child;
    fake_start(&fake, plays_pages, (void *)last);
    child_run(&child, fake.address, "", args);
    fake_finish(&fake);
    child_assert(&child, status, output, errors);
}

START_TEST(pages)
{
    assert_pages("{\"event\":\"jobs\",\"id\":3,\"more\":false,\"size\":15}\n[{\"job\":\"k-3\"}]",
                 ARGS("jobs", "--limit", "5000"), 0, "job\nk-1\nk-2\nk-3\n", "");
    assert_pages("{\"event\":\"jobs\",\"id\":3,\"size\":15}\n[{\"job\":\"k-3\"}]",
                 ARGS("jobs", "--limit", "5000", "--json"), 0,
                 "[{\"job\":\"k-1\"},{\"job\":\"k-2\"},{\"job\":\"k-3\"}]\n", "");
    assert_pages("{\"event\":\"error\",\"op\":\"jobs\",\"id\":3,\"code\":\"unknown-place\","
                 "\"message\":\"too old\"}\n",
                 ARGS("jobs", "--limit", "5000"), 1, "",
                 "taskmaster: the server refused: unknown-place: too old\n");
}
END_TEST

START_TEST(more_than_shown)
{
    const struct dialogue dialogue = {"{\"op\":\"jobs\",\"id\":1,\"limit\":1}", "",
                                      "{\"event\":\"jobs\",\"id\":1,\"more\":true,\"after\":\"p\","
                                      "\"size\":15}\n[{\"job\":\"k-3\"}]"};
    assert_answer(&dialogue, ARGS("jobs", "--limit", "1"), 0, "job\nk-3\n",
                  "taskmaster: there are more; --limit shows more than 1\n");
}
END_TEST

START_TEST(peek)
{
    const struct dialogue dialogue = {
        "{\"op\":\"peek\",\"id\":1,\"job\":\"k-7\"}", "",
        "{\"event\":\"peek\",\"id\":1,\"job\":\"k-7\",\"size\":2}\n30"};
    assert_answer(&dialogue, ARGS("peek", "k-7"), 0, "30", "");
    assert_answer(&dialogue, ARGS("peek", "k-7", "--json"), 0,
                  "{\"event\":\"peek\",\"job\":\"k-7\",\"size\":2,\"payload\":\"30\"}\n", "");
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        status_of_a_job, jobs, pages, more_than_shown, peek,
    };
    TCase *tcase = tcase_create("cmd_jobs");
    tcase_set_timeout(tcase, 120);
    for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++)
        tcase_add_test(tcase, tests[i]);
    Suite *suite = suite_create("client cmd_jobs");
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
