/* A client connects again by itself for what has not begun, and for nothing else. */
#include "tests/unit/client/connected.h"
#include "tests/unit/suite.h"

#include <poll.h>

static const char shutdown_of_1[] =
    "{\"event\":\"draining\"}\n"
    "{\"event\":\"failed\",\"id\":1,\"job\":\"k-1\",\"reason\":\"shutdown\",\"size\":0}\n";

static void expect_echo(struct fake *fake, const char *submit, const char *payload)
{
    fake_expect(fake, submit);
    fake_expect_payload(fake, payload);
}

/* The old server ends; the client finds the new one behind the same socket. */
static void next_server(struct fake *fake)
{
    close(fake->fd);
    fake_welcome_with(fake, FAKE_HELLO_OF("taskmasterd-next", ""));
}

/* The look whether anybody listens. */
static void take_probe(struct fake *fake)
{
    int old = fake->fd;
    fake_accept(fake);
    close(fake->fd);
    fake->fd = old;
}

static void plays_refusal(struct fake *fake)
{
    fake_welcome(fake);
    expect_echo(fake, "{\"op\":\"submit\",\"id\":1,\"module\":\"m\",\"size\":3}", "abc");
    fake_send(fake, shutdown_of_1);
    take_probe(fake);
    fake_expect_end(fake);
    next_server(fake);
    expect_echo(fake, "{\"op\":\"submit\",\"id\":1,\"module\":\"m\",\"size\":3}", "abc");
    fake_send(fake, "{\"event\":\"done\",\"id\":1,\"job\":\"n-1\",\"size\":2}\nok");
    fake_expect_end(fake);
}

START_TEST(a_refused_submit_is_sent_again)
{
    struct fake fake;
    fake_start(&fake, plays_refusal, NULL);
    tm_client *client = connected(&fake);
    const char *before = tm_client_server(client);
    uint64_t id = submitted(client, "m", "abc");
    assert_next(client, TM_CLIENT_EVENT_DONE, id, "ok");
    ck_assert_str_eq(before, "taskmasterd/0.2.0");
    ck_assert_str_eq(tm_client_server(client), "taskmasterd-next/0.2.0");
    tm_client_free(client);
    fake_finish(&fake);
}
END_TEST

enum { AGAIN_MAX = 10 };

static void plays_endless_refusal(struct fake *fake)
{
    fake_welcome(fake);
    for (int i = 0; i <= AGAIN_MAX; i++) {
        expect_echo(fake, "{\"op\":\"submit\",\"id\":1,\"module\":\"m\",\"size\":3}", "abc");
        fake_send(fake, shutdown_of_1);
        if (i == AGAIN_MAX)
            break;
        take_probe(fake);
        fake_expect_end(fake);
        next_server(fake);
    }
    fake_expect_end(fake);
}

START_TEST(servers_that_only_refuse_are_asked_no_more)
{
    struct fake fake;
    fake_start(&fake, plays_endless_refusal, NULL);
    tm_client *client = connected(&fake);
    uint64_t id = submitted(client, "m", "abc");
    assert_next(client, TM_CLIENT_EVENT_FAILED, id, "");
    tm_client_free(client);
    fake_finish(&fake);
}
END_TEST

static void plays_accepted(struct fake *fake)
{
    fake_welcome(fake);
    fake_expect(fake, "*\"notify\":[\"accepted\"]");
    fake_send(fake, "{\"event\":\"accepted\",\"id\":1,\"job\":\"k-1\",\"position\":0}\n");
    fake_send(fake, shutdown_of_1);
    take_probe(fake);
    fake_expect_end(fake);
    next_server(fake);
    fake_expect(fake, "*\"notify\":[\"accepted\"]");
    fake_send(fake, "{\"event\":\"accepted\",\"id\":1,\"job\":\"n-1\",\"position\":0}\n"
                    "{\"event\":\"done\",\"id\":1,\"job\":\"n-1\",\"size\":0}\n");
    fake_expect_end(fake);
}

static void assert_accepted(tm_client *client, const char *job)
{
    tm_client_event *event;
    ck_assert_int_eq(tm_client_next(client, WAIT_MS, &event), TM_CLIENT_OK);
    ck_assert_int_eq(event->type, TM_CLIENT_EVENT_ACCEPTED);
    ck_assert_str_eq(event->job, job);
    tm_client_event_free(event);
}

START_TEST(the_next_server_has_an_id_of_its_own)
{
    const tm_client_submit_options options = {.notify = TM_CLIENT_NOTIFY_ACCEPTED};
    struct fake fake;
    fake_start(&fake, plays_accepted, NULL);
    tm_client *client = connected(&fake);
    ck_assert_int_eq(tm_client_submit(client, "m", NULL, 0, &options, WAIT_MS, NULL), TM_CLIENT_OK);
    assert_accepted(client, "k-1");
    assert_accepted(client, "n-1");
    assert_next(client, TM_CLIENT_EVENT_DONE, 1, "");
    tm_client_free(client);
    fake_finish(&fake);
}
END_TEST

