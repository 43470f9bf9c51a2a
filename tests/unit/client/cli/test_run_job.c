/* run with parts, progress and further tries. */
#include "tests/unit/client/dialogue.h"
#include "tests/unit/suite.h"

#include <pty.h>

#define STARTED "{\"event\":\"started\",\"id\":1,\"job\":\"k-1\",\"worker\":1,\"order\":1}\n"

#define SUBMIT(fields) \
    "{\"op\":\"submit\",\"id\":1,\"module\":\"fib\"," fields "\"link\":true,\"size\":2}"

#define PARTS                                                                  \
    "{\"event\":\"part\",\"id\":1,\"job\":\"k-1\",\"seq\":0,\"size\":3}\nab\n" \
    "{\"event\":\"part\",\"id\":1,\"job\":\"k-1\",\"seq\":1,\"size\":2}\ncd"

START_TEST(limits)
{
    const struct dialogue dialogue = {SUBMIT("\"soft_timeout_ms\":1500,\"max_wait_ms\":2000,"),
                                      "30", DONE};
    assert_run(&dialogue, ARGS("run", "fib", "30", "--soft-timeout", "1.5", "--max-wait", "2"), "",
               0, "832040", "");
}
END_TEST

START_TEST(streams_parts)
{
    const struct dialogue dialogue = {SUBMIT("\"notify\":[\"part\"],"), "30", PARTS DONE};
    const struct dialogue fails = {SUBMIT("\"notify\":[\"part\"],"), "30",
                                   PARTS
                                   "{\"event\":\"failed\",\"id\":1,\"reason\":\"timeout\"}\n"};
    assert_run(&dialogue, ARGS("run", "fib", "30", "--stream"), "", 0, "ab\ncd832040", "");
    assert_run(&dialogue, ARGS("run", "fib", "30", "--stream", "--json"), "", 0,
               "{\"event\":\"part\",\"job\":\"k-1\",\"seq\":0,\"size\":3,\"payload\":\"ab\\n\"}\n"
               "{\"event\":\"part\",\"job\":\"k-1\",\"seq\":1,\"size\":2,\"payload\":\"cd\"}\n"
               "{\"event\":\"done\",\"job\":\"k-1\",\"size\":6,\"payload\":\"832040\"}\n",
               "");
    assert_run(&fails, ARGS("run", "fib", "30", "--stream"), "", 124, "ab\ncd",
               "taskmaster: failed (timeout)\n");
}
END_TEST

enum { PART_SIZE = 64 * 1024, PART_COUNT = 64 };

/* 4 MiB in parts: no more of them than the pipe of a slow reader holds are taken at a time. */
static void plays_large_parts(struct fake *fake)
{
    static char data[PART_SIZE];
    fake_welcome(fake);
    fake_expect(fake, SUBMIT("\"notify\":[\"part\"],"));
    fake_expect_payload(fake, "30");
    memset(data, 'x', sizeof data);
    for (int i = 0; i < PART_COUNT; i++) {
        fake_sendf(fake, "{\"event\":\"part\",\"id\":1,\"seq\":%d,\"size\":%d}\n", i, PART_SIZE);
        fake_send_bytes(fake, data, sizeof data);
    }
    fake_send(fake, "{\"event\":\"done\",\"id\":1,\"size\":0}\n");
    fake_expect_end(fake);
}

START_TEST(streams_large_parts)
{
    struct fake fake;
    struct child child;
    size_t total = 0;
    ssize_t count;
    static char data[PART_SIZE];
    fake_start(&fake, plays_large_parts, NULL);
    child_start(&child, fake.address, ARGS("run", "fib", "30", "--stream"));
    while ((count = read(child.out, data, sizeof data)) > 0)
        total += (size_t)count;
    child_finish(&child);
    fake_finish(&fake);
    ck_assert_uint_eq(total, (size_t)PART_SIZE * PART_COUNT);
    child_assert(&child, 0, "", "");
}
END_TEST

#define PROGRESS                                                                                   \
    "{\"event\":\"progress\",\"id\":1,\"job\":\"k-1\",\"fraction\":0.5,\"message\":\"a\\u001bb\"}" \
    "\n"                                                                                           \
    "{\"event\":\"progress\",\"id\":1,\"job\":\"k-1\",\"fraction\":0.5,\"message\":\"a\\u001bb\"}" \
    "\n"                                                                                           \
    "{\"event\":\"progress\",\"id\":1,\"job\":\"k-1\",\"fraction\":1}\n"

START_TEST(shows_progress)
{
    const struct dialogue dialogue = {SUBMIT("\"notify\":[\"progress\"],"), "30", PROGRESS DONE};
    assert_run(&dialogue, ARGS("run", "fib", "30", "--progress"), "", 0, "832040",
               "taskmaster:  50%  a?b\ntaskmaster: 100%\n");
}
END_TEST

