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

int main(void)
{
    const TTest *const tests[] = {
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