/* Refused are 1 and 3; 2 runs to its end first. Both are sent again, in order. */
static void plays_others(struct fake *fake)
{
    fake_welcome(fake);
    for (int i = 1; i <= 3; i++)
        fake_expect(fake, "*\"op\":\"submit\"");
    fake_send(fake, shutdown_of_1);
    fake_send(fake, "{\"event\":\"failed\",\"id\":3,\"reason\":\"shutdown\",\"size\":0}\n");
    take_probe(fake);
    fake_send(fake, "{\"event\":\"done\",\"id\":2,\"job\":\"k-2\",\"order\":1,\"size\":0}\n");
    fake_expect_end(fake);
    next_server(fake);
    fake_expect(fake, "*\"id\":1,");
    fake_expect(fake, "*\"id\":3,");
    fake_send(fake, "{\"event\":\"done\",\"id\":1,\"job\":\"n-1\",\"size\":0}\n"
                    "{\"event\":\"failed\",\"id\":3,\"job\":\"n-3\",\"order\":2,"
                    "\"reason\":\"shutdown\",\"size\":0}\n");
    fake_expect_end(fake);
}

START_TEST(jobs_that_have_begun_are_waited_for)
{
    struct fake fake;
    fake_start(&fake, plays_others, NULL);
    tm_client *client = connected(&fake);
    for (int i = 0; i < 3; i++)
        submitted(client, "m", "");
    assert_next(client, TM_CLIENT_EVENT_DONE, 2, "");
    assert_next(client, TM_CLIENT_EVENT_DONE, 1, "");
    assert_next(client, TM_CLIENT_EVENT_FAILED, 3, ""); /* it had begun there */
    tm_client_free(client);
    fake_finish(&fake);
}
END_TEST

/* 2 was running when the server was killed. */
static void plays_loss(struct fake *fake)
{
    fake_welcome(fake);
    fake_expect(fake, "*\"op\":\"submit\"");
    fake_expect(fake, "*\"op\":\"submit\"");
    fake_send(fake, shutdown_of_1);
    take_probe(fake);
}

START_TEST(a_lost_job_is_told)
{
    struct fake fake;
    tm_client_event *event;
    fake_start(&fake, plays_loss, NULL);
    tm_client *client = connected(&fake);
    submitted(client, "m", "");
    submitted(client, "m", "");
    assert_next(client, TM_CLIENT_EVENT_FAILED, 1, "");
    ck_assert_int_eq(tm_client_next(client, WAIT_MS, &event), TM_CLIENT_CLOSED);
    ck_assert_uint_eq(tm_client_in_flight(client), 1);
    tm_client_free(client);
    fake_finish(&fake);
}
END_TEST

static void plays_last_server(struct fake *fake)
{
    fake_welcome(fake);
    fake_expect(fake, "*\"op\":\"submit\"");
    close(fake->listener);
    fake_send(fake, shutdown_of_1);
    fake_expect(fake, "*\"op\":\"ping\"");
    fake_send(fake, "{\"event\":\"pong\",\"id\":2}\n");
    fake_expect_end(fake);
    fake->listener = dup(fake->fd); /* for fake_finish() */
}

START_TEST(without_another_server_the_refusal_is_told_at_once)
{
    struct fake fake;
    fake_start(&fake, plays_last_server, NULL);
    tm_client *client = connected(&fake);
    submitted(client, "m", "");
    assert_next(client, TM_CLIENT_EVENT_FAILED, 1, "");
    ck_assert_int_eq(tm_client_ping(client, WAIT_MS), TM_CLIENT_OK);
    tm_client_free(client);
    fake_finish(&fake);
}
END_TEST

static void plays_to_a_loop(struct fake *fake)
{
    fake_welcome(fake);
    fake_expect(fake, "*\"op\":\"submit\"");
    fake_send(fake, shutdown_of_1);
    fake_expect_end(fake);
}

/* A loop has the descriptor: nothing changes behind its back. */
START_TEST(a_call_without_time_connects_to_nobody)
{
    struct fake fake;
    tm_client_event *event;
    fake_start(&fake, plays_to_a_loop, NULL);
    tm_client *client = connected(&fake);
    ck_assert_int_eq(tm_client_submit(client, "m", NULL, 0, NULL, 0, NULL), TM_CLIENT_OK);
    assert_next(client, TM_CLIENT_EVENT_FAILED, 1, "");
    ck_assert_int_eq(tm_client_next(client, 0, &event), TM_CLIENT_NOTHING);
    tm_client_free(client);
    fake_finish(&fake);
}
END_TEST

