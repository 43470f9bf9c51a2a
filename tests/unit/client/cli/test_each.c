/* run --each, driven as a child process: order, overload, failures, streaming, bounds, ends. */
#include "tests/unit/client/client_child.h"
#include "tests/unit/client/client_fake.h"
#include "tests/unit/suite.h"

#include <pty.h>

enum { PAYLOAD_MAX = 64 * 1024 };

/* A submit read by the fake, without an answer yet. */
struct held {
    long id, size;
    char *data;
};

/* False at the end of input. */
static bool hold(struct fake *fake, struct held *held)
{
    if (!fake_next_line(fake))
        return false;
    held->id = fake_number(fake, "id");
    held->size = fake_number(fake, "size");
    if (held->id < 1 || held->size < 0 || held->size > PAYLOAD_MAX)
        fake_fail(fake, "no submit: %s", fake->line);
    held->data = malloc((size_t)held->size + 1);
    fake_read(fake, held->data, (size_t)held->size);
    held->data[held->size] = '\0';
    return true;
}

static void send_done(struct fake *fake, struct held *held)
{
    fake_sendf(fake, "{\"event\":\"done\",\"id\":%ld,\"job\":\"k-%ld\",\"size\":%ld}\n", held->id,
               held->id, held->size);
    fake_send_bytes(fake, held->data, (size_t)held->size);
    free(held->data);
}

static void plays_echo(struct fake *fake)
{
    struct held held;
    fake_welcome(fake);
    while (hold(fake, &held))
        send_done(fake, &held);
}

static void assert_each(void (*script)(struct fake *), const char *const *args, const char *input,
                        int status, const char *output, const char *errors)
{
    struct fake fake;
    struct child child;
    fake_start(&fake, script, NULL);
    child_run(&child, fake.address, input, args);
    fake_finish(&fake);
    child_assert(&child, status, output, errors);
}

/* ---- order ---- */

/* Holds three, and then answers the last one first. */
static void plays_backwards(struct fake *fake)
{
    struct held held[3];
    fake_welcome(fake);
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < 3; i++)
            if (!hold(fake, &held[i]))
                fake_fail(fake, "end of input at %d", i);
        struct pollfd poll_fd = {.fd = fake->fd, .events = POLLIN};
        if (fake->start != fake->end || poll(&poll_fd, 1, 0) != 0)
            fake_fail(fake, "more than three are in flight");
        for (int i = 3; i-- > 0;)
            send_done(fake, &held[i]);
    }
    fake_expect_end(fake);
}

START_TEST(in_order)
{
    assert_each(plays_backwards, ARGS("run", "m", "--each", "--jobs", "3"), "a\nb\n\nd\ne\nf", 0,
                "a\nb\n\nd\ne\nf\n", "");
}
END_TEST

START_TEST(unordered)
{
    assert_each(plays_backwards, ARGS("run", "m", "--each", "--jobs=3", "--unordered"),
                "a\nb\nc\nd\ne\nf\n", 0, "c\nb\na\nf\ne\nd\n", "");
}
END_TEST

START_TEST(nothing)
{
    assert_each(plays_echo, ARGS("run", "m", "--each"), "", 0, "", "");
}
END_TEST

/* ---- failures ---- */

/* Fails jobs with the payload "fail", and echoes all others. */
static void plays_orders(struct fake *fake)
{
    struct held held;
    fake_welcome(fake);
    while (hold(fake, &held)) {
        if (strcmp(held.data, "fail") != 0) {
            send_done(fake, &held);
            continue;
        }
        fake_sendf(fake,
                   "{\"event\":\"failed\",\"id\":%ld,\"job\":\"k-%ld\",\"reason\":\"module\","
                   "\"code\":\"bad\",\"message\":\"no\"}\n",
                   held.id, held.id);
        free(held.data);
    }
}

START_TEST(failures)
{
    assert_each(plays_orders, ARGS("run", "m", "--each"), "a\nfail\nb\n", 123, "a\nb\n",
                "taskmaster: line 2: job k-2 failed (module, code bad): no\n");
}
END_TEST

#define CRASH                                                  \
    "{\"crash\":{\"fingerprint\":\"5d1c9a02\",\"backtrace\":[" \
    "{\"object\":\"/x/libc.so.6\"},{\"object\":\"/none/m.so\",\"offset\":\"0x11a9\"}]}}"

