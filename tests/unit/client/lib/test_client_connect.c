/* tm_client_connect(): the hello, refusals, strangers, silence, reserved options. */
#include "tests/unit/client/connected.h"
#include "tests/unit/suite.h"

#include <poll.h>
#include <string.h>

static void plays_hello(struct fake *fake)
{
    fake_accept(fake);
    fake_expect(fake, "{\"op\":\"hello\",\"protocol\":1,\"client\":\"t/1\",\"module\":\"fib\","
                      "\"token\":\"secret\"}");
    fake_send(fake, FAKE_HELLO);
    fake_expect_end(fake);
}

START_TEST(hello)
{
    struct fake fake;
    const tm_client_options options = {.name = "t/1", .module = "fib", .token = "secret"};
    fake_start(&fake, plays_hello, NULL);
    tm_client *client = tm_client_new();
    ck_assert_str_eq(tm_client_server(client), "");
    ck_assert_int_eq(tm_client_fd(client), -1);
    ck_assert_int_eq(tm_client_connect(client, fake.address, &options, WAIT_MS), TM_CLIENT_OK);
    ck_assert_str_eq(tm_client_server(client), "taskmasterd/0.2.0");
    ck_assert_uint_eq(tm_client_payload_max(client), 1048576);
    ck_assert_int_eq(tm_client_connect(client, fake.address, &options, WAIT_MS), TM_CLIENT_INVALID);
    tm_client_free(client);
    fake_finish(&fake);
}
END_TEST

static void plays_unauthorized(struct fake *fake)
{
    fake_accept(fake);
    fake_expect(fake, "*hello");
    fake_send(fake, "{\"event\":\"error\",\"op\":\"hello\",\"code\":\"unauthorized\","
                    "\"message\":\"wrong token\",\"fatal\":true}\n");
    close(fake->fd);
    fake_welcome(fake);
    fake_expect_end(fake);
}

START_TEST(unauthorized_then_welcome)
{
    struct fake fake;
    fake_start(&fake, plays_unauthorized, NULL);
    tm_client *client = tm_client_new();
    ck_assert_int_eq(tm_client_connect(client, fake.address, NULL, WAIT_MS), TM_CLIENT_REFUSED);
    ck_assert_str_eq(tm_client_error_code(client), "unauthorized");
    ck_assert_str_eq(tm_client_error(client), "the server refused: unauthorized: wrong token");
    ck_assert_int_eq(tm_client_connect(client, fake.address, NULL, WAIT_MS), TM_CLIENT_OK);
    tm_client_free(client);
    fake_finish(&fake);
}
END_TEST

static void plays_text(struct fake *fake)
{
    fake_accept(fake);
    fake_send(fake, fake->arg);
    shutdown(fake->fd, SHUT_WR);
    while (fake_next_line(fake))
        ;
}

START_TEST(no_taskmaster)
{
    static const struct {
        const char *says;
        tm_client_status status;
    } strangers[] = {
        {"", TM_CLIENT_CLOSED},
        {"SSH-2.0-OpenSSH_9.2\r\n", TM_CLIENT_PROTOCOL},
        {"{\"event\":\"hello\"}\n", TM_CLIENT_PROTOCOL},
        {"{\"event\":\"hello\",\"protocol\":2,\"server\":\"x\",\"payload_max\":1}\n",
         TM_CLIENT_PROTOCOL},
        {"{\"event\":\"hel", TM_CLIENT_CLOSED},
    };
    for (size_t i = 0; i < sizeof strangers / sizeof strangers[0]; i++) {
        struct fake fake;
        fake_start(&fake, plays_text, (void *)strangers[i].says);
        tm_client *client = tm_client_new();
        ck_assert_int_eq(tm_client_connect(client, fake.address, NULL, WAIT_MS),
                         strangers[i].status);
        ck_assert_str_ne(tm_client_error(client), "");
        tm_client_free(client);
        fake_finish(&fake);
    }
}
END_TEST

static void plays_silence(struct fake *fake)
{
    fake_accept(fake);
    fake_expect(fake, "*hello");
    fake_expect_end(fake);
}

START_TEST(no_answer_and_nobody)
{
    struct fake fake;
    fake_start(&fake, plays_silence, NULL);
    tm_client *client = tm_client_new();
    ck_assert_int_eq(tm_client_connect(client, fake.address, NULL, 20), TM_CLIENT_TIMEOUT);
    fake_finish(&fake);
    ck_assert_int_eq(tm_client_connect(client, fake.address, NULL, WAIT_MS), TM_CLIENT_UNREACHABLE);
    ck_assert_int_eq(tm_client_connect(client, "nonsense", NULL, WAIT_MS), TM_CLIENT_INVALID);
    tm_client_free(client);
}
END_TEST

