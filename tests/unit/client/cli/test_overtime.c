/* Nothing holds off --timeout: no blocked standard output or error, no endless events. */
#include "tests/unit/client/client_child.h"
#include "tests/unit/client/client_fake.h"
#include "tests/unit/suite.h"

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

/* Fills a pipe: the child's stdout or stderr is then blocked. */
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
                 "taskmaster: the batch did not end in time; jobs in flight are cancelled\n"
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
        a_blocked_stdout_does_not_hold_off_the_timeout,
        endless_events_do_not_hold_off_the_timeout,
        a_blocked_stderr_does_not_hold_off_the_timeout,
    };
    TCase *tcase = tcase_create("overtime");
    tcase_set_timeout(tcase, 120);
    for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++)
        tcase_add_test(tcase, tests[i]);
    Suite *suite = suite_create("client overtime");
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