/* Each job crashes its worker. */
static void plays_crashes(struct fake *fake)
{
    struct held held;
    fake_welcome(fake);
    while (hold(fake, &held)) {
        fake_sendf(fake, "{\"event\":\"failed\",\"id\":%ld,\"reason\":\"error\",\"size\":%zu}\n%s",
                   held.id, strlen(CRASH), CRASH);
        free(held.data);
    }
}

START_TEST(crashes)
{
    assert_each(plays_crashes, ARGS("run", "m", "--each"), "a\n", 123, "",
                "taskmaster: line 1: failed (error)\n"
                "  crash 5d1c9a02: ?? (/none/m.so+0x11a9)\n");
}
END_TEST

static void send_failed(struct fake *fake, struct held *held)
{
    fake_sendf(fake, "{\"event\":\"failed\",\"id\":%ld,\"reason\":\"module\"}\n", held->id);
    free(held->data);
}

enum { WINDOW = 8 }; /* records for two jobs in flight */

/* The first of each window fails last. */
static void plays_failing_windows(struct fake *fake)
{
    struct held first, other;
    fake_welcome(fake);
    while (hold(fake, &first)) {
        for (int i = 1; i < WINDOW && hold(fake, &other); i++)
            send_failed(fake, &other);
        send_failed(fake, &first);
    }
}

/* All input was read before, and nothing is to be written: no descriptor reports the work left. */
START_TEST(full_windows_of_failures)
{
    char input[4 * WINDOW * 2 + 1] = "", errors[4 * WINDOW * 64] = "";
    for (int i = 1; i <= 4 * WINDOW; i++) {
        strcat(input, "x\n");
        sprintf(errors + strlen(errors), "taskmaster: line %d: failed (module)\n", i);
    }
    assert_each(plays_failing_windows, ARGS("run", "m", "--each", "--jobs", "2"), input, 123, "",
                errors);
}
END_TEST

START_TEST(json)
{
    assert_each(plays_orders, ARGS("run", "m", "--each", "--json"), "a\nfail\n\xff\n", 123,
                "{\"line\":1,\"event\":\"done\",\"job\":\"k-1\",\"size\":1,\"payload\":\"a\"}\n"
                "{\"line\":2,\"event\":\"failed\",\"job\":\"k-2\",\"reason\":\"module\","
                "\"code\":\"bad\",\"message\":\"no\"}\n"
                "{\"line\":3,\"event\":\"done\",\"job\":\"k-3\",\"size\":1,"
                "\"payload_base64\":\"/w==\"}\n",
                "");
}
END_TEST

START_TEST(bad_context)
{
    assert_each(plays_echo, ARGS("run", "m", "--each", "--context", "{"), "a\n", 64, "",
                "taskmaster: the context is not JSON: string or '}' expected near end of file\n"
                "taskmaster: line 1: not submitted\n");
}
END_TEST

/* ---- overload ---- */

/* Room for one at a time, and every other submit is refused even so. */
static void plays_full(struct fake *fake)
{
    struct held held;
    fake_welcome(fake);
    for (int count = 0; hold(fake, &held); count++) {
        if (count % 2) {
            send_done(fake, &held);
            continue;
        }
        fake_sendf(fake,
                   "{\"event\":\"overload\",\"id\":%ld,\"reason\":\"queue-full\",\"queued\":0,"
                   "\"running\":1,\"retry_after_ms\":1}\n",
                   held.id);
        free(held.data);
    }
}

START_TEST(overload)
{
    char input[1024] = "";
    for (int i = 0; i < 100; i++)
        snprintf(input + strlen(input), sizeof input - strlen(input), "%d\n", i);
    assert_each(plays_full, ARGS("run", "m", "--each"), input, 0, input, "");
}
END_TEST