static void plays_to_an_idle_client(struct fake *fake)
{
    fake_welcome(fake);
    fake_expect(fake, "{\"op\":\"set\",\"id\":1,\"module\":\"m\"}");
    fake_send(fake, "{\"event\":\"ok\",\"id\":1,\"op\":\"set\"}\n");
    next_server(fake);
    fake_expect(fake, "{\"op\":\"set\",\"id\":1,\"module\":\"m\"}");
    fake_send(fake, "{\"event\":\"ok\",\"id\":1,\"op\":\"set\"}\n");
    fake_expect(fake, "{\"op\":\"submit\",\"id\":2,\"size\":0}");
    fake_send(fake, "{\"event\":\"done\",\"id\":2,\"job\":\"n-1\",\"size\":0}\n");
    next_server(fake);
    fake_expect(fake, "*\"op\":\"set\"");
    fake_expect(fake, "*\"op\":\"ping\"");
    fake_send(fake, "{\"event\":\"pong\",\"id\":3}\n");
    fake_expect_end(fake);
}

/* The end is known once the kernel has it. */
static void await_input(const tm_client *client)
{
    struct pollfd poll_fd = {.fd = tm_client_fd(client), .events = POLLIN};
    ck_assert_int_eq(poll(&poll_fd, 1, WAIT_MS), 1);
}

START_TEST(an_idle_client_connects_at_its_next_request)
{
    struct fake fake;
    fake_start(&fake, plays_to_an_idle_client, NULL);
    tm_client *client = connected(&fake);
    ck_assert_int_eq(tm_client_set_module(client, "m", WAIT_MS), TM_CLIENT_OK);
    await_input(client);
    uint64_t id = submitted(client, NULL, "");
    assert_next(client, TM_CLIENT_EVENT_DONE, id, "");
    await_input(client);
    ck_assert_int_eq(tm_client_ping(client, WAIT_MS), TM_CLIENT_OK);
    tm_client_free(client);
    fake_finish(&fake);
}
END_TEST

static void plays_no_hello(struct fake *fake)
{
    fake_welcome(fake);
    close(fake->fd);
    fake_accept(fake);
    fake_expect(fake, "*\"op\":\"hello\"");
    fake_expect_end(fake);
}

/* The next server takes its time: the call may be repeated. */
START_TEST(a_call_ends_in_time)
{
    struct fake fake;
    fake_start(&fake, plays_no_hello, NULL);
    tm_client *client = connected(&fake);
    await_input(client);
    ck_assert_int_eq(tm_client_ping(client, 1), TM_CLIENT_TIMEOUT);
    ck_assert_int_eq(tm_client_submit(client, "m", NULL, 0, NULL, 0, NULL), TM_CLIENT_TIMEOUT);
    tm_client_free(client);
    fake_finish(&fake);
}
END_TEST

static void plays_cancel(struct fake *fake)
{
    fake_welcome(fake);
    fake_expect(fake, "*\"id\":1,");
    fake_expect(fake, "*\"id\":2,");
    fake_send(fake, shutdown_of_1);
    take_probe(fake);
    fake_expect(fake, "{\"op\":\"cancel\",\"id\":3,\"target\":1}");
    fake_send(fake, "{\"event\":\"error\",\"id\":3,\"op\":\"cancel\",\"code\":\"unknown-job\","
                    "\"message\":\"no\"}\n");
    fake_expect_end(fake);
}

START_TEST(a_cancelled_job_does_not_come_back)
{
    struct fake fake;
    tm_client_event *event;
    fake_start(&fake, plays_cancel, NULL);
    tm_client *client = connected(&fake);
    submitted(client, "m", "");
    submitted(client, "m", "");
    await_input(client);
    ck_assert_int_eq(tm_client_next(client, 300, &event), TM_CLIENT_TIMEOUT);
    ck_assert_int_eq(tm_client_cancel_id(client, 1, WAIT_MS, NULL), TM_CLIENT_REFUSED);
    assert_next(client, TM_CLIENT_EVENT_FAILED, 1, "");
    tm_client_free(client);
    fake_finish(&fake);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_refused_submit_is_sent_again,
        servers_that_only_refuse_are_asked_no_more,
        the_next_server_has_an_id_of_its_own,
        jobs_that_have_begun_are_waited_for,
        a_lost_job_is_told,
        without_another_server_the_refusal_is_told_at_once,
        a_call_without_time_connects_to_nobody,
        an_idle_client_connects_at_its_next_request,
        a_call_ends_in_time,
        a_cancelled_job_does_not_come_back,
    };
    TCase *tcase = tcase_create("renewal");
    tcase_set_timeout(tcase, 120);
    for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++)
        tcase_add_test(tcase, tests[i]);
    Suite *suite = suite_create("client renewal");
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
