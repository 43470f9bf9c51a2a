/* tm_client_request() and tm_client_ask(): any request, its answer as an event or awaited. */
#include "tests/unit/client/connected.h"
#include "tests/unit/suite.h"

static void plays_requests(struct fake *fake)
{
    fake_welcome(fake);
    fake_expect(fake, "{\"op\":\"status\",\"id\":1,\"job\":\"k-9\"}");
    fake_expect(fake, "{\"op\":\"later\",\"id\":2,\"size\":3,\"n\":1.10}");
    fake_expect_payload(fake, "abc");
    fake_expect(fake, "{\"op\":\"register\",\"id\":3,\"name\":\"mail\"}");
    fake_expect(fake, "{\"op\":\"ping\",\"id\":4}");
    fake_send(fake, "{\"event\":\"status\",\"id\":1,\"size\":2}\n{}"
                    "{\"event\":\"later\",\"id\":2,\"order\":\"x\",\"size\":4}\nwhat"
                    "{\"event\":\"error\",\"op\":\"register\",\"id\":3,\"code\":\"name-taken\","
                    "\"message\":\"mail\"}\n"
                    "{\"event\":\"ok\",\"id\":2}\n"
                    "{\"event\":\"pong\",\"id\":4}\n");
    fake_expect_end(fake);
}

static uint64_t requested(tm_client *client, const char *op, const char *fields, const char *data,
                          void *user)
{
    uint64_t id = 0;
    tm_client_status status =
        tm_client_request(client, op, fields, data, strlen(data), user, 0, &id);
    ck_assert_msg(status == TM_CLIENT_OK, "%s", tm_client_error(client));
    return id;
}

static tm_client_event *next_answer(tm_client *client, tm_client_event_type type, uint64_t id)
{
    tm_client_event *event;
    ck_assert_int_eq(tm_client_next(client, WAIT_MS, &event), TM_CLIENT_OK);
    ck_assert_int_eq(event->type, type);
    ck_assert_uint_eq(event->id, id);
    ck_assert(tm_client_event_is_final(event));
    return event;
}

/* Answers come between those of calls that wait, one for each request. */
START_TEST(answers_by_events)
{
    struct fake fake;
    tm_client_event *event;
    int mine;
    fake_start(&fake, plays_requests, NULL);
    tm_client *client = connected(&fake);
    uint64_t status = requested(client, "status", "{\"job\":\"k-9\"}", "", &mine);
    uint64_t later = requested(client, "later", "{\"n\":1.10}", "abc", NULL);
    uint64_t taken = requested(client, "register", "{\"name\":\"mail\"}", "", NULL);
    ck_assert_uint_eq(tm_client_in_flight(client), 3);
    ck_assert_int_eq(tm_client_ping(client, WAIT_MS), TM_CLIENT_OK);
    ck_assert_uint_eq(tm_client_in_flight(client), 0);

    event = next_answer(client, TM_CLIENT_EVENT_STATUS, status);
    ck_assert_ptr_eq(event->user, &mine);
    ck_assert_str_eq(event->data, "{}");
    tm_client_event_free(event);
    event = next_answer(client, TM_CLIENT_EVENT_OTHER, later);
    ck_assert_ptr_null(event->user);
    ck_assert_str_eq(event->data, "what");
    ck_assert_int_eq(event->order, -1);
    tm_client_event_free(event);
    event = next_answer(client, TM_CLIENT_EVENT_ERROR, taken);
    ck_assert_str_eq(event->code, "name-taken");
    tm_client_event_free(event);
    ck_assert_int_eq(tm_client_next(client, 0, &event), TM_CLIENT_NOTHING);
    tm_client_free(client);
    fake_finish(&fake);
}
END_TEST

static void plays_asked(struct fake *fake)
{
    fake_welcome(fake);
    fake_expect(fake, "{\"op\":\"jobs\",\"id\":1,\"limit\":2}");
    fake_send(fake, "{\"event\":\"jobs\",\"id\":1,\"more\":true,\"after\":\"p\",\"size\":2}\n[]");
    fake_expect(fake, "{\"op\":\"peek\",\"id\":2,\"job\":\"k\"}");
    fake_send(fake, "{\"event\":\"error\",\"op\":\"peek\",\"id\":2,\"code\":\"unknown-job\"}\n");
    fake_expect(fake, "{\"op\":\"bye\",\"id\":3}");
    fake_send(fake, "{\"event\":\"ok\",\"op\":\"bye\",\"id\":3}\n");
    fake_expect_end(fake);
}

