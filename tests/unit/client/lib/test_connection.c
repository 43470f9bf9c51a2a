/* The ends of a connection, and lack of memory. */
#include "tests/unit/client/connected.h"
#include "tests/unit/suite.h"

#include <jansson.h>

static void plays_fatal(struct fake *fake)
{
    fake_welcome(fake);
    fake_expect(fake, "*\"id\":1");
    fake_expect(fake, "*\"id\":2");
    fake_send(fake, "{\"event\":\"error\",\"code\":\"too-slow\",\"message\":\"no LF in time\","
                    "\"fatal\":true}\n"
                    "{\"event\":\"done\",\"id\":2,\"job\":\"k-2\",\"size\":2}\nok");
}

START_TEST(job_events_behind_a_fatal_error)
{
    struct fake fake;
    tm_client_event *event;
    fake_start(&fake, plays_fatal, NULL);
    tm_client *client = connected(&fake);
    submitted(client, "m", "");
    submitted(client, "m", "");
    assert_next(client, TM_CLIENT_EVENT_DONE, 2, "ok");
    ck_assert_int_eq(tm_client_next(client, WAIT_MS, &event), TM_CLIENT_CLOSED);
    ck_assert_str_eq(tm_client_error_code(client), "too-slow");
    ck_assert_str_eq(tm_client_error(client),
                     "the server ended the connection: too-slow: no LF in time");
    ck_assert_uint_eq(tm_client_in_flight(client), 1);
    ck_assert_int_eq(tm_client_submit(client, "m", "", 0, NULL, 0, NULL), TM_CLIENT_CLOSED);
    ck_assert_int_eq(tm_client_ping(client, 0), TM_CLIENT_CLOSED);
    ck_assert_int_eq(tm_client_process(client), TM_CLIENT_CLOSED);
    tm_client_free(client);
    fake_finish(&fake);
}
END_TEST

static void plays_cut(struct fake *fake)
{
    fake_welcome(fake);
    fake_expect(fake, "*\"id\":1");
    fake_send(fake, fake->arg);
}

/* Half a message is no outcome of a job. */
START_TEST(an_end_in_the_middle_of_a_message_is_a_lost_connection)
{
    static const char *const beginnings[] = {
        "{",
        "{\"event\":\"done\",\"id\":1,\"job\":\"k-1\",\"size\":0}",
        "{\"event\":\"done\",\"id\":1,\"job\":\"k-1\",\"size\":3}\n",
        "{\"event\":\"done\",\"id\":1,\"job\":\"k-1\",\"size\":3}\nab",
        "{\"event\":\"later\",\"size\":3}\nab",
    };
    for (size_t i = 0; i < sizeof beginnings / sizeof beginnings[0]; i++) {
        struct fake fake;
        tm_client_event *event;
        fake_start(&fake, plays_cut, (void *)beginnings[i]);
        tm_client *client = connected(&fake);
        submitted(client, "m", "");
        ck_assert_int_eq(tm_client_next(client, WAIT_MS, &event), TM_CLIENT_CLOSED);
        ck_assert_str_eq(tm_client_error(client),
                         "the server closed the connection, in the middle of a message");
        ck_assert_uint_eq(tm_client_in_flight(client), 1);
        tm_client_free(client);
        fake_finish(&fake);
    }
}
END_TEST

static void plays_reset(struct fake *fake)
{
    const struct linger at_once = {.l_onoff = 1};
    fake_welcome(fake);
    fake_expect(fake, "*submit");
    setsockopt(fake->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

/* Writing to a reset connection is an error, and no SIGPIPE. */
START_TEST(reset)
{
    struct fake fake;
    tm_client_status status = TM_CLIENT_OK;
    tm_client_event *event;
    fake_start(&fake, plays_reset, NULL);
    tm_client *client = connected(&fake);
    submitted(client, "m", "");
    fake_finish(&fake);
    for (int i = 0; i < 3 && status == TM_CLIENT_OK; i++)
        status = tm_client_submit(client, "m", "abc", 3, NULL, 0, NULL);
    ck_assert_int_eq(tm_client_next(client, WAIT_MS, &event), TM_CLIENT_CLOSED);
    tm_client_free(client);
}
END_TEST

static void plays_garbage(struct fake *fake)
{
    fake_welcome(fake);
    fake_expect(fake, "*submit");
    fake_send(fake, "{\"event\":\"started\",\"id\":1,\"job\":\"k-1\"}\n{\"event\":\"done\",1}\n");
    fake_expect_end(fake);
}

START_TEST(garbage_ends_it)
{
    struct fake fake;
    tm_client_event *event;
    fake_start(&fake, plays_garbage, NULL);
    tm_client *client = connected(&fake);
    submitted(client, "m", "");
    assert_next(client, TM_CLIENT_EVENT_STARTED, 1, "");
    ck_assert_int_eq(tm_client_next(client, WAIT_MS, &event), TM_CLIENT_PROTOCOL);
    tm_client_free(client);
    fake_finish(&fake);
}
END_TEST

static int allocations_left;

static void *failing_malloc(size_t size)
{
    if (allocations_left-- > 0)
        return malloc(size);
    errno = ENOMEM;
    return NULL;
}

static void plays_any(struct fake *fake)
{
    fake_accept(fake);
    while (fake_next_line(fake)) {
        if (strstr(fake->line, "hello"))
            fake_send(fake, FAKE_HELLO);
        else
            fake_sendf(fake, "{\"event\":\"done\",\"id\":%ld,\"context\":[1],\"size\":0}\n",
                       fake_number(fake, "id"));
    }
}

static tm_client_status whole_session(tm_client *client, const char *address)
{
    const tm_client_submit_options options = {.context = "[1]", .notify = 3};
    const tm_client_options names = {.name = "t/1", .token = "s"};
    tm_client_event *event = NULL;
    tm_client_status status = tm_client_connect(client, address, &names, WAIT_MS);
    if (status == TM_CLIENT_OK)
        status = tm_client_submit(client, "m", "", 0, &options, WAIT_MS, NULL);
    if (status == TM_CLIENT_OK)
        status = tm_client_next(client, WAIT_MS, &event);
    tm_client_event_free(event);
    return status;
}

/* Each allocation of the JSON library fails in turn. The sanitizers look for leaks. */
START_TEST(out_of_memory)
{
    tm_client_status status = TM_CLIENT_MEMORY;
    for (int n = 0; status != TM_CLIENT_OK; n++) {
        struct fake fake;
        fake_start(&fake, plays_any, NULL);
        tm_client *client = tm_client_new();
        allocations_left = n;
        json_set_alloc_funcs(failing_malloc, free);
        status = whole_session(client, fake.address);
        json_set_alloc_funcs(malloc, free);
        ck_assert_msg(status == TM_CLIENT_OK || status == TM_CLIENT_MEMORY, "allocation %d: %s", n,
                      tm_client_error(client));
        if (status == TM_CLIENT_MEMORY && tm_client_fd(client) < 0)
            shutdown(fake.listener, SHUT_RD); /* there may have been no connection */
        tm_client_free(client);
        pthread_join(fake.thread, NULL);
        close(fake.listener);
        ck_assert_int_lt(n, 1000);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        job_events_behind_a_fatal_error,
        an_end_in_the_middle_of_a_message_is_a_lost_connection,
        reset,
        garbage_ends_it,
        out_of_memory,
    };
    TCase *tcase = tcase_create("connection");
    tcase_set_timeout(tcase, 120);
    for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++)
        tcase_add_test(tcase, tests[i]);
    Suite *suite = suite_create("client connection");
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
