/* monitor and watch: a line for each event. */
#include "tests/unit/client/dialogue.h"
#include "tests/unit/suite.h"

static void answer_ok(struct fake *fake, const char *request, int id)
{
    fake_expect(fake, request);
    fake_sendf(fake, "{\"event\":\"ok\",\"op\":\"monitor\",\"id\":%d}\n", id);
}

static void plays_ends(struct fake *fake)
{
    fake_welcome(fake);
    answer_ok(fake, "{\"op\":\"monitor\",\"id\":1,\"ref\":1,\"job\":\"k-7\"}", 1);
    fake_send(fake, "{\"event\":\"down\",\"ref\":1,\"job\":\"k-7\",\"reason\":\"error\","
                    "\"signal\":\"SIG\\u001b\"}\n{\"event\":\"draining\"}\n");
    answer_ok(fake, "{\"op\":\"monitor\",\"id\":2,\"ref\":2,\"worker\":3}", 2);
    answer_ok(fake, "{\"op\":\"monitor\",\"id\":3,\"ref\":3,\"client\":4}", 3);
    fake_send(fake, "{\"event\":\"down\",\"ref\":3,\"client\":4,\"reason\":\"bye\"}\n"
                    "{\"event\":\"down\",\"ref\":2,\"worker\":3,\"reason\":\"idle\"}\n");
    fake_expect_end(fake);
}

static void assert_events(void (*script)(struct fake *), const char *const *args, int status,
                          const char *output, const char *errors)
{
    struct fake fake;
    struct child child;
    fake_start(&fake, script, NULL);
    child_run(&child, fake.address, "", args);
    fake_finish(&fake);
    child_assert(&child, status, output, errors);
}

START_TEST(to_the_last_end)
{
    assert_events(plays_ends, ARGS("monitor", "--job", "k-7", "--worker", "3", "--client", "4"), 0,
                  "down job=k-7 reason=error signal=SIG?\n"
                  "down client=4 reason=bye\n"
                  "down worker=3 reason=idle\n",
                  "");
}
END_TEST

static void plays_changes(struct fake *fake)
{
    fake_welcome(fake);
    answer_ok(fake, "{\"op\":\"monitor\",\"id\":1,\"ref\":1,\"service\":\"mail\"}", 1);
    answer_ok(fake, "{\"op\":\"monitor\",\"id\":2,\"ref\":2,\"pool\":\"slow\"}", 2);
    answer_ok(fake, "{\"op\":\"monitor\",\"id\":3,\"ref\":3,\"workers\":true}", 3);
    answer_ok(fake, "{\"op\":\"monitor\",\"id\":4,\"ref\":4,\"job\":\"k-1\"}", 4);
    fake_send(fake,
              "{\"event\":\"service\",\"ref\":1,\"service\":\"mail\",\"state\":\"free\","
              "\"owner\":null}\n"
              "{\"event\":\"down\",\"ref\":4,\"job\":\"k-1\",\"reason\":\"unknown\"}\n"
              "{\"event\":\"worker\",\"ref\":2,\"worker\":3,\"pid\":9,\"state\":\"ready\"}\n");
}

START_TEST(changes_for_ever)
{
    assert_events(plays_changes,
                  ARGS("monitor", "--service", "mail", "--pool", "slow", "--workers", "--job",
                       "k-1", "--json"),
                  69,
                  "{\"event\":\"service\",\"ref\":1,\"service\":\"mail\",\"state\":\"free\","
                  "\"owner\":null}\n"
                  "{\"event\":\"down\",\"ref\":4,\"job\":\"k-1\",\"reason\":\"unknown\"}\n"
                  "{\"event\":\"worker\",\"ref\":2,\"worker\":3,\"pid\":9,\"state\":\"ready\"}\n",
                  "taskmaster: the server closed the connection\n");
}
END_TEST

START_TEST(refused)
{
    const struct dialogue dialogue = {"{\"op\":\"monitor\",\"id\":1,\"ref\":1,\"pool\":\"x\"}", "",
                                      "{\"event\":\"error\",\"op\":\"monitor\",\"id\":1,\"code\":"
                                      "\"unknown-pool\",\"message\":\"x\"}\n"};
    assert_answer(&dialogue, ARGS("monitor", "--pool", "x"), 1, "",
                  "taskmaster: the server refused: unknown-pool: x\n");
}
END_TEST

static void plays_a_watch(struct fake *fake)
{
    fake_welcome(fake);
    fake_expect(fake, "{\"op\":\"watch\",\"id\":1,\"what\":[\"jobs\",\"pools\"],\"module\":\"fib\","
                      "\"pool\":\"slow\"}");
    fake_send(fake,
              "{\"event\":\"ok\",\"op\":\"watch\",\"id\":1}\n"
              "{\"event\":\"watch\",\"what\":\"jobs\",\"at_ms\":1000000000123,\"state\":\"done\","
              "\"job\":\"k-1\",\"worker\":2,\"reason\":null,\"run_us\":3400}\n");
    fake_ignore(fake);
}

START_TEST(watches)
{
    struct fake fake;
    struct child child;
    setenv("TZ", "UTC", 1);
    fake_start(&fake, plays_a_watch, NULL);
    child_run(
        &child, fake.address, "",
        ARGS("watch", "jobs", "pools", "--module", "fib", "--pool", "slow", "--timeout", "3"));
    fake_finish(&fake);
    child_assert(&child, 124,
                 "01:46:40.123 watch what=jobs state=done job=k-1 worker=2 run=3.4ms\n",
                 "taskmaster: the time of --timeout is over\n");
}
END_TEST

static void plays_watch_of_all(struct fake *fake)
{
    fake_welcome(fake);
    fake_expect(
        fake, "{\"op\":\"watch\",\"id\":1,\"what\":[\"jobs\",\"workers\",\"pools\",\"clients\"]}");
}

START_TEST(watches_all)
{
    assert_events(plays_watch_of_all, ARGS("watch"), 69, "",
                  "taskmaster: the server closed the connection\n");
}
END_TEST

/* taskqueued has no workers and no pools. */
static void plays_a_queue(struct fake *fake)
{
    fake_welcome_to_queue(fake);
    fake_expect(fake, "{\"op\":\"watch\",\"id\":1,\"what\":[\"jobs\",\"clients\"]}");
    fake_send(fake, "{\"event\":\"error\",\"id\":1,\"code\":\"denied\",\"message\":\"no\"}\n");
    fake_expect_end(fake);
}

START_TEST(watch_of_a_queue)
{
    struct fake fake;
    struct child child;
    fake_start(&fake, plays_a_queue, NULL);
    child_run(&child, fake.address, "", ARGS("watch", "--queue"));
    fake_finish(&fake);
    child_assert(&child, 1, "", "taskmaster: the server refused: denied: no\n");
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        to_the_last_end, changes_for_ever, refused, watches, watches_all, watch_of_a_queue,
    };
    TCase *tcase = tcase_create("cmd_monitor");
    tcase_set_timeout(tcase, 120);
    for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++)
        tcase_add_test(tcase, tests[i]);
    Suite *suite = suite_create("client cmd_monitor");
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
