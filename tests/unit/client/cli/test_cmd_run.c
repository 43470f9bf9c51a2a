/* run: payloads, options, every end of a job, JSON, limits. */
#include "tests/unit/client/dialogue.h"
#include "tests/unit/suite.h"

START_TEST(run_argument)
{
    const struct dialogue dialogue = {SUBMIT_FIB, "30", DONE};
    assert_run(&dialogue, ARGS("run", "fib", "30"), "", 0, "832040", "");
}
END_TEST

START_TEST(run_stdin)
{
    const struct dialogue dialogue = {SUBMIT_FIB, "30", DONE};
    assert_run(&dialogue, ARGS("run", "fib"), "30", 0, "832040", "");
}
END_TEST

START_TEST(run_options)
{
    const struct dialogue dialogue = {"{\"op\":\"submit\",\"id\":1,\"module\":\"fib\","
                                      "\"timeout_ms\":500,\"size\":2,\"context\":{\"a\":1}}",
                                      "-1", DONE};
    assert_run(
        &dialogue,
        ARGS("--timeout-ms", "500", "run", "--no-link", "--context={\"a\": 1}", "fib", "--", "-1"),
        "", 0, "832040", "");
}
END_TEST

START_TEST(run_ends)
{
    static const struct {
        const char *event;
        int status;
        const char *errors;
    } ends[] = {
        {"{\"event\":\"failed\",\"id\":1,\"job\":\"k-1\",\"reason\":\"module\",\"code\":\"bad\","
         "\"message\":\"no \\u001b[2J \\u009b number\",\"size\":2}\nxy",
         1, "taskmaster: job k-1 failed (module, code bad): no ?[2J ?? number\n"},
        {"{\"event\":\"failed\",\"id\":1,\"job\":\"k-1\",\"reason\":\"error\","
         "\"signal\":\"SIGSEGV\",\"message\":\"lost\"}\n",
         70, "taskmaster: job k-1 failed (error, signal SIGSEGV): lost\n"},
        {"{\"event\":\"failed\",\"id\":1,\"job\":\"k-1\",\"reason\":\"error\",\"exit_status\":3,"
         "\"message\":\"lost\"}\n",
         70, "taskmaster: job k-1 failed (error, exit status 3): lost\n"},
        {"{\"event\":\"failed\",\"id\":1,\"reason\":\"error\",\"message\":\"lost\",\"size\":49}\n"
         "{\"output\":\"one\\n\\u001b[2J two\\u0000\\n\\nstate=42\"}",
         70,
         "taskmaster: failed (error): lost\n  it printed: one\n  it printed: ?[2J two\n"
         "  it printed: \n  it printed: state=42\n"},
        {"{\"event\":\"failed\",\"id\":1,\"reason\":\"error\",\"message\":\"lost\",\"size\":133}\n"
         "{\"output\":\"one\\n\","
         "\"crash\":{\"signal\":\"SIGFPE\",\"fingerprint\":\"5d1c9a02\\u001b\",\"backtrace\":[{"
         "\"object\":\"/none/m.so\",\"offset\":\"0x11a9\"}]}}",
         70,
         "taskmaster: failed (error): lost\n  it printed: one\n"
         "  SIGFPE: fingerprint 5d1c9a02?\n  #0 0x11a9 ?? (/none/m.so+0x11a9)\n"
         "  no names for /none/m.so: it is missing here\n"},
        {"{\"event\":\"failed\",\"id\":1,\"reason\":\"error\",\"message\":\"lost\",\"size\":3}\n"
         "???",
         70, "taskmaster: failed (error): lost\n"},
        {"{\"event\":\"failed\",\"id\":1,\"job\":\"k-1\",\"reason\":\"timeout\",\"message\":\"\","
         "\"step\":\"sigkill\"}\n",
         124, "taskmaster: job k-1 failed (timeout, step sigkill)\n"},
        {"{\"event\":\"failed\",\"id\":1,\"job\":\"k-1\",\"reason\":\"cancelled\",\"message\":\"\","
         "\"by\":\"client\",\"by_name\":\"ops\\u001b[2J\"}\n",
         1, "taskmaster: job k-1 failed (cancelled, by client ops?[2J)\n"},
        {"{\"event\":\"failed\",\"id\":1,\"job\":\"k-1\",\"order\":1,\"reason\":\"shutdown\","
         "\"message\":\"\","
         "\"by\":\"operator\"}\n",
         75, "taskmaster: job k-1 failed (shutdown, by operator)\n"},
        {"{\"event\":\"error\",\"op\":\"submit\",\"id\":1,\"code\":\"denied\","
         "\"message\":\"submit needs the right submit\"}\n",
         1, "taskmaster: refused (denied): submit needs the right submit\n"},
        {"{\"event\":\"overload\",\"id\":1,\"reason\":\"queue-full\",\"queued\":9,\"running\":4,"
         "\"retry_after_ms\":50}\n",
         75, "taskmaster: overload (queue-full, 9 queued, 4 running, try again after 50 ms)\n"},
        {"{\"event\":\"error\",\"op\":\"submit\",\"id\":1,\"code\":\"bad-request\","
         "\"message\":\"field module\"}\n",
         1, "taskmaster: refused (bad-request): field module\n"},
    };
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        const struct dialogue dialogue = {SUBMIT_FIB, "30", ends[i].event};
        assert_run(&dialogue, ARGS("run", "fib", "30"), "", ends[i].status, "", ends[i].errors);
    }
}
END_TEST

