/* The inbox keeps a bounded number of events. */
#include "tests/unit/client/connected.h"
#include "tests/unit/suite.h"

enum { FLOOD = 100000 };

/* Repeats events of one job, of no job, and of an unknown job. */
static void plays_flood(struct fake *fake)
{
    fake_welcome(fake);
    fake_expect(fake, "*\"submit\"");
    char *text = malloc(FLOOD * (size_t)256), *end = text;
    for (int i = 0; i < FLOOD; i++)
        end +=
            sprintf(end, "%s",
                    i % 4 == 0   ? "{\"event\":\"started\",\"id\":1}\n"
                    : i % 4 == 1 ? "{\"event\":\"accepted\",\"id\":1}\n"
                    : i % 4 == 2 ? "{\"event\":\"ok\",\"id\":1}\n{\"event\":\"done\",\"id\":77}\n"
                                 : "{\"event\":\"error\",\"code\":\"c\"}\n");
    fake_send_bytes(fake, text, (size_t)(end - text));
    fake_send(fake, "{\"event\":\"done\",\"id\":1}\n");
    free(text);
    fake_expect_end(fake);
}

START_TEST(a_flood_of_events_is_not_kept)
{
    struct fake fake;
    tm_client_event *event;
    uint64_t id;
    int count = 0, of_job = 0;
    fake_start(&fake, plays_flood, NULL);
    tm_client *client = tm_client_new();
    ck_assert_int_eq(tm_client_connect(client, fake.address, NULL, 10000), TM_CLIENT_OK);
    ck_assert_int_eq(tm_client_submit(client, "m", "", 0, NULL, 10000, &id), TM_CLIENT_OK);
    while (tm_client_in_flight(client) > 0)
        ck_assert_int_eq(tm_client_process(client), TM_CLIENT_OK);
    while (tm_client_next(client, 0, &event) == TM_CLIENT_OK) {
        count++;
        of_job += event->id == id;
        tm_client_event_free(event);
    }
    ck_assert_int_eq(of_job, 3);
    ck_assert_int_le(count, 100);
    tm_client_free(client);
    fake_finish(&fake);
}
END_TEST

/* News of all kinds between the events of a job. */
static void plays_news(struct fake *fake)
{
    fake_welcome(fake);
    fake_expect(fake, "*\"submit\"");
    fake_send(fake, "{\"event\":\"draining\"}\n"
                    "{\"event\":\"progress\",\"id\":1,\"fraction\":0.5}\n"
                    "{\"event\":\"part\",\"id\":1,\"seq\":0,\"size\":1}\na"
                    "{\"event\":\"down\",\"ref\":1,\"job\":\"k-7\",\"reason\":\"done\"}\n"
                    "{\"event\":\"done\",\"service\":\"mail\",\"submit_id\":\"x\",\"job\":\"k-8\","
                    "\"size\":2}\nhi"
                    "{\"event\":\"done\",\"job\":\"k-8\"}\n"
                    "{\"event\":\"later\"}\n"
                    "{\"event\":\"watch\",\"what\":\"jobs\"}\n"
                    "{\"event\":\"done\",\"id\":1}\n");
    fake_expect_end(fake);
}

/* Returns the names of the events up to the end of the job, in order. */
static const char *names_of_events(tm_client *client, uint64_t id)
{
    static char names[256];
    tm_client_event *event;
    bool last = false;
    for (names[0] = '\0'; !last; tm_client_event_free(event)) {
        ck_assert_int_eq(tm_client_next(client, WAIT_MS, &event), TM_CLIENT_OK);
        const char *name = strchr(event->header, ':') + 2;
        sprintf(names + strlen(names), "%.*s ", (int)strcspn(name, "\""), name);
        last = event->id == id && event->last;
    }
    return names;
}

static void assert_news(bool listen, uint32_t notify, const char *names, tm_client_status after)
{
    struct fake fake;
    tm_client_event *event;
    uint64_t id;
    const tm_client_options options = {.listen = listen};
    const tm_client_submit_options submit = {.notify = notify};
    fake_start(&fake, plays_news, NULL);
    tm_client *client = tm_client_new();
    ck_assert_int_eq(tm_client_connect(client, fake.address, &options, WAIT_MS), TM_CLIENT_OK);
    ck_assert_int_eq(tm_client_submit(client, "m", "", 0, &submit, WAIT_MS, &id), TM_CLIENT_OK);
    ck_assert_str_eq(names_of_events(client, id), names);
    ck_assert_int_eq(tm_client_next(client, 0, &event), after);
    tm_client_free(client);
    fake_finish(&fake);
}

START_TEST(news_for_a_listener)
{
    assert_news(true, 0, "draining down done watch done ", TM_CLIENT_TIMEOUT);
    assert_news(true, TM_CLIENT_NOTIFY_PROGRESS, "draining progress down done watch done ",
                TM_CLIENT_TIMEOUT);
    assert_news(false, TM_CLIENT_NOTIFY_PART, "part done ", TM_CLIENT_NOTHING);
    assert_news(false, 0, "done ", TM_CLIENT_NOTHING);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        news_for_a_listener,
        a_flood_of_events_is_not_kept,
    };
    TCase *tcase = tcase_create("inbox");
    tcase_set_timeout(tcase, 120);
    for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++)
        tcase_add_test(tcase, tests[i]);
    Suite *suite = suite_create("client inbox");
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