/* A long pause for one job does not hold back the result of another. */
static void plays_long_pause(struct fake *fake)
{
    struct held first, second;
    char byte;
    fake_welcome(fake);
    if (!hold(fake, &first) || !hold(fake, &second))
        fake_fail(fake, "end of input");
    fake_sendf(fake,
               "{\"event\":\"overload\",\"id\":%ld,\"reason\":\"queue-full\",\"queued\":0,"
               "\"running\":1,\"retry_after_ms\":3600000}\n",
               second.id);
    free(second.data);
    if (read(*(int *)fake->arg, &byte, 1) != 1)
        fake_fail(fake, "read: %s", strerror(errno));
    send_done(fake, &first);
    if (!hold(fake, &second)) /* the place of the first one */
        fake_fail(fake, "end of input");
    send_done(fake, &second);
    fake_expect_end(fake);
}

START_TEST(overload_does_not_sleep)
{
    struct fake fake;
    struct child child;
    int bell[2];
    ck_assert_int_eq(pipe2(bell, O_CLOEXEC), 0);
    fake_start(&fake, plays_long_pause, &bell[0]);
    child_start(&child, fake.address, ARGS("run", "m", "--each"));
    child_write(&child, "a\nb\n");
    ck_assert_int_eq(write(bell[1], "", 1), 1);
    child_await(&child, "a\nb\n");
    child_finish(&child);
    fake_finish(&fake);
    child_assert(&child, 0, "a\nb\n", "");
}
END_TEST

/* ---- streaming ---- */

START_TEST(streams)
{
    struct fake fake;
    struct child child;
    fake_start(&fake, plays_echo, NULL);
    child_start(&child, fake.address, ARGS("run", "m", "--each"));
    child_write(&child, "one\n");
    child_await(&child, "one\n");
    child_write(&child, "two\nthr");
    child_await(&child, "two\n");
    child_write(&child, "ee\n");
    child_await(&child, "three\n");
    child_finish(&child);
    fake_finish(&fake);
    child_assert(&child, 0, "one\ntwo\nthree\n", "");
}
END_TEST

/* While nobody reads the output, input is left alone once enough is held; then all comes out. */
START_TEST(holds_back)
{
    enum { LINE = 16 * 1024, LIMIT = 4 * 1024 * 1024, QUIET_MS = 300 };
    struct fake fake;
    struct child child;
    static char line[LINE];
    size_t written = 0, expected, received = 0;
    memset(line, 'x', LINE - 1);
    line[LINE - 1] = '\n';
    fake_start(&fake, plays_echo, NULL);
    child_start(&child, fake.address, ARGS("run", "m", "--each", "--jobs", "2"));
    fcntl(child.in, F_SETFL, O_NONBLOCK);
    struct pollfd poll_fd = {.fd = child.in, .events = POLLOUT};
    while (poll(&poll_fd, 1, QUIET_MS) > 0) {
        ssize_t count = write(child.in, line + written % LINE, LINE - written % LINE);
        ck_assert_int_gt(count, 0);
        written += (size_t)count;
        ck_assert_uint_lt(written, LIMIT);
    }
    child_close_input(&child);
    expected = written + (written % LINE ? 1 : 0); /* the last line gets its LF */
    while (child.out >= 0) {
        child.output_len = 0;
        child_pump(&child);
        received += child.output_len;
    }
    child.output_len = 0;
    child_finish(&child);
    fake_finish(&fake);
    ck_assert_int_eq(child.status, 0);
    ck_assert_uint_eq(received, expected);
    child_free(&child);
}
END_TEST

/* The server's limit is 1 MiB: longer lines are skipped and not held. */
START_TEST(line_too_long)
{
    enum { LONG = 1048576 + 1 };
    struct fake fake;
    struct child child;
    char *line = malloc(LONG + 1);
    memset(line, 'x', LONG);
    line[LONG] = '\0';
    fake_start(&fake, plays_echo, NULL);
    child_start(&child, fake.address, ARGS("run", "m", "--each"));
    child_write(&child, line);
    child_write(&child, "\nshort\n");
    child_write(&child, line);
    child_finish(&child);
    fake_finish(&fake);
    free(line);
    child_assert(&child, 123, "short\n",
                 "taskmaster: line 1: the payload is larger than the 1048576 bytes that the server "
                 "takes\n"
                 "taskmaster: line 3: the payload is larger than the 1048576 bytes that the server "
                 "takes\n");
}
END_TEST

/* ---- ends ---- */

static void answer_the_second_of_three(struct fake *fake)
{
    struct held held[3];
    fake_welcome(fake);
    for (int i = 0; i < 3; i++)
        if (!hold(fake, &held[i]))
            fake_fail(fake, "end of input");
    send_done(fake, &held[1]);
    free(held[0].data);
    free(held[2].data);
}