START_TEST(asked)
{
    struct fake fake;
    tm_client_event *answer;
    fake_start(&fake, plays_asked, NULL);
    tm_client *client = connected(&fake);
    ck_assert_int_eq(tm_client_ask(client, "jobs", "{\"limit\":2}", NULL, 0, WAIT_MS, &answer),
                     TM_CLIENT_OK);
    ck_assert_int_eq(answer->type, TM_CLIENT_EVENT_JOBS);
    ck_assert_str_eq(answer->data, "[]");
    tm_client_event_free(answer);
    ck_assert_int_eq(tm_client_ask(client, "peek", "{\"job\":\"k\"}", NULL, 0, WAIT_MS, &answer),
                     TM_CLIENT_REFUSED);
    ck_assert_ptr_null(answer);
    ck_assert_str_eq(tm_client_error_code(client), "unknown-job");
    ck_assert_int_eq(tm_client_ask(client, "submit", NULL, NULL, 0, WAIT_MS, &answer),
                     TM_CLIENT_INVALID);
    ck_assert_int_eq(tm_client_ask(client, "hello", NULL, NULL, 0, WAIT_MS, &answer),
                     TM_CLIENT_INVALID);
    ck_assert_int_eq(tm_client_ask(client, "bye", NULL, NULL, 0, WAIT_MS, NULL), TM_CLIENT_OK);
    tm_client_free(client);
    fake_finish(&fake);
}
END_TEST

static void plays_submits(struct fake *fake)
{
    fake_welcome(fake);
    fake_expect(fake,
                "{\"op\":\"submit\",\"id\":1,\"size\":1,\"module\":\"m\",\"notify\":[\"part\"]}");
    fake_expect_payload(fake, "x");
    fake_send(fake, "{\"event\":\"part\",\"id\":1,\"seq\":0,\"size\":2}\nab"
                    "{\"event\":\"ok\",\"id\":1}\n"
                    "{\"event\":\"part\",\"id\":1,\"seq\":1,\"size\":2}\ncd"
                    "{\"event\":\"done\",\"id\":1,\"size\":0}\n");
    fake_expect(fake, "{\"op\":\"submit\",\"id\":2,\"module\":\"m\",\"detach\":true}");
    fake_send(fake, "{\"event\":\"accepted\",\"id\":2,\"job\":\"k-2\",\"position\":0}\n");
    fake_expect_end(fake);
}

START_TEST(a_submit_by_its_name)
{
    struct fake fake;
    tm_client_event *event;
    fake_start(&fake, plays_submits, NULL);
    tm_client *client = connected(&fake);
    requested(client, "submit", "{\"module\":\"m\",\"notify\":[\"part\"]}", "x", NULL);
    assert_next(client, TM_CLIENT_EVENT_PART, 1, "ab");
    assert_next(client, TM_CLIENT_EVENT_PART, 1, "cd");
    tm_client_event_free(next_answer(client, TM_CLIENT_EVENT_DONE, 1));
    requested(client, "submit", "{\"module\":\"m\",\"detach\":true}", "", NULL);
    event = next_answer(client, TM_CLIENT_EVENT_ACCEPTED, 2);
    ck_assert_str_eq(event->job, "k-2");
    ck_assert(event->last);
    tm_client_event_free(event);
    ck_assert_uint_eq(tm_client_in_flight(client), 0);
    tm_client_free(client);
    fake_finish(&fake);
}
END_TEST

/* As taskqueued: a job runs twice, and its end is told to two waits. Its result is larger than
 * payload_max. */
static void plays_waits(struct fake *fake)
{
    static char result[2 * 1048576];
    memset(result, 'r', sizeof result);
    fake_welcome_to_queue(fake);
    fake_expect(fake, "{\"op\":\"wait\",\"id\":1,\"job\":\"q1\","
                      "\"notify\":[\"started\",\"retry\"]}");
    fake_expect(fake, "{\"op\":\"wait\",\"id\":2,\"job\":\"q1\"}");
    fake_sendf(fake,
               "{\"event\":\"started\",\"id\":1,\"job\":\"q1\"}\n"
               "{\"event\":\"retry\",\"id\":1,\"job\":\"q1\",\"attempt\":1,\"delay_ms\":5}\n"
               "{\"event\":\"started\",\"id\":1,\"job\":\"q1\"}\n"
               "{\"event\":\"failed\",\"id\":2,\"job\":\"q1\",\"reason\":\"error\","
               "\"attempt\":2,\"poison\":true}\n"
               "{\"event\":\"done\",\"id\":1,\"job\":\"q1\",\"size\":%zu}\n",
               sizeof result);
    fake_send_bytes(fake, result, sizeof result);
    fake_expect_end(fake);
}

static tm_client_event *next_event(tm_client *client, tm_client_event_type type, uint64_t id)
{
    tm_client_event *event;
    ck_assert_int_eq(tm_client_next(client, WAIT_MS, &event), TM_CLIENT_OK);
    ck_assert_int_eq(event->type, type);
    ck_assert_uint_eq(event->id, id);
    return event;
}

