/* tm_client_next(), tm_client_next_for() and tm_client_process(): order, owners, event loops. */
#include "tests/unit/client/connected.h"
#include "tests/unit/suite.h"

#include <poll.h>

static void plays_three_jobs(struct fake *fake)
{
    fake_welcome(fake);
    fake_expect(fake, "{\"op\":\"submit\",\"id\":1,\"module\":\"fib\",\"size\":2}");
    fake_expect_payload(fake, "30");
    fake_expect(fake, "{\"op\":\"submit\",\"id\":2,\"module\":\"fib\",\"size\":2}");
    fake_expect_payload(fake, "31");
    fake_expect(fake, "{\"op\":\"submit\",\"id\":3,\"module\":\"fib\",\"size\":2}");
    fake_expect_payload(fake, "32");
    fake_send(fake, "{\"event\":\"accepted\",\"id\":1,\"job\":\"k-1\",\"position\":0}\n"
                    "{\"event\":\"done\",\"id\":2,\"job\":\"k-2\",\"size\":7}\n1346269"
                    "{\"event\":\"later\",\"id\":2,\"size\":4}\nskip"
                    "{\"event\":\"failed\",\"id\":3,\"job\":\"k-3\",\"reason\":\"module\","
                    "\"code\":\"bad-input\",\"message\":\"no\",\"size\":3}\nwhy"
                    "{\"event\":\"done\",\"id\":1,\"job\":\"k-1\",\"size\":6}\n832040");
    fake_expect_end(fake);
}

START_TEST(events_in_order)
{
    struct fake fake;
    tm_client_event *event;
    fake_start(&fake, plays_three_jobs, NULL);
    tm_client *client = connected(&fake);
    ck_assert_uint_eq(submitted(client, "fib", "30"), 1);
    ck_assert_uint_eq(submitted(client, "fib", "31"), 2);
    ck_assert_uint_eq(submitted(client, "fib", "32"), 3);
    assert_next(client, TM_CLIENT_EVENT_ACCEPTED, 1, "");
    assert_next(client, TM_CLIENT_EVENT_DONE, 2, "1346269");
    assert_next(client, TM_CLIENT_EVENT_FAILED, 3, "why");
    assert_next(client, TM_CLIENT_EVENT_DONE, 1, "832040");
    ck_assert_uint_eq(tm_client_in_flight(client), 0);
    ck_assert_int_eq(tm_client_next(client, -1, &event), TM_CLIENT_NOTHING);
    tm_client_free(client);
    fake_finish(&fake);
}
END_TEST

START_TEST(events_of_one_job)
{
    struct fake fake;
    tm_client_event *event, *kept;
    fake_start(&fake, plays_three_jobs, NULL);
    tm_client *client = connected(&fake);
    submitted(client, "fib", "30");
    submitted(client, "fib", "31");
    submitted(client, "fib", "32");
    ck_assert_int_eq(tm_client_next_for(client, 3, WAIT_MS, &kept), TM_CLIENT_OK);
    ck_assert_str_eq(kept->code, "bad-input");
    ck_assert_int_eq(tm_client_next_for(client, 3, -1, &event), TM_CLIENT_NOTHING);
    ck_assert_int_eq(tm_client_next_for(client, 99, -1, &event), TM_CLIENT_NOTHING);
    ck_assert_int_eq(tm_client_next_for(client, 0, -1, &event), TM_CLIENT_NOTHING);
    assert_next(client, TM_CLIENT_EVENT_ACCEPTED, 1, "");
    ck_assert_int_eq(tm_client_next_for(client, 1, WAIT_MS, &event), TM_CLIENT_OK);
    ck_assert_str_eq(event->data, "832040");
    tm_client_event_free(event);
    assert_next(client, TM_CLIENT_EVENT_DONE, 2, "1346269");
    tm_client_free(client);
    fake_finish(&fake);
    ck_assert_str_eq(kept->data, "why"); /* an event outlives its client */
    tm_client_event_free(kept);
}
END_TEST

enum { LATER_SIZE = 300000 };

/* Events of a later release: with a payload like events, a large one, or none. */
static void plays_later_events(struct fake *fake)
{
    static char large[LATER_SIZE];
    char header[128];
    fake_welcome(fake);
    fake_expect(fake, "*\"id\":1");
    fake_send(fake, "{\"event\":\"progress\",\"id\":1,\"job\":\"k-1\",\"size\":30}\n"
                    "{\"event\":\"done\",\"id\":1,\"x\":7}\n"
                    "{\"event\":\"part\",\"id\":1,\"size\":0}\n"
                    "{\"event\":\"usage\",\"id\":1,\"reason\":17,\"code\":[],\"fatal\":\"yes\"}\n");
    snprintf(header, sizeof header, "{\"event\":\"later\",\"size\":%d}\n", LATER_SIZE);
    memset(large, '\n', sizeof large - 1);
    fake_send(fake, header);
    fake_send(fake, large);
    fake_send(fake, "\n{\"event\":\"done\",\"id\":1,\"job\":\"k-1\",\"size\":2}\nok");
    fake_expect_end(fake);
}