static void plays_dying(struct fake *fake)
{
    answer_the_second_of_three(fake);
    fake_send(fake, "{\"event\":\"error\",\"code\":\"too-slow\",\"message\":\"zzz\","
                    "\"fatal\":true}\n");
}

START_TEST(server_dies)
{
    assert_each(plays_dying, ARGS("run", "m", "--each"), "a\nb\nc\n", 69, "b\n",
                "taskmaster: the server ended the connection: too-slow: zzz\n"
                "taskmaster: line 1: lost: the connection is over\n"
                "taskmaster: line 3: lost: the connection is over\n");
}
END_TEST

enum { MANY = 200 };

static void plays_leaving_midway(struct fake *fake)
{
    answer_the_second_of_three(fake);
    shutdown(fake->fd, SHUT_WR);
    fake_ignore(fake);
}

/* Line 2 has its result, 1 and some others were in flight, none behind them was submitted. */
static void assert_all_named(const char *text, const char *prefix, const char *json_end)
{
    char expected[160];
    bool submitted = true;
    for (int i = 1; i <= MANY; i++) {
        if (i == 2)
            continue;
        for (int pass = 0; pass < 2; pass++) {
            snprintf(expected, sizeof expected, "%s%d%s%s: the connection is over%s", prefix, i,
                     *json_end ? ",\"event\":\"lost\",\"message\":\"" : ": ",
                     submitted ? "lost" : "not submitted", json_end);
            if (strncmp(text, expected, strlen(expected)) == 0)
                break;
            ck_assert_msg(submitted, "%s\nand not: %s", text, expected);
            submitted = false;
        }
        text = strchr(text, '\n') + 1;
    }
    ck_assert_str_eq(text, "");
}

static char *many_lines(void)
{
    char *text = calloc(MANY, 8);
    for (int i = 1, len = 0; i <= MANY; i++)
        len += sprintf(text + len, "%d\n", i);
    return text;
}

START_TEST(every_line_without_a_result_is_named)
{
    static const char *const modes[] = {"--jobs=16", "--unordered", "--jobs=3"};
    char *input = many_lines();
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        struct fake fake;
        struct child child;
        fake_start(&fake, plays_leaving_midway, NULL);
        child_run(&child, fake.address, input, ARGS("run", "m", "--each", modes[i]));
        fake_finish(&fake);
        ck_assert_int_eq(child.status, 69);
        ck_assert_str_eq(child.output, "2\n");
        assert_all_named(strchr(child.errors, '\n') + 1, "taskmaster: line ", "");
        child_free(&child);
    }
    free(input);
}
END_TEST

START_TEST(every_line_without_a_result_is_named_in_json)
{
    struct fake fake;
    struct child child;
    char *input = many_lines();
    fake_start(&fake, plays_leaving_midway, NULL);
    child_run(&child, fake.address, input, ARGS("run", "m", "--each", "--json"));
    fake_finish(&fake);
    free(input);
    ck_assert_int_eq(child.status, 69);
    char *done = strstr(child.output, "{\"line\":2,\"event\":\"done\"");
    ck_assert_ptr_nonnull(done);
    char *behind = strchr(done, '\n') + 1;
    memmove(done, behind, strlen(behind) + 1);
    assert_all_named(child.output, "{\"line\":", "\"}");
    child_free(&child);
}
END_TEST

/* Endless input has no last line: one message stands for all unread lines. */
START_TEST(endless_input_when_the_server_dies)
{
    struct fake fake;
    struct child child;
    fake_start(&fake, plays_dying, NULL);
    child_start(&child, fake.address, ARGS("run", "m", "--each"));
    int out = child.in;
    pid_t writer = fork();
    if (writer == 0) {
        signal(SIGPIPE, SIG_DFL);
        while (write(out, "aaaa\naaa", 8) == 8) /* ends within a line: one is left */
            ;
        _exit(0);
    }
    child_close_input(&child);
    static char line[] = "; the same for all lines behind it\n";
    char tail[sizeof line] = "";
    size_t len = 0;
    for (bool open = true; open;) { /* more than a child's errors have room for */
        char text[65536];
        ssize_t count = read(child.err, text, sizeof text);
        open = count > 0;
        for (ssize_t i = 0; i < count; i++) {
            if (len == sizeof line - 1)
                memmove(tail, tail + 1, --len);
            tail[len++] = text[i];
        }
    }
    child_finish(&child);
    fake_finish(&fake);
    waitpid(writer, NULL, 0);
    ck_assert_int_eq(child.status, 69);
    ck_assert_str_eq(tail, line);
    child_free(&child);
}
END_TEST