START_TEST(shows_progress_as_json)
{
    const struct dialogue dialogue = {SUBMIT("\"notify\":[\"progress\"],"), "30",
                                      "{\"event\":\"progress\",\"id\":1,\"fraction\":0.3}\n" DONE};
    assert_run(&dialogue, ARGS("run", "fib", "30", "--progress", "--json"), "", 0,
               "{\"event\":\"progress\",\"fraction\":0.3}\n"
               "{\"event\":\"done\",\"job\":\"k-1\",\"size\":6,\"payload\":\"832040\"}\n",
               "");
}
END_TEST

START_TEST(draws_a_bar)
{
    struct fake fake;
    struct child child;
    struct winsize size = {.ws_row = 24, .ws_col = 36};
    int master, slave;
    char seen[1024] = "";
    size_t len = 0;
    const struct dialogue dialogue = {SUBMIT("\"notify\":[\"progress\"],"), "30", PROGRESS DONE};
    ck_assert_int_eq(openpty(&master, &slave, NULL, NULL, &size), 0);
    setenv("TERM", "xterm", 1);
    fake_start(&fake, plays_dialogue, (void *)&dialogue);
    child_start_on(&child, fake.address, ARGS("run", "fib", "30", "--progress"), slave);
    child_finish(&child);
    fake_finish(&fake);
    while (!strstr(seen, "100%\r\033[K")) {
        struct pollfd poll_fd = {.fd = master, .events = POLLIN};
        ck_assert_msg(poll(&poll_fd, 1, CHILD_DEADLINE_MS) > 0, "%s", seen);
        ssize_t count = read(master, seen + len, sizeof seen - 1 - len);
        ck_assert_int_gt(count, 0);
        len += (size_t)count;
    }
    ck_assert_ptr_nonnull(strstr(seen, "\r\033[K[############------------]  50%  a?\r"));
    ck_assert_ptr_nonnull(strstr(seen, "\r\033[K[########################] 100%\r"));
    child_assert(&child, 0, "832040", "");
    close(master);
    close(slave);
}
END_TEST

#define RETRIED SUBMIT("\"notify\":[\"started\"],")
#define AGAIN                                                                                \
    "{\"op\":\"submit\",\"id\":2,\"module\":\"fib\",\"notify\":[\"started\"],\"link\":true," \
    "\"size\":2}"
#define OVERLOAD \
    "{\"event\":\"overload\",\"id\":%d,\"reason\":\"queue-full\",\"retry_after_ms\":%d}\n"

static void expect_job(struct fake *fake, const char *submit)
{
    fake_expect(fake, submit);
    fake_expect_payload(fake, "30");
}

static void plays_overload(struct fake *fake)
{
    fake_welcome(fake);
    expect_job(fake, RETRIED);
    fake_sendf(fake, OVERLOAD, 1, 10);
    expect_job(fake, AGAIN);
    fake_send(fake, "{\"event\":\"done\",\"id\":2,\"size\":6}\n832040");
    fake_expect_end(fake);
}

/* The server is lost before the job has begun, ends, and comes again. */
static void plays_losses(struct fake *fake)
{
    fake_welcome(fake);
    expect_job(fake, RETRIED);
    close(fake->fd);
    fake_accept(fake);
    close(fake->fd);
    fake_welcome(fake);
    expect_job(fake, RETRIED);
    fake_send(fake, "{\"event\":\"failed\",\"id\":1,\"reason\":\"shutdown\",\"message\":\"\"}\n");
    fake_expect_end(fake);
    close(fake->fd);
    fake_welcome(fake);
    expect_job(fake, RETRIED);
    fake_send(fake, STARTED DONE);
    fake_expect_end(fake);
}

/* A job that has begun is not run again. */
static void plays_a_loss_too_late(struct fake *fake)
{
    fake_welcome(fake);
    expect_job(fake, RETRIED);
    fake_send(fake, STARTED);
}

static void plays_endless_overload(struct fake *fake)
{
    fake_welcome(fake);
    for (int id = 1; fake_next_line(fake); id++) {
        fake_expect_payload(fake, "30");
        fake_sendf(fake, OVERLOAD, id, 20);
    }
}

static void assert_retried(void (*script)(struct fake *), const char *seconds, int status,
                           const char *output, const char *errors)
{
    struct fake fake;
    struct child child;
    fake_start(&fake, script, NULL);
    child_run(&child, fake.address, "", ARGS("run", "fib", "30", "--retry", seconds));
    fake_finish(&fake);
    child_assert(&child, status, output, errors);
}

START_TEST(tries_again)
{
    assert_retried(plays_overload, "60", 0, "832040", "");
    assert_retried(plays_losses, "60", 0, "832040", "");
    assert_retried(plays_a_loss_too_late, "60", 69, "",
                   "taskmaster: the server closed the connection\n");
    assert_retried(plays_endless_overload, "0.3", 75, "",
                   "taskmaster: overload (queue-full, try again after 20 ms)\n");
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        limits,      streams_parts, streams_large_parts, shows_progress, shows_progress_as_json,
        draws_a_bar, tries_again,
    };
    TCase *tcase = tcase_create("run_job");
    tcase_set_timeout(tcase, 120);
    for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++)
        tcase_add_test(tcase, tests[i]);
    Suite *suite = suite_create("client run_job");
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
