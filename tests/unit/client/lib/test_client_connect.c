/* tm_client_connect(): the hello, refusals, strangers, silence, reserved options. */
#include "tests/unit/client/connected.h"
#include "tests/unit/suite.h"

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
    ck_assert_str_eq(tm_client_server(client), "taskmasterd/0.1.0");
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
    for (size_t i = 0; i < 5; i++) {
        tm_client_options options = {0};
        options.reserved[i] = 1;
        ck_assert_int_eq(tm_client_connect(client, fake.address, &options, WAIT_MS),
                         TM_CLIENT_INVALID);
    }
    tm_client_free(client);
    client = connected(&fake);
    for (size_t i = 0; i < 4; i++) {
        tm_client_submit_options options = {0};
        options.reserved[i] = UINT64_C(1) << 63;
        ck_assert_int_eq(tm_client_submit(client, "m", "", 0, &options, WAIT_MS, NULL),
                         TM_CLIENT_INVALID);
    }
    ck_assert_str_eq(tm_client_error(client), "a reserved member of the options is not zero");
    ck_assert_uint_eq(tm_client_in_flight(client), 0);
    tm_client_free(client);
    fake_finish(&fake);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        hello, unauthorized_then_welcome, no_taskmaster, no_answer_and_nobody, reserved_members,
    };
    TCase *tcase = tcase_create("client_connect");
    tcase_set_timeout(tcase, 120);
    for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++)
        tcase_add_test(tcase, tests[i]);
    Suite *suite = suite_create("client client_connect");
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