/* Input stays open and silent: the command still notices the end of the server. */
static void plays_leaving(struct fake *fake)
{
    fake_welcome(fake);
}

START_TEST(server_leaves_while_idle)
{
    struct fake fake;
    struct child child;
    fake_start(&fake, plays_leaving, NULL);
    child_start(&child, fake.address, ARGS("run", "m", "--each"));
    while (child.out >= 0 || child.err >= 0)
        child_pump(&child);
    child_finish(&child);
    fake_finish(&fake);
    child_assert(&child, 69, "", "taskmaster: the server closed the connection\n");
}
END_TEST

static void plays_cancelled(struct fake *fake)
{
    struct held held[2];
    fake_welcome(fake);
    for (int i = 0; i < 2; i++) {
        if (!hold(fake, &held[i]))
            fake_fail(fake, "end of input");
        free(held[i].data);
    }
    if (write(((int *)fake->arg)[1], "", 1) != 1)
        fake_fail(fake, "write: %s", strerror(errno));
    for (int i = 0; i < 2; i++) {
        fake_expect(fake, "*\"op\":\"cancel\"");
        fake_sendf(fake,
                   "{\"event\":\"ok\",\"op\":\"cancel\",\"id\":%ld,\"job\":\"k\"}\n"
                   "{\"event\":\"failed\",\"id\":%ld,\"reason\":\"cancelled\"}\n",
                   fake_number(fake, "id"), fake_number(fake, "target"));
    }
    fake_expect_end(fake);
}

START_TEST(interrupted)
{
    struct fake fake;
    struct child child;
    int bell[2];
    char byte;
    ck_assert_int_eq(pipe2(bell, O_CLOEXEC), 0);
    fake_start(&fake, plays_cancelled, bell);
    child_start(&child, fake.address, ARGS("run", "m", "--each"));
    child_write(&child, "a\nb\n");
    ck_assert_int_eq(read(bell[0], &byte, 1), 1);
    ck_assert_int_eq(kill(child.pid, SIGINT), 0);
    while (child.out >= 0 || child.err >= 0) /* input stays open: it is not read any more */
        child_pump(&child);
    child_finish(&child);
    fake_finish(&fake);
    child_assert(&child, 123, "",
                 "taskmaster: interrupted: cancelling the running jobs; interrupt again to leave "
                 "at once\n"
                 "taskmaster: line 1: failed (cancelled)\n"
                 "taskmaster: line 2: failed (cancelled)\n");
}
END_TEST

START_TEST(interrupted_with_lines_to_come)
{
    struct fake fake;
    struct child child;
    int bell[2];
    char byte;
    ck_assert_int_eq(pipe2(bell, O_CLOEXEC), 0);
    fake_start(&fake, plays_cancelled, bell);
    child_start(&child, fake.address, ARGS("run", "m", "--each", "--jobs", "2"));
    child_write(&child, "a\nb\nc\nd\n");
    ck_assert_int_eq(read(bell[0], &byte, 1), 1);
    ck_assert_int_eq(kill(child.pid, SIGINT), 0);
    child_finish(&child);
    fake_finish(&fake);
    child_assert(
        &child, 123, "",
        "taskmaster: interrupted: cancelling the running jobs; interrupt again to leave "
        "at once\n"
        "taskmaster: line 1: failed (cancelled)\n"
        "taskmaster: line 2: failed (cancelled)\n"
        "taskmaster: line 3: not submitted: interrupted; the same for all lines behind it\n");
}
END_TEST

static void plays_silent(struct fake *fake)
{
    struct held held;
    fake_welcome(fake);
    while (hold(fake, &held))
        free(held.data);
}