/* A wait has the events of a job: any number until the last one. */
START_TEST(a_wait)
{
    struct fake fake;
    tm_client_event *event;
    fake_start(&fake, plays_waits, NULL);
    tm_client *client = connected(&fake);
    ck_assert_int_eq(tm_client_ask(client, "wait", "{\"job\":\"q1\"}", NULL, 0, WAIT_MS, &event),
                     TM_CLIENT_INVALID);
    requested(client, "wait", "{\"job\":\"q1\",\"notify\":[\"started\",\"retry\"]}", "", NULL);
    requested(client, "wait", "{\"job\":\"q1\"}", "", NULL);
    tm_client_event_free(next_event(client, TM_CLIENT_EVENT_STARTED, 1));
    event = next_event(client, TM_CLIENT_EVENT_RETRY, 1);
    ck_assert(!tm_client_event_is_final(event));
    ck_assert_int_eq(event->attempt, 1);
    ck_assert_int_eq(event->delay_ms, 5);
    tm_client_event_free(event);
    tm_client_event_free(next_event(client, TM_CLIENT_EVENT_STARTED, 1));
    event = next_answer(client, TM_CLIENT_EVENT_FAILED, 2);
    ck_assert_int_eq(event->attempt, 2);
    ck_assert(event->poison);
    tm_client_event_free(event);
    event = next_answer(client, TM_CLIENT_EVENT_DONE, 1);
    ck_assert_uint_eq(event->size, 2 * 1048576);
    ck_assert_int_eq(event->attempt, -1);
    tm_client_event_free(event);
    ck_assert_int_eq(tm_client_next(client, 0, &event), TM_CLIENT_NOTHING);
    tm_client_free(client);
    fake_finish(&fake);
}
END_TEST

/* As taskmasterd answered before it had these. */
static void plays_an_older_server(struct fake *fake)
{
    fake_welcome(fake);
    fake_expect(fake, "{\"op\":\"monitor\",\"id\":1,\"ref\":1,\"job\":\"k\"}");
    fake_send(fake, "{\"event\":\"error\",\"op\":\"monitor\",\"id\":1,"
                    "\"code\":\"unknown-op\",\"message\":\"no monitor\"}\n");
    fake_expect(fake, "{\"op\":\"watch\",\"id\":2}");
    fake_send(fake, "{\"event\":\"error\",\"op\":\"watch\",\"id\":2,"
                    "\"code\":\"unknown-op\",\"message\":\"no watch\"}\n");
    fake_expect(fake, "{\"op\":\"submit\",\"id\":3,\"module\":\"m\",\"detach\":true,\"size\":0}");
    fake_send(fake, "{\"event\":\"error\",\"op\":\"submit\",\"id\":3,"
                    "\"code\":\"bad-request\",\"message\":\"unknown field detach\"}\n");
    fake_expect(fake, "{\"op\":\"ping\",\"id\":4}");
    fake_send(fake, "{\"event\":\"pong\",\"id\":4}\n");
    fake_expect_end(fake);
}

/* Each request ends, with the reason, and the connection goes on. */
START_TEST(a_server_without_the_feature)
{
    struct fake fake;
    tm_client_event *event;
    const tm_client_submit_options options = {.detach = true};
    fake_start(&fake, plays_an_older_server, NULL);
    tm_client *client = connected(&fake);
    ck_assert_int_eq(
        tm_client_ask(client, "monitor", "{\"ref\":1,\"job\":\"k\"}", NULL, 0, WAIT_MS, NULL),
        TM_CLIENT_REFUSED);
    ck_assert_str_eq(tm_client_error_code(client), "unknown-op");
    event = next_answer(client, TM_CLIENT_EVENT_ERROR, requested(client, "watch", NULL, "", NULL));
    ck_assert_str_eq(event->code, "unknown-op");
    tm_client_event_free(event);
    ck_assert_int_eq(tm_client_submit(client, "m", NULL, 0, &options, 0, NULL), TM_CLIENT_OK);
    event = next_answer(client, TM_CLIENT_EVENT_ERROR, 3);
    ck_assert_str_eq(event->code, "bad-request");
    tm_client_event_free(event);
    ck_assert_uint_eq(tm_client_in_flight(client), 0);
    ck_assert_int_eq(tm_client_ping(client, WAIT_MS), TM_CLIENT_OK);
    tm_client_free(client);
    fake_finish(&fake);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        answers_by_events, asked, a_submit_by_its_name, a_wait, a_server_without_the_feature,
    };
    TCase *tcase = tcase_create("client_ask");
    tcase_set_timeout(tcase, 120);
    for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++)
        tcase_add_test(tcase, tests[i]);
    Suite *suite = suite_create("client client_ask");
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
