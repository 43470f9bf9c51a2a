/* A server that means ill, or a stranger in its place: what it says cannot steer the terminal, what
 * it sends cannot fill the memory, and nobody who does not read holds off --timeout. */
#include "taskmaster/client.h"
#include "tests/unit/client/client_child.h"
#include "tests/unit/client/client_fake.h"
#include "tests/unit/suite.h"

#include "client/lib/clean.h"

/* ---- control characters ---- */

/* ESC [, BEL, DEL, CSI (U+009B), as JSON escapes and as they are where JSON has them so. */
#define NASTY                        \
    "a\\u001b[2J\\u0007\x7f\xc2\x9b" \
    "b"

static bool is_clean(const char *text)
{
    for (const unsigned char *c = (const unsigned char *)text; *c; c++)
        if ((*c < 0x20 && *c != '\n') || *c == 0x7f || (*c == 0xc2 && c[1] < 0xa0))
            return false;
    return true;
}

struct answer {
    const char *const *args;
    const char *payload; /* of the answer; NULL: none */
    const char *fields;  /* behind the id */
    int status;
};

/* Answers the first request with the fields under its id. */
static void plays_nasty(struct fake *fake)
{
    const struct answer *answer = fake->arg;
    fake_accept(fake);
    fake_expect(fake, "*\"hello\"");
    fake_send(fake, "{\"event\":\"hello\",\"protocol\":1,\"server\":\"" NASTY
                    "\",\"payload_max\":1048576}\n");
    if (!fake_next_line(fake))
        return;
    if (answer->payload)
        fake_sendf(fake, "{\"id\":1,%s,\"size\":%zu}\n%s", answer->fields, strlen(answer->payload),
                   answer->payload);
    else
        fake_sendf(fake, "{\"id\":1,%s}\n", answer->fields);
    fake_ignore(fake);
}

#define FAILED_FIELDS                                                                       \
    "\"event\":\"failed\",\"job\":\"" NASTY "\",\"reason\":\"error\",\"code\":\"" NASTY     \
    "\",\"signal\":\"" NASTY "\",\"step\":\"" NASTY "\",\"message\":\"" NASTY "\",\"" NASTY \
    "\":1,\"context\":\"" NASTY "\""
#define OUTPUT "{\"output\":\"" NASTY "\\n" NASTY "\\r\"}"
#define NESTED                                                                                    \
    "{\"" NASTY "\":\"" NASTY "\",\"o\":{\"" NASTY "\":[\"" NASTY "\"],\"p\":{\"" NASTY "\":1}}," \
    "\"t\":{\"" NASTY "\":{\"" NASTY "\":\"" NASTY "\"}}}"

START_TEST(what_the_server_says_cannot_steer_the_terminal)
{
    const struct answer answers[] = {
        {ARGS("run", "m", "x"), OUTPUT, FAILED_FIELDS, 70},
        {ARGS("run", "m", "x", "--json"), OUTPUT, FAILED_FIELDS, 70},
        {ARGS("run", "m", "x"), NULL,
         "\"event\":\"error\",\"code\":\"" NASTY "\",\"message\":\"" NASTY "\"", 1},
        {ARGS("run", "m", "x"), NULL, "\"event\":\"done\",\"order\":\"" NASTY "\"", 69},
        {ARGS("run", "m", "x", "--json"), "c\x7f\xc2\x9b",
         "\"event\":\"done\",\"context\":\"" NASTY "\"", 0},
        {ARGS("ping"), NULL, "\"event\":\"pong\"", 0},
        {ARGS("ping", "--json"), NULL, "\"event\":\"pong\"", 0},
        {ARGS("cancel", "j"), NULL, "\"event\":\"ok\",\"state\":\"" NASTY "\"", 0},
        {ARGS("cancel", "j", "--json"), NULL, "\"event\":\"ok\",\"state\":\"" NASTY "\"", 0},
        {ARGS("kill", "j"), NULL,
         "\"event\":\"error\",\"code\":\"" NASTY "\",\"message\":\"" NASTY "\"", 1},
        {ARGS("stats"), NESTED, "\"event\":\"stats\"", 0},
        {ARGS("stats", "--json"), NESTED, "\"event\":\"stats\"", 0},
        {ARGS("stats"), "{" NASTY, "\"event\":\"stats\"", 69},
        {ARGS("workers"), "[" NESTED "]", "\"event\":\"workers\"", 0},
        {ARGS("workers", "--json"), "[" NESTED "]", "\"event\":\"workers\"", 0},
    };
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        struct fake fake;
        struct child child;
        fake_start(&fake, plays_nasty, (void *)&answers[i]);
        child_run(&child, fake.address, "", answers[i].args);
        fake_finish(&fake);
        ck_assert_msg(child.status == answers[i].status, "case %zu: %d\n%s%s", i, child.status,
                      child.output, child.errors);
        ck_assert_msg(is_clean(child.output), "case %zu: stdout %s", i, child.output);
        ck_assert_msg(is_clean(child.errors), "case %zu: stderr %s", i, child.errors);
        ck_assert_msg(strlen(child.errors) < 4096, "case %zu", i);
        child_free(&child);
    }
}
END_TEST