START_TEST(times_out)
{
    assert_each(plays_silent, ARGS("run", "m", "--each", "--timeout", "0.2"), "a\n", 124, "",
                "taskmaster: the batch did not end in time; jobs in flight are cancelled\n"
                "taskmaster: line 1: no result in time\n");
    assert_each(plays_silent, ARGS("run", "m", "--each", "--timeout", "0.2", "--jobs", "1"),
                "a\nb\nc\n", 124, "",
                "taskmaster: the batch did not end in time; jobs in flight are cancelled\n"
                "taskmaster: line 1: no result in time\n"
                "taskmaster: line 2: not submitted in time; the same for all lines behind it\n");
}
END_TEST

/* At the timeout, results are written as far as possible, and the others named. A blocked standard
 * output does not hold off the end. */
START_TEST(times_out_with_a_blocked_output)
{
    enum { LINES = 12, LONG = 60000 };
    struct fake fake;
    struct child child;
    char *line = malloc(LONG + 2);
    memset(line, 'x', LONG);
    strcpy(line + LONG, "\n");
    fake_start(&fake, plays_echo, NULL);
    child_start(&child, fake.address, ARGS("run", "m", "--each", "--timeout", "1"));
    ck_assert_int_gt(fcntl(child.out, F_SETPIPE_SZ, 65536), 0); /* 1 MiB where a page has 64 KiB */
    for (int i = 0; i < LINES; i++)
        child_write(&child, line);
    child_close_input(&child);
    while (child.err >= 0)
        child_read(&child.err, child.errors, &child.errors_len);
    child_finish(&child);
    fake_finish(&fake);
    free(line);
    ck_assert_int_eq(child.status, 124);
    ck_assert_ptr_nonnull(strstr(child.errors, "did not end in time"));
    ck_assert_ptr_nonnull(strstr(child.errors, "of earlier results are not written\n"));
    ck_assert_ptr_nonnull(strstr(child.errors, "line 12: its result is not written\n"));
    child_free(&child);
}
END_TEST

/* ---- the terminal ---- */

static void plays_until_seen(struct fake *fake)
{
    struct held held;
    char byte;
    fake_welcome(fake);
    if (!hold(fake, &held))
        fake_fail(fake, "end of input");
    if (read(*(int *)fake->arg, &byte, 1) != 1)
        fake_fail(fake, "read: %s", strerror(errno));
    send_done(fake, &held);
    fake_expect_end(fake);
}

START_TEST(progress)
{
    struct fake fake;
    struct child child;
    int bell[2], master, slave;
    char seen[4096] = "";
    size_t len = 0;
    ck_assert_int_eq(pipe2(bell, O_CLOEXEC), 0);
    ck_assert_int_eq(openpty(&master, &slave, NULL, NULL, NULL), 0);
    setenv("TERM", "xterm", 1);
    fake_start(&fake, plays_until_seen, &bell[0]);
    child_start_on(&child, fake.address, ARGS("run", "m", "--each"), slave);
    child_write(&child, "a\n");
    while (!strstr(seen, "0 done, 0 failed, 1 running")) {
        struct pollfd poll_fd = {.fd = master, .events = POLLIN};
        ck_assert_int_gt(poll(&poll_fd, 1, CHILD_DEADLINE_MS), 0);
        ssize_t count = read(master, seen + len, sizeof seen - 1 - len);
        ck_assert_int_gt(count, 0);
        len += (size_t)count;
    }
    ck_assert_int_eq(write(bell[1], "", 1), 1);
    child_finish(&child);
    fake_finish(&fake);
    child_assert(&child, 0, "a\n", "");
    close(master);
    close(slave);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        in_order,
        unordered,
        nothing,
        failures,
        crashes,
        full_windows_of_failures,
        json,
        bad_context,
        overload,
        overload_does_not_sleep,
        streams,
        holds_back,
        line_too_long,
        server_dies,
        every_line_without_a_result_is_named,
        every_line_without_a_result_is_named_in_json,
        endless_input_when_the_server_dies,
        server_leaves_while_idle,
        interrupted,
        interrupted_with_lines_to_come,
        times_out,
        times_out_with_a_blocked_output,
        progress,
    };
    TCase *tcase = tcase_create("each");
    tcase_set_timeout(tcase, 120);
    for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++)
        tcase_add_test(tcase, tests[i]);
    Suite *suite = suite_create("client each");
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
