/* The library against a server that plays scripts: the order of events, what belongs to whom, both
 * directions at once, ends of every kind, and memory that runs out. */
#include "taskmaster/client.h"
#include "taskmaster/module.h" /* both headers are to be usable together */

#include "tests/unit/client/client_fake.h"
#include "tests/unit/suite.h"

#include <jansson.h>
#include <poll.h>
#include <sys/un.h>

enum { WAIT_MS = 20000 };

static tm_client *connected(const struct fake *fake)
{
    tm_client *client = tm_client_new();
    tm_client_status status = tm_client_connect(client, fake->address, NULL, WAIT_MS);
    ck_assert_msg(status == TM_CLIENT_OK, "%s", tm_client_error(client));
    return client;
}

static uint64_t submitted(tm_client *client, const char *module, const char *payload)
{
    uint64_t id;
    tm_client_status status =
        tm_client_submit(client, module, payload, strlen(payload), NULL, WAIT_MS, &id);
    ck_assert_msg(status == TM_CLIENT_OK, "%s", tm_client_error(client));
    return id;
}

/* Takes the next event and checks what it is. */
static void assert_next(tm_client *client, tm_client_event_type type, uint64_t id, const char *data)
{
    tm_client_event *event;
    tm_client_status status = tm_client_next(client, WAIT_MS, &event);
    ck_assert_msg(status == TM_CLIENT_OK, "%s", tm_client_error(client));
    ck_assert_int_eq(event->type, type);
    ck_assert_uint_eq(event->id, id);
    ck_assert_str_eq(event->data, data);
    ck_assert_uint_eq(event->size, strlen(data));
    tm_client_event_free(event);
}

/* ---- connecting ---- */

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

/* What a later release may mean by them is not left out in silence. */
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

START_TEST(not_connected)
{
    tm_client *client = tm_client_new();
    tm_client_event *event = (tm_client_event *)&event;
    ck_assert_int_eq(tm_client_submit(client, "m", "", 0, NULL, 0, NULL), TM_CLIENT_INVALID);
    ck_assert_int_eq(tm_client_next(client, 0, &event), TM_CLIENT_INVALID);
    ck_assert_ptr_null(event);
    ck_assert_int_eq(tm_client_ping(client, 0), TM_CLIENT_INVALID);
    ck_assert_int_eq(tm_client_process(client), TM_CLIENT_INVALID);
    tm_client_free(client);
    tm_client_free(NULL);
    tm_client_event_free(NULL);
}
END_TEST

/* ---- jobs ---- */

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

/* What a later release may send: with a payload that looks like events, a large one, or none. */
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

/* ---- requests ---- */

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

/* ---- ends ---- */

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

/* Whatever had come of it, the job has no outcome. */
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

/* A client that goes on writing to a connection that was reset gets an error and not a SIGPIPE. */
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

/* ---- both directions at once ---- */

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

/* The same from an event loop that never blocks but in its own poll. */
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

/* A server that takes nothing: submits with a limit give up before they have begun, and what waits
 * to be sent stays bounded. */
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

/* ---- memory ---- */

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

/* Each allocation of the JSON library fails in turn; the sanitizers see to it that nothing leaks.
 */
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
            shutdown(fake.listener, SHUT_RD); /* it may not have come to a connection */
        tm_client_free(client);
        pthread_join(fake.thread, NULL);
        close(fake.listener);
        ck_assert_int_lt(n, 1000);
    }
}
END_TEST

START_TEST(words)
{
    ck_assert_str_eq(tm_client_version(), "0.1.0");
    ck_assert_str_eq(tm_client_status_name(TM_CLIENT_OK), "ok");
    ck_assert_str_eq(tm_client_status_name(TM_CLIENT_MEMORY), "memory");
    ck_assert_str_eq(tm_client_status_name((tm_client_status)99), "unknown");
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
        not_connected,
        events_in_order,
        events_of_one_job,
        later_events_are_skipped_with_their_payload,
        submit_options_and_refusals,
        requests,
        late_answers_are_dropped,
        job_events_behind_a_fatal_error,
        an_end_in_the_middle_of_a_message_is_a_lost_connection,
        reset,
        garbage_ends_it,
        no_deadlock,
        event_loop,
        submit_gives_up,
        out_of_memory,
        words,
    };
    TCase *tcase = tcase_create("session");
    tcase_set_timeout(tcase, 120);
    for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++)
        tcase_add_test(tcase, tests[i]);
    Suite *suite = suite_create("client session");
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
