/* The calls with one answer: each request as sent, late answers. */
#include "tests/unit/client/connected.h"
#include "tests/unit/suite.h"

static void plays_requests(struct fake *fake)
{
    fake_welcome(fake);
    fake_expect(fake, "{\"op\":\"submit\",\"id\":1,\"module\":\"sleep\",\"size\":0}");
    fake_expect(fake, "{\"op\":\"ping\",\"id\":2}");
    fake_send(fake, "{\"event\":\"started\",\"id\":1,\"job\":\"k-1\",\"worker\":1,\"order\":1}\n"
                    "{\"event\":\"pong\",\"id\":2}\n");
    fake_expect(fake, "{\"op\":\"stats\",\"id\":3}");
    fake_send(fake, "{\"event\":\"stats\",\"id\":3,\"size\":12}\n{\"uptime\":1}");
    fake_expect(fake, "{\"op\":\"workers\",\"id\":4}");
    fake_send(fake, "{\"event\":\"workers\",\"id\":4,\"size\":2}\n[]");
    fake_expect(fake, "{\"op\":\"set\",\"id\":5,\"module\":\"fib\"}");
    fake_send(fake, "{\"event\":\"ok\",\"op\":\"set\",\"id\":5}\n");
    fake_expect(fake, "{\"op\":\"kill\",\"id\":6,\"job\":\"k-9\"}");
    fake_send(fake, "{\"event\":\"error\",\"op\":\"kill\",\"id\":6,\"code\":\"unknown-job\","
                    "\"message\":\"no job k-9\"}\n");
    fake_expect(fake, "{\"op\":\"cancel\",\"id\":7,\"target\":1}");
    fake_send(fake, "{\"event\":\"ok\",\"op\":\"cancel\",\"id\":7,\"job\":\"k-1\","
                    "\"state\":\"running\"}\n"
                    "{\"event\":\"failed\",\"id\":1,\"job\":\"k-1\",\"reason\":\"cancelled\","
                    "\"message\":\"\",\"step\":\"stop-flag\"}\n");
    fake_expect(fake, "{\"op\":\"crashes\",\"id\":8,\"module\":\"fib\"}");
    fake_send(fake, "{\"event\":\"crashes\",\"id\":8,\"size\":2}\n[]");
    fake_expect(fake, "{\"op\":\"crashes\",\"id\":9}");
    fake_send(fake, "{\"event\":\"crashes\",\"id\":9,\"size\":3}\n[1]");
    fake_expect_end(fake);
}

START_TEST(requests)
{
    struct fake fake;
    tm_client_event *answer;
    fake_start(&fake, plays_requests, NULL);
    tm_client *client = connected(&fake);
    submitted(client, "sleep", "");
    ck_assert_int_eq(tm_client_ping(client, WAIT_MS), TM_CLIENT_OK);
    ck_assert_int_eq(tm_client_stats(client, WAIT_MS, &answer), TM_CLIENT_OK);
    ck_assert_str_eq(answer->data, "{\"uptime\":1}");
    tm_client_event_free(answer);
    ck_assert_int_eq(tm_client_workers(client, WAIT_MS, &answer), TM_CLIENT_OK);
    ck_assert_str_eq(answer->data, "[]");
    tm_client_event_free(answer);
    ck_assert_int_eq(tm_client_set_module(client, "fib", WAIT_MS), TM_CLIENT_OK);
    ck_assert_int_eq(tm_client_kill(client, "k-9", WAIT_MS, &answer), TM_CLIENT_REFUSED);
    ck_assert_ptr_null(answer);
    ck_assert_str_eq(tm_client_error_code(client), "unknown-job");
    ck_assert_ptr_nonnull(strstr(tm_client_error_event(client), "\"code\":\"unknown-job\""));
    ck_assert_int_eq(tm_client_cancel_id(client, 1, WAIT_MS, &answer), TM_CLIENT_OK);
    ck_assert_str_eq(answer->state, "running");
    tm_client_event_free(answer);
    ck_assert_int_eq(tm_client_crashes(client, "fib", WAIT_MS, &answer), TM_CLIENT_OK);
    ck_assert_int_eq(answer->type, TM_CLIENT_EVENT_CRASHES);
    ck_assert_str_eq(answer->data, "[]");
    tm_client_event_free(answer);
    ck_assert_int_eq(tm_client_crashes(client, NULL, WAIT_MS, &answer), TM_CLIENT_OK);
    ck_assert_str_eq(answer->data, "[1]");
    tm_client_event_free(answer);
    assert_next(client, TM_CLIENT_EVENT_STARTED, 1, "");
    assert_next(client, TM_CLIENT_EVENT_FAILED, 1, "");
    tm_client_free(client);
    fake_finish(&fake);
}
END_TEST