static void plays_a_plain_welcome(struct fake *fake)
{
    fake_welcome(fake);
    fake_expect_end(fake);
}

/* A later release may give them a meaning: this one refuses them. */
START_TEST(reserved_members)
{
    struct fake fake;
    fake_start(&fake, plays_a_plain_welcome, NULL);
    tm_client *client = tm_client_new();
    for (size_t i = 0; i < 4; i++) {
        tm_client_options options = {0};
        options.reserved[i] = 1;
        ck_assert_int_eq(tm_client_connect(client, fake.address, &options, WAIT_MS),
                         TM_CLIENT_INVALID);
    }
    tm_client_free(client);
    client = connected(&fake);
    for (size_t i = 0; i < 6; i++) {
        tm_client_submit_options options = {0};
        options.reserved[i] = 1 << 7;
        ck_assert_int_eq(tm_client_submit(client, "m", "", 0, &options, WAIT_MS, NULL),
                         TM_CLIENT_INVALID);
    }
    for (size_t i = 0; i < 4; i++) {
        tm_client_relay relay = {0};
        const tm_client_submit_options options = {.relay = &relay};
        relay.reserved[i] = UINT64_C(1) << 63;
        ck_assert_int_eq(tm_client_submit(client, "m", "", 0, &options, WAIT_MS, NULL),
                         TM_CLIENT_INVALID);
    }
    ck_assert_str_eq(tm_client_error(client), "a reserved member of the options is not zero");
    ck_assert_uint_eq(tm_client_in_flight(client), 0);
    tm_client_free(client);
    fake_finish(&fake);
}
END_TEST

/* Moves the client on from a loop of the test, until it has an event or has failed. */
static tm_client_status looped(tm_client *client, tm_client_event **event)
{
    for (;;) {
        tm_client_status status = tm_client_next(client, 0, event);
        if (status != TM_CLIENT_TIMEOUT)
            return status;
        struct pollfd poll_fd = {.fd = tm_client_fd(client),
                                 .events = tm_client_poll_events(client)};
        ck_assert_int_eq(poll(&poll_fd, 1, WAIT_MS), 1);
        (void)tm_client_process(client);
    }
}

static void assert_welcome(tm_client *client)
{
    tm_client_event *event;
    tm_client_status status = looped(client, &event);
    ck_assert_msg(status == TM_CLIENT_OK, "%s", tm_client_error(client));
    ck_assert_int_eq(event->type, TM_CLIENT_EVENT_HELLO);
    ck_assert_uint_eq(event->id, 0);
    tm_client_event_free(event);
    ck_assert_str_eq(tm_client_server(client), "taskmasterd/0.2.0");
    ck_assert_uint_eq(tm_client_payload_max(client), 1048576);
    ck_assert_int_eq(tm_client_next(client, 0, &event), TM_CLIENT_NOTHING);
}

static void plays_nothing(struct fake *fake)
{
    fake_accept(fake);
    fake_ignore(fake);
}

static void plays_hello_and_a_job(struct fake *fake)
{
    fake_accept(fake);
    fake_expect(fake, "{\"op\":\"hello\",\"protocol\":1,\"client\":\"t/1\"}");
    fake_send(fake, FAKE_HELLO);
    fake_expect(fake, "*\"submit\"");
    fake_send(fake, "{\"event\":\"done\",\"id\":1,\"size\":1}\n1");
    fake_expect_end(fake);
}

START_TEST(started)
{
    struct fake fake;
    const tm_client_options options = {.name = "t/1"};
    fake_start(&fake, plays_hello_and_a_job, NULL);
    tm_client *client = tm_client_new();
    ck_assert_int_eq(tm_client_connect_start(client, fake.address, &options), TM_CLIENT_OK);
    ck_assert_int_ge(tm_client_fd(client), 0);
    ck_assert_int_eq(tm_client_submit(client, "m", "", 0, NULL, WAIT_MS, NULL), TM_CLIENT_INVALID);
    ck_assert_int_eq(tm_client_connect(client, fake.address, NULL, WAIT_MS), TM_CLIENT_INVALID);
    assert_welcome(client);
    ck_assert_int_eq(tm_client_connect_start(client, fake.address, NULL), TM_CLIENT_INVALID);
    submitted(client, "m", "");
    assert_next(client, TM_CLIENT_EVENT_DONE, 1, "1");
    tm_client_free(client);
    fake_finish(&fake);
}
END_TEST