START_TEST(json_means_the_same_when_it_is_cleaned)
{
    const struct answer answer = {NULL, "\x7f\xc2\x80\xc2\xa0",
                                  "\"event\":\"done\",\"context\":[\"\xc2\x9f\"]", 0};
    struct fake fake;
    struct child child;
    fake_start(&fake, plays_nasty, (void *)&answer);
    child_run(&child, fake.address, "", ARGS("run", "m", "x", "--json"));
    fake_finish(&fake);
    child_assert(&child, 0,
                 "{\"event\":\"done\",\"size\":5,\"payload\":\"\\u007f\\u0080\xc2\xa0\","
                 "\"context\":[\"\\u009f\"]}\n",
                 "");
}
END_TEST

START_TEST(clean)
{
    static const char *const cases[][2] = {
        {"", ""},
        {"abc", "abc"},
        {"a\nb\tc\x1b\x7f", "a?b?c??"},
        {"\xc3\xa4 \xe2\x82\xac \xf0\x9f\x8e\x89", "\xc3\xa4 \xe2\x82\xac \xf0\x9f\x8e\x89"},
        {"\xc2\x80x\xc2\x9bx\xc2\xa0", "??x??x\xc2\xa0"},
        {"\x9b[2J", "?[2J"},           /* a byte of no character */
        {"\xc3\xa4\x9b", "\xc3\xa4?"}, /* one too many */
        {"\xe2\x82", "\xe2\x82"},      /* cut off */
        {"\xe2\x1b\x9b", "\xe2??"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[32];
        strcpy(text, cases[i][0]);
        tmc_clean(text);
        ck_assert_str_eq(text, cases[i][1]);
    }
}
END_TEST

/* ---- too much ---- */

enum { FLOOD = 100000 };

/* Tells of one job again and again, of no job, and of one that there is not. */
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

static void plays_too_large(struct fake *fake)
{
    fake_welcome(fake); /* which says 1 MiB */
    fake_expect(fake, "*\"submit\"");
    fake_send(fake, "{\"event\":\"done\",\"id\":1,\"size\":1048577}\n");
    fake_expect_end(fake);
}

START_TEST(a_result_over_payload_max)
{
    struct fake fake;
    struct child child;
    fake_start(&fake, plays_too_large, NULL);
    child_run(&child, fake.address, "", ARGS("run", "m", "x"));
    fake_finish(&fake);
    child_assert(&child, 69, "",
                 "taskmaster: the server's answer is not protocol: a payload of 1048577 bytes, "
                 "where it may have 1048576\n");
}
END_TEST

/* ---- nobody reads ---- */

static void plays_long(struct fake *fake)
{
    enum { LONG = 600000 };
    char *data = malloc(LONG);
    memset(data, ' ', LONG);
    memcpy(data, "{\"a\":1", 6);
    data[LONG - 1] = '}';
    fake_welcome(fake);
    if (!fake_next_line(fake))
        fake_fail(fake, "end of input");
    fake_sendf(fake, "{\"event\":\"%s\",\"id\":1,\"size\":%d}\n", (const char *)fake->arg, LONG);
    fake_send_bytes(fake, data, LONG);
    free(data);
    fake_ignore(fake);
}

/* Fills the pipe that the child has as its stdout or stderr, as somebody else could. */
static void fill(int fd)
{
    char text[4096];
    memset(text, 'x', sizeof text);
    ck_assert_int_eq(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
    while (write(fd, text, sizeof text) > 0)
        ;
    ck_assert_int_eq(fcntl(fd, F_SETFL, 0), 0);
}

static int wait_for(pid_t pid)
{
    int status;
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 256 + WTERMSIG(status);
}

START_TEST(a_blocked_stdout_does_not_hold_off_the_timeout)
{
    const struct {
        const char *event;
        const char *const *args;
    } cases[] = {
        {"done", ARGS("run", "m", "x", "--timeout", "0.3")},
        {"done", ARGS("run", "m", "x", "--json", "--timeout", "0.3")},
        {"stats", ARGS("stats", "--json", "--timeout", "0.3")},
        {"stats", ARGS("stats", "--timeout", "0.3")},
        {"pong", ARGS("ping", "--timeout", "0.3")},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct fake fake;
        struct child child;
        int out[2];
        ck_assert_int_eq(pipe2(out, O_CLOEXEC), 0);
        fill(out[1]);
        fake_start(&fake, plays_long, (void *)cases[i].event);
        child_start_with(&child, fake.address, cases[i].args, out[1], -1);
        ck_assert_int_eq(wait_for(child.pid), 124);
        while (child.err >= 0)
            child_read(&child.err, child.errors, &child.errors_len);
        ck_assert_ptr_nonnull(strstr(child.errors, "standard output did not take all in time"));
        fake_finish(&fake);
        child_free(&child);
        close(out[0]);
        close(out[1]);
    }
}
END_TEST

/* Tells of no job, for ever. */
static void plays_endless(struct fake *fake)
{
    static const char event[] = "{\"event\":\"error\",\"code\":\"c\"}\n";
    char text[1000 * (sizeof event - 1)];
    for (size_t i = 0; i < 1000; i++)
        memcpy(text + i * (sizeof event - 1), event, sizeof event - 1);
    fake_welcome(fake);
    while (send(fake->fd, text, sizeof text, MSG_NOSIGNAL) > 0)
        ;
}

START_TEST(endless_events_do_not_hold_off_the_timeout)
{
    struct fake fake;
    struct child child;
    fake_start(&fake, plays_endless, NULL);
    child_run(&child, fake.address, "a\n", ARGS("run", "m", "--each", "--timeout", "0.3"));
    fake_finish(&fake);
    child_assert(&child, 124, "",
                 "taskmaster: the batch did not end in time; what is in flight is cancelled\n"
                 "taskmaster: line 1: no result in time\n");
}
END_TEST

START_TEST(a_blocked_stderr_does_not_hold_off_the_timeout)
{
    struct fake fake;
    struct child child;
    int err[2];
    ck_assert_int_eq(pipe2(err, O_CLOEXEC), 0);
    fill(err[1]);
    fake_start(&fake, plays_long, (void *)"failed");
    child_start_with(&child, fake.address, ARGS("run", "m", "x", "--timeout", "0.3"), -1, err[1]);
    ck_assert_int_eq(wait_for(child.pid), 124);
    fake_finish(&fake);
    child_free(&child);
    close(err[0]);
    close(err[1]);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        what_the_server_says_cannot_steer_the_terminal,
        json_means_the_same_when_it_is_cleaned,
        clean,
        a_flood_of_events_is_not_kept,
        a_result_over_payload_max,
        a_blocked_stdout_does_not_hold_off_the_timeout,
        a_blocked_stderr_does_not_hold_off_the_timeout,
        endless_events_do_not_hold_off_the_timeout,
    };
    TCase *tcase = tcase_create("hostile");
    tcase_set_timeout(tcase, 120);
    for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++)
        tcase_add_test(tcase, tests[i]);
    Suite *suite = suite_create("client hostile");
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