static void plays_late_answers(struct fake *fake)
{
    fake_welcome(fake);
    fake_expect(fake, "{\"op\":\"ping\",\"id\":1}");
    fake_expect(fake, "{\"op\":\"kill\",\"id\":2,\"job\":\"k\"}");
    fake_expect(fake, "{\"op\":\"stats\",\"id\":3}");
    fake_send(fake, "{\"event\":\"pong\",\"id\":1}\n"
                    "{\"event\":\"error\",\"op\":\"kill\",\"id\":2,\"code\":\"unknown-job\"}\n"
                    "{\"event\":\"stats\",\"id\":3,\"size\":2}\n{}");
    fake_expect_end(fake);
}

START_TEST(late_answers_are_dropped)
{
    struct fake fake;
    tm_client_event *answer;
    fake_start(&fake, plays_late_answers, NULL);
    tm_client *client = connected(&fake);
    ck_assert_int_eq(tm_client_ping(client, 0), TM_CLIENT_TIMEOUT);
    ck_assert_int_eq(tm_client_kill(client, "k", 0, NULL), TM_CLIENT_TIMEOUT);
    ck_assert_int_eq(tm_client_stats(client, WAIT_MS, &answer), TM_CLIENT_OK);
    ck_assert_int_eq(answer->type, TM_CLIENT_EVENT_STATS);
    tm_client_event_free(answer);
    tm_client_free(client);
    fake_finish(&fake);
}
END_TEST

static const char *const operators[] = {
    "{\"op\":\"kill\",\"id\":1,\"worker\":3}",
    "{\"op\":\"pause\",\"id\":2,\"pool\":\"reports\"}",
    "{\"op\":\"resume\",\"id\":3}",
    "{\"op\":\"resize\",\"id\":4,\"pool\":\"reports\",\"pool_start\":0,\"pool_max\":4}",
    "{\"op\":\"resize\",\"id\":5,\"job_max\":9}",
    "{\"op\":\"recycle\",\"id\":6}",
    "{\"op\":\"recycle\",\"id\":7,\"worker\":0}",
    "{\"op\":\"reload\",\"id\":8}",
    "{\"op\":\"drain\",\"id\":9,\"waiting\":\"run\"}",
    "{\"op\":\"log-level\",\"id\":10,\"level\":\"debug\"}",
    "{\"op\":\"reopen\",\"id\":11}",
};

static void plays_operators(struct fake *fake)
{
    fake_welcome(fake);
    for (size_t i = 0; i < sizeof operators / sizeof operators[0]; i++) {
        fake_expect(fake, operators[i]);
        fake_sendf(fake, "{\"event\":\"ok\",\"id\":%zu,\"was\":false}\n", i + 1);
    }
    fake_expect_end(fake);
}

static void assert_fine(tm_client *client, tm_client_status status)
{
    ck_assert_msg(status == TM_CLIENT_OK, "%s", tm_client_error(client));
}

START_TEST(requests_of_operators)
{
    struct fake fake;
    tm_client_event *answer;
    const tm_client_pool_size workers = {0, 4, -1}, line = {-1, -1, 9};
    fake_start(&fake, plays_operators, NULL);
    tm_client *client = connected(&fake);
    assert_fine(client, tm_client_kill_worker(client, 3, WAIT_MS, &answer));
    ck_assert_str_eq(answer->header, "{\"event\":\"ok\",\"id\":1,\"was\":false}");
    tm_client_event_free(answer);
    assert_fine(client, tm_client_pause(client, "reports", WAIT_MS, NULL));
    assert_fine(client, tm_client_resume(client, NULL, WAIT_MS, NULL));
    assert_fine(client, tm_client_resize(client, "reports", &workers, WAIT_MS, NULL));
    assert_fine(client, tm_client_resize(client, NULL, &line, WAIT_MS, NULL));
    assert_fine(client, tm_client_recycle(client, NULL, WAIT_MS, NULL));
    assert_fine(client, tm_client_recycle_worker(client, 0, WAIT_MS, NULL));
    assert_fine(client, tm_client_reload(client, WAIT_MS, NULL));
    assert_fine(client, tm_client_drain(client, "run", WAIT_MS, NULL));
    assert_fine(client, tm_client_log_level(client, "debug", WAIT_MS, NULL));
    assert_fine(client, tm_client_reopen(client, WAIT_MS, NULL));
    tm_client_free(client);
    fake_finish(&fake);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        requests,
        late_answers_are_dropped,
        requests_of_operators,
    };
    TCase *tcase = tcase_create("client_requests");
    tcase_set_timeout(tcase, 120);
    for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++)
        tcase_add_test(tcase, tests[i]);
    Suite *suite = suite_create("client client_requests");
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