/* A client that may wait after all, and a name: its first address may be one without a server. */
START_TEST(started_and_awaited)
{
    struct fake fake;
    tm_client_event *event;
    char address[64];
    const tm_client_options options = {.name = "t/1", .listen = true};
    fake_start(&fake, plays_hello_and_a_job, NULL);
    tm_client *client = tm_client_new();
    snprintf(address, sizeof address, "localhost%s", strchr(fake.address, ':'));
    ck_assert_int_eq(tm_client_connect_start(client, address, &options), TM_CLIENT_OK);
    ck_assert_int_eq(tm_client_next(client, WAIT_MS, &event), TM_CLIENT_OK);
    ck_assert_int_eq(event->type, TM_CLIENT_EVENT_HELLO);
    tm_client_event_free(event);
    submitted(client, "m", "");
    assert_next(client, TM_CLIENT_EVENT_DONE, 1, "1");
    ck_assert_int_eq(tm_client_next(client, 0, &event), TM_CLIENT_TIMEOUT);
    tm_client_free(client);
    fake_finish(&fake);
}
END_TEST

static void plays_refusals(struct fake *fake)
{
    fake_accept(fake);
    fake_expect(fake, "*hello");
    fake_send(fake, "{\"event\":\"error\",\"op\":\"hello\",\"code\":\"unauthorized\","
                    "\"message\":\"wrong token\",\"fatal\":true}\n");
    close(fake->fd);
    fake_accept(fake);
    fake_expect(fake, "*hello");
    close(fake->fd);
    fake_accept(fake);
    fake_expect(fake, "*hello");
    fake_send(fake, "{\"event\":\"hello\",\"protocol\":2}\n");
    close(fake->fd);
    fake_welcome(fake);
    fake_expect_end(fake);
}

static void assert_not_started(tm_client *client, const char *address, tm_client_status expected)
{
    tm_client_event *event;
    tm_client_status status = tm_client_connect_start(client, address, NULL);
    if (status == TM_CLIENT_OK)
        status = looped(client, &event);
    ck_assert_int_eq(status, expected);
    ck_assert_str_ne(tm_client_error(client), "");
}

START_TEST(started_in_vain)
{
    struct fake fake;
    tm_client_event *event;
    fake_start(&fake, plays_refusals, NULL);
    tm_client *client = tm_client_new();
    assert_not_started(client, fake.address, TM_CLIENT_REFUSED);
    ck_assert_str_eq(tm_client_error_code(client), "unauthorized");
    assert_not_started(client, fake.address, TM_CLIENT_CLOSED);
    ck_assert_int_eq(tm_client_next(client, 0, &event), TM_CLIENT_CLOSED);
    assert_not_started(client, fake.address, TM_CLIENT_PROTOCOL);
    ck_assert_int_eq(tm_client_connect_start(client, fake.address, NULL), TM_CLIENT_OK);
    assert_welcome(client);
    tm_client_free(client);
    fake_finish(&fake);
    client = tm_client_new();
    assert_not_started(client, fake.address, TM_CLIENT_UNREACHABLE);
    assert_not_started(client, "unix:/nowhere/s", TM_CLIENT_UNREACHABLE);
    ck_assert_ptr_nonnull(strstr(tm_client_error(client), "unix:/nowhere/s"));
    assert_not_started(client, "nowhere", TM_CLIENT_INVALID);
    assert_not_started(client, "localhost.invalid:1", TM_CLIENT_UNREACHABLE);
    ck_assert_int_eq(tm_client_fd(client), -1);
    tm_client_free(client);
}
END_TEST

/* A client given up on the way. */
START_TEST(started_and_freed)
{
    struct fake fake;
    fake_start(&fake, plays_nothing, NULL);
    tm_client *client = tm_client_new();
    ck_assert_int_eq(tm_client_connect_start(client, fake.address, NULL), TM_CLIENT_OK);
    tm_client_free(client);
    fake_finish(&fake);
}
END_TEST

/* The address in the error is one to be typed. */
START_TEST(brackets_around_ipv6)
{
    tm_client *client = tm_client_new();
    ck_assert_int_ne(tm_client_connect(client, "[::1]:1", NULL, WAIT_MS), TM_CLIENT_OK);
    ck_assert_ptr_nonnull(strstr(tm_client_error(client), "connect to [::1]:1: "));
    tm_client_free(client);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        hello,
        unauthorized_then_welcome,
        no_taskmaster,
        no_answer_and_nobody,
        reserved_members,
        started,
        started_and_awaited,
        started_in_vain,
        started_and_freed,
        brackets_around_ipv6,
    };
    TCase *tcase = tcase_create("client_connect");
    tcase_set_timeout(tcase, 120);
    for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++)
        tcase_add_test(tcase, tests[i]);
    Suite *suite = suite_create("client client_connect");
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