static void plays_close(struct fake *fake)
{
    fake_welcome(fake);
    fake_expect(fake, "*submit");
    shutdown(fake->fd, SHUT_WR);
    while (fake_next_line(fake))
        ;
}

START_TEST(run_server_gone)
{
    struct fake fake;
    struct child child;
    fake_start(&fake, plays_close, NULL);
    child_run(&child, fake.address, "", ARGS("run", "fib"));
    fake_finish(&fake);
    child_assert(&child, 69, "", "taskmaster: the server closed the connection\n");
}
END_TEST

/* The queue's end before any event of the job. With an argument, the queue starts again. */
static void plays_a_lost_queue(struct fake *fake)
{
    fake_welcome_to_queue(fake);
    fake_expect(fake, "*submit");
    shutdown(fake->fd, SHUT_WR);
    fake_ignore(fake);
    if (!fake->arg)
        return;
    close(fake->fd);
    fake_welcome_to_queue(fake);
    fake_expect(fake, "*submit");
    fake_send(fake, DONE);
    fake_expect_end(fake);
}

/* Without a key, a second submit would be a second job. */
START_TEST(run_again_on_a_lost_queue)
{
    struct fake fake;
    struct child child;
    fake_start(&fake, plays_a_lost_queue, NULL);
    child_run(&child, fake.address, "", ARGS("run", "fib", "30", "--queue", "--retry", "20"));
    fake_finish(&fake);
    child_assert(&child, 69, "", "taskmaster: the server closed the connection\n");
    fake_start(&fake, plays_a_lost_queue, &fake);
    child_run(&child, fake.address, "",
              ARGS("run", "fib", "30", "--queue", "--retry", "20", "--key", "a"));
    fake_finish(&fake);
    child_assert(&child, 0, "832040", "");
}
END_TEST

static void plays_a_retry(struct fake *fake)
{
    fake_welcome_to_queue(fake);
    fake_expect(fake, "*\"notify\":[\"progress\",\"retry\"]");
    fake_send(fake, "{\"event\":\"retry\",\"id\":1,\"job\":\"q1\",\"attempt\":1,"
                    "\"reason\":\"module\",\"message\":\"busy\",\"delay_ms\":200}\n" DONE);
    fake_expect_end(fake);
}