START_TEST(later_events_are_skipped_with_their_payload)
{
    struct fake fake;
    fake_start(&fake, plays_later_events, NULL);
    tm_client *client = connected(&fake);
    submitted(client, "m", "");
    assert_next(client, TM_CLIENT_EVENT_DONE, 1, "ok");
    ck_assert_uint_eq(tm_client_in_flight(client), 0);
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

/* 16 MiB each way, from an event loop blocking in its own poll alone. */
START_TEST(event_loop)
{
    struct fake fake;
    int sent = 0, received = 0;
    char *data = calloc(1, FLOOD_SIZE);
    fake_start(&fake, plays_echo, NULL);
    tm_client *client = connected(&fake);
    while (received < FLOOD_JOBS) {
        tm_client_event *event;
        while (tm_client_next(client, 0, &event) == TM_CLIENT_OK) {
            received++;
            tm_client_event_free(event);
        }
        while (sent < FLOOD_JOBS &&
               tm_client_submit(client, "echo", data, FLOOD_SIZE, NULL, 0, NULL) == TM_CLIENT_OK)
            sent++;
        struct pollfd poll_fd = {.fd = tm_client_fd(client),
                                 .events = tm_client_poll_events(client)};
        if (received < FLOOD_JOBS) {
            ck_assert_int_eq(poll(&poll_fd, 1, WAIT_MS), 1);
            ck_assert_int_eq(tm_client_process(client), TM_CLIENT_OK);
        }
    }
    free(data);
    tm_client_free(client);
    fake_finish(&fake);
}
END_TEST

enum { STREAM_PARTS = 256, STREAM_SIZE = 64 * 1024 };

/* Sends more than the sockets hold. Says when it has to wait for its reader. */
static void plays_a_stream(struct fake *fake)
{
    static char data[STREAM_SIZE];
    bool *held = fake->arg;
    struct pollfd poll_fd = {.events = POLLOUT};
    fake_welcome(fake);
    fake_expect(fake, "*\"notify\":[\"part\"]");
    poll_fd.fd = fake->fd;
    for (int seq = 0; seq < STREAM_PARTS; seq++) {
        if (poll(&poll_fd, 1, 0) == 0)
            __atomic_store_n(held, true, __ATOMIC_RELEASE);
        fake_sendf(fake, "{\"event\":\"part\",\"id\":1,\"seq\":%d,\"size\":%d}\n", seq,
                   STREAM_SIZE);
        fake_send_bytes(fake, data, STREAM_SIZE);
    }
    fake_send(fake, "{\"event\":\"done\",\"id\":1,\"size\":0}\n");
    fake_expect_end(fake);
}

/* A client that does not read takes no memory: the server waits, and nothing is lost. */
START_TEST(a_slow_reader_holds_the_server_back)
{
    struct fake fake;
    bool held = false;
    const tm_client_submit_options options = {.notify = TM_CLIENT_NOTIFY_PART};
    tm_client_event *event;
    fake_start(&fake, plays_a_stream, &held);
    tm_client *client = connected(&fake);
    ck_assert_int_eq(tm_client_submit(client, "m", NULL, 0, &options, 0, NULL), TM_CLIENT_OK);
    for (int ms = 0; ms < WAIT_MS && !__atomic_load_n(&held, __ATOMIC_ACQUIRE); ms++)
        poll(NULL, 0, 1);
    ck_assert(__atomic_load_n(&held, __ATOMIC_ACQUIRE));

    for (int seq = 0; seq < STREAM_PARTS; seq++) {
        ck_assert_int_eq(tm_client_next(client, WAIT_MS, &event), TM_CLIENT_OK);
        ck_assert_int_eq(event->type, TM_CLIENT_EVENT_PART);
        ck_assert_int_eq(event->seq, seq);
        ck_assert_uint_eq(event->size, STREAM_SIZE);
        tm_client_event_free(event);
    }
    assert_next(client, TM_CLIENT_EVENT_DONE, 1, "");
    tm_client_free(client);
    fake_finish(&fake);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        events_in_order,
        events_of_one_job,
        later_events_are_skipped_with_their_payload,
        event_loop,
        a_slow_reader_holds_the_server_back,
    };
    TCase *tcase = tcase_create("client_next");
    tcase_set_timeout(tcase, 120);
    for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++)
        tcase_add_test(tcase, tests[i]);
    Suite *suite = suite_create("client client_next");
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
