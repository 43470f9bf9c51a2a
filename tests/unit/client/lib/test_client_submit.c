/* tm_client_submit(): options, refusals, both directions at once, a deaf server. */
#include "tests/unit/client/connected.h"
#include "tests/unit/suite.h"

static void plays_options(struct fake *fake)
{
    fake_welcome(fake);
    fake_expect(fake, "{\"op\":\"submit\",\"id\":1,\"notify\":[\"started\"],"
                      "\"timeout_ms\":50,\"link\":true,\"size\":0,\"context\":[1]}");
    fake_send(fake, "{\"event\":\"overload\",\"id\":1,\"reason\":\"queue-full\",\"queued\":9,"
                    "\"running\":4,\"retry_after_ms\":250,\"context\":[1]}\n");
    fake_expect(fake, "{\"op\":\"submit\",\"id\":2,\"module\":\"no such\",\"size\":0}");
    fake_send(fake, "{\"event\":\"error\",\"op\":\"submit\",\"id\":2,\"code\":\"bad-request\","
                    "\"message\":\"module\"}\n");
    fake_expect_end(fake);
}

START_TEST(submit_options_and_refusals)
{
    struct fake fake;
    int mine;
    const tm_client_submit_options options = {.context = "[ 1 ]",
                                              .user = &mine,
                                              .timeout_ms = 50,
                                              .notify = TM_CLIENT_NOTIFY_STARTED,
                                              .link = true};
    tm_client_event *event;
    fake_start(&fake, plays_options, NULL);
    tm_client *client = connected(&fake);
    ck_assert_int_eq(tm_client_submit(client, "m", NULL, 1, NULL, WAIT_MS, NULL),
                     TM_CLIENT_INVALID);
    ck_assert_int_eq(tm_client_submit(client, "m", "", 1048577, NULL, WAIT_MS, NULL),
                     TM_CLIENT_INVALID);
    ck_assert_int_eq(tm_client_submit(client, NULL, NULL, 0, &options, WAIT_MS, NULL),
                     TM_CLIENT_OK);
    ck_assert_int_eq(tm_client_next(client, WAIT_MS, &event), TM_CLIENT_OK);
    ck_assert_int_eq(event->type, TM_CLIENT_EVENT_OVERLOAD);
    ck_assert_ptr_eq(event->user, &mine);
    ck_assert_str_eq(event->context, "[1]");
    ck_assert_int_eq(event->retry_after_ms, 250);
    ck_assert_ptr_null(event->job);
    tm_client_event_free(event);
    submitted(client, "no such", "");
    assert_next(client, TM_CLIENT_EVENT_ERROR, 2, "");
    tm_client_free(client);
    fake_finish(&fake);
}
END_TEST

enum { FLOOD_JOBS = 64, FLOOD_SIZE = 256 * 1024 };

/* Echoes job by job with blocking calls: it reads nothing while its own output is stuck. */
static void plays_echo(struct fake *fake)
{
    static char data[FLOOD_SIZE];
    fake_welcome(fake);
    while (fake_next_line(fake)) {
        long id = fake_number(fake, "id"), size = fake_number(fake, "size");
        fake_read(fake, data, (size_t)size);
        fake_sendf(fake, "{\"event\":\"done\",\"id\":%ld,\"job\":\"k-%ld\",\"size\":%ld}\n", id, id,
                   size);
        fake_send_bytes(fake, data, (size_t)size);
    }
}

/* 16 MiB each way, all submitted before the first event is asked for. */
START_TEST(no_deadlock)
{
    struct fake fake;
    tm_client_event *event;
    char *data = malloc(FLOOD_SIZE);
    fake_start(&fake, plays_echo, NULL);
    tm_client *client = connected(&fake);
    for (int i = 0; i < FLOOD_JOBS; i++) {
        memset(data, i, FLOOD_SIZE);
        ck_assert_int_eq(tm_client_submit(client, "echo", data, FLOOD_SIZE, NULL, WAIT_MS, NULL),
                         TM_CLIENT_OK);
    }
    for (int i = 0; i < FLOOD_JOBS; i++) {
        ck_assert_int_eq(tm_client_next(client, WAIT_MS, &event), TM_CLIENT_OK);
        ck_assert_uint_eq(event->size, FLOOD_SIZE);
        memset(data, (int)event->id - 1, FLOOD_SIZE);
        ck_assert_mem_eq(event->data, data, FLOOD_SIZE);
        tm_client_event_free(event);
    }
    free(data);
    tm_client_free(client);
    fake_finish(&fake);
}
END_TEST

/* Reads nothing. Submits then give up before sending a byte, and the waiting bytes stay bounded. */
static void plays_deaf(struct fake *fake)
{
    char byte;
    fake_welcome(fake);
    if (read(*(int *)fake->arg, &byte, 1) < 0)
        fake_fail(fake, "read: %s", strerror(errno));
}

START_TEST(submit_gives_up)
{
    struct fake fake;
    int gate[2], count = 0;
    tm_client_status status;
    char *data = calloc(1, FLOOD_SIZE);
    ck_assert_int_eq(pipe(gate), 0);
    fake_start(&fake, plays_deaf, &gate[0]);
    tm_client *client = connected(&fake);
    while ((status = tm_client_submit(client, "echo", data, FLOOD_SIZE, NULL, 1, NULL)) ==
           TM_CLIENT_OK)
        count++;
    ck_assert_int_eq(status, TM_CLIENT_TIMEOUT);
    ck_assert_uint_eq(tm_client_in_flight(client), (size_t)count);
    close(gate[1]);
    fake_finish(&fake);
    close(gate[0]);
    free(data);
    tm_client_free(client);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        submit_options_and_refusals,
        no_deadlock,
        submit_gives_up,
    };
    TCase *tcase = tcase_create("client_submit");
    tcase_set_timeout(tcase, 120);
    for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++)
        tcase_add_test(tcase, tests[i]);
    Suite *suite = suite_create("client client_submit");
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