/* Also a queue that is named by its address alone. */
START_TEST(run_progress_on_a_queue)
{
    struct fake fake;
    struct child child;
    fake_start(&fake, plays_a_retry, NULL);
    child_run(&child, fake.address, "", ARGS("run", "fib", "30", "--progress"));
    fake_finish(&fake);
    child_assert(&child, 0, "832040",
                 "taskmaster: job q1 failed (module, attempt 1), runs again in 0.200 s: busy\n");
}
END_TEST

START_TEST(run_json)
{
    const struct dialogue done = {SUBMIT_FIB, "30", DONE};
    const struct dialogue binary = {
        SUBMIT_FIB, "30", "{\"event\":\"done\",\"id\":1,\"job\":\"k-1\",\"size\":4}\n\xff\xfe ab"};
    const struct dialogue failed = {
        SUBMIT_FIB, "30",
        "{\"event\":\"failed\",\"id\":1,\"reason\":\"cancelled\",\"message\":\"\",\"x\":[1]}\n"};
    assert_run(&done, ARGS("run", "--json", "fib", "30"), "", 0,
               "{\"event\":\"done\",\"job\":\"k-1\",\"size\":6,\"payload\":\"832040\"}\n", "");
    assert_run(&binary, ARGS("run", "--json", "fib", "30"), "", 0,
               "{\"event\":\"done\",\"job\":\"k-1\",\"size\":4,\"payload_base64\":\"//4gYQ==\"}\n",
               "");
    assert_run(&failed, ARGS("run", "--json", "fib", "30"), "", 1,
               "{\"event\":\"failed\",\"reason\":\"cancelled\",\"message\":\"\",\"x\":[1]}\n", "");
}
END_TEST

/* Every byte there is, both ways. */
static void plays_binary(struct fake *fake)
{
    char data[512];
    fake_welcome(fake);
    fake_expect(fake, "*\"size\":512");
    fake_read(fake, data, sizeof data);
    fake_send(fake, "{\"event\":\"done\",\"id\":1,\"size\":512}\n");
    fake_send_bytes(fake, data, sizeof data);
    fake_expect_end(fake);
}

START_TEST(run_binary)
{
    struct fake fake;
    struct child child;
    char data[512];
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (char)i;
    fake_start(&fake, plays_binary, NULL);
    child_start(&child, fake.address, ARGS("run", "echo"));
    ck_assert_int_eq(write(child.in, data, sizeof data), sizeof data);
    child_finish(&child);
    fake_finish(&fake);
    ck_assert_int_eq(child.status, 0);
    ck_assert_uint_eq(child.output_len, sizeof data);
    ck_assert_mem_eq(child.output, data, sizeof data);
    child_free(&child);
}
END_TEST

START_TEST(run_too_large)
{
    struct fake fake;
    struct child child;
    fake_start(&fake, plays_binary, NULL);
    child_start(&child, fake.address, ARGS("run", "echo"));
    signal(SIGPIPE, SIG_IGN);
    static char data[64 * 1024];
    for (int i = 0; i < 32 && write(child.in, data, sizeof data) > 0; i++)
        ;
    child_finish(&child);
    pthread_join(fake.thread, NULL);
    close(fake.listener);
    child_assert(
        &child, 1, "",
        "taskmaster: the payload is larger than the 1048576 bytes that the server takes\n");
}
END_TEST

START_TEST(run_times_out)
{
    const struct dialogue dialogue = {SUBMIT_FIB, "30", ""};
    assert_run(&dialogue, ARGS("run", "fib", "30", "--timeout", "0.2"), "", 124, "",
               "taskmaster: the job did not end in time; it is cancelled\n");
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        run_argument,
        run_stdin,
        run_options,
        run_ends,
        run_server_gone,
        run_json,
        run_binary,
        run_too_large,
        run_times_out,
        run_again_on_a_lost_queue,
        run_progress_on_a_queue,
    };
    TCase *tcase = tcase_create("cmd_run");
    tcase_set_timeout(tcase, 120);
    for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++)
        tcase_add_test(tcase, tests[i]);
    Suite *suite = suite_create("client cmd_run");
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
