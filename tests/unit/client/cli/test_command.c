/* The command's single jobs and questions, driven as a child process against a fake server. */
#include "tests/unit/client/client_child.h"
#include "tests/unit/client/client_fake.h"
#include "tests/unit/suite.h"

#include <time.h>

/* ---- run ---- */

struct dialogue {
    const char *expect; /* the submit, see fake_expect() */
    const char *payload;
    const char *answer;
};

static void plays_dialogue(struct fake *fake)
{
    const struct dialogue *dialogue = fake->arg;
    fake_welcome(fake);
    fake_expect(fake, dialogue->expect);
    fake_expect_payload(fake, dialogue->payload);
    fake_send(fake, dialogue->answer);
    fake_expect_end(fake);
}

static void assert_run(const struct dialogue *dialogue, const char *const *args, const char *input,
                       int status, const char *output, const char *errors)
{
    struct fake fake;
    struct child child;
    fake_start(&fake, plays_dialogue, (void *)dialogue);
    child_run(&child, fake.address, input, args);
    fake_finish(&fake);
    child_assert(&child, status, output, errors);
}

#define SUBMIT_FIB "{\"op\":\"submit\",\"id\":1,\"module\":\"fib\",\"link\":true,\"size\":2}"
#define DONE       "{\"event\":\"done\",\"id\":1,\"job\":\"k-1\",\"size\":6}\n832040"

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
        {"{\"event\":\"failed\",\"id\":1,\"reason\":\"error\",\"message\":\"lost\",\"size\":3}\n"
         "???",
         70, "taskmaster: failed (error): lost\n"},
        {"{\"event\":\"failed\",\"id\":1,\"job\":\"k-1\",\"reason\":\"timeout\",\"message\":\"\","
         "\"step\":\"sigkill\"}\n",
         124, "taskmaster: job k-1 failed (timeout, step sigkill)\n"},
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

/* The script does not know the child; the test's own thread does. */
static void ask_for_interrupt(struct fake *fake)
{
    if (write(((int *)fake->arg)[1], "", 1) != 1)
        fake_fail(fake, "write: %s", strerror(errno));
}

static void interrupt(const struct child *child, const int *bell)
{
    char byte;
    ck_assert_int_eq(read(bell[0], &byte, 1), 1);
    ck_assert_int_eq(kill(child->pid, SIGINT), 0);
}

static void plays_slow_job(struct fake *fake)
{
    fake_welcome(fake);
    fake_expect(fake, "*submit");
    fake_expect_payload(fake, "x");
    ask_for_interrupt(fake);
    fake_expect(fake, "{\"op\":\"cancel\",\"id\":2,\"target\":1}");
    fake_send(fake, "{\"event\":\"ok\",\"op\":\"cancel\",\"id\":2,\"job\":\"k-1\","
                    "\"state\":\"running\"}\n"
                    "{\"event\":\"failed\",\"id\":1,\"job\":\"k-1\",\"reason\":\"cancelled\","
                    "\"message\":\"\",\"step\":\"stop-flag\"}\n");
    fake_expect_end(fake);
}

START_TEST(run_interrupted)
{
    struct fake fake;
    struct child child;
    int bell[2];
    ck_assert_int_eq(pipe2(bell, O_CLOEXEC), 0);
    fake_start(&fake, plays_slow_job, bell);
    child_start(&child, fake.address, ARGS("run", "sleep", "x"));
    interrupt(&child, bell);
    child_finish(&child);
    fake_finish(&fake);
    child_assert(&child, 1, "",
                 "taskmaster: interrupted: the job is being cancelled; once more leaves at once\n"
                 "taskmaster: job k-1 failed (cancelled, step stop-flag)\n");
}
END_TEST

/* Hears the cancel and says nothing of it. */
static void plays_deaf(struct fake *fake)
{
    fake_welcome(fake);
    fake_expect(fake, "*submit");
    ask_for_interrupt(fake);
    fake_ignore(fake);
}

/* The answer to a cancel is not waited for beyond --timeout. */
START_TEST(run_interrupted_beside_a_server_that_is_deaf)
{
    struct fake fake;
    struct child child;
    int bell[2];
    ck_assert_int_eq(pipe2(bell, O_CLOEXEC), 0);
    fake_start(&fake, plays_deaf, bell);
    child_start(&child, fake.address, ARGS("run", "sleep", "--timeout", "2"));
    child_close_input(&child);
    interrupt(&child, bell);
    child_finish(&child);
    fake_finish(&fake);
    child_assert(&child, 124, "",
                 "taskmaster: cannot cancel: the server did not answer in time\n"
                 "taskmaster: the job did not end in time; it is cancelled\n");
}
END_TEST

/* Both wait for the command when it goes on. */
START_TEST(run_interrupted_in_a_row)
{
    struct fake fake;
    struct child child;
    int bell[2], status;
    char byte;
    ck_assert_int_eq(pipe2(bell, O_CLOEXEC), 0);
    fake_start(&fake, plays_slow_job, bell);
    child_start(&child, fake.address, ARGS("run", "sleep", "x"));
    ck_assert_int_eq(read(bell[0], &byte, 1), 1);
    ck_assert_int_eq(kill(child.pid, SIGSTOP), 0);
    ck_assert_int_eq(waitpid(child.pid, &status, WUNTRACED), child.pid);
    ck_assert_int_eq(kill(child.pid, SIGINT), 0);
    ck_assert_int_eq(kill(child.pid, SIGTERM), 0);
    ck_assert_int_eq(kill(child.pid, SIGCONT), 0);
    child_finish(&child);
    fake_finish(&fake);
    child_assert(&child, 1, "",
                 "taskmaster: interrupted: the job is being cancelled; once more leaves at once\n"
                 "taskmaster: job k-1 failed (cancelled, step stop-flag)\n");
}
END_TEST

/* No answer to the cancel before a later signal has done its work. */
static void plays_stubborn_job(struct fake *fake)
{
    fake_welcome(fake);
    fake_expect(fake, "*submit");
    fake_expect_payload(fake, "x");
    ask_for_interrupt(fake);
    fake_expect(fake, "*cancel");
    fake_expect_end(fake);
}

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* A signal that comes again and again is one for 300 ms, and then ends it. */
START_TEST(run_interrupted_until_it_leaves)
{
    enum { MOMENT_MS = 300, INTERVAL_MS = 10 };
    struct fake fake;
    struct child child;
    int bell[2];
    ck_assert_int_eq(pipe2(bell, O_CLOEXEC), 0);
    fake_start(&fake, plays_stubborn_job, bell);
    child_start(&child, fake.address, ARGS("run", "sleep", "x"));
    int64_t begin_ms = now_ms();
    interrupt(&child, bell);
    struct pollfd end = {.fd = child.out, .events = POLLIN};
    while (poll(&end, 1, INTERVAL_MS) == 0 && now_ms() - begin_ms < CHILD_DEADLINE_MS)
        ck_assert_int_eq(kill(child.pid, SIGINT), 0);
    ck_assert_int_ge(now_ms() - begin_ms, MOMENT_MS);
    child_finish(&child);
    fake_finish(&fake);
    child_assert(&child, 256 + SIGINT, "", "");
}
END_TEST

START_TEST(run_times_out)
{
    const struct dialogue dialogue = {SUBMIT_FIB, "30", ""};
    assert_run(&dialogue, ARGS("run", "fib", "30", "--timeout", "0.2"), "", 124, "",
               "taskmaster: the job did not end in time; it is cancelled\n");
}
END_TEST

/* ---- questions ---- */

static void plays_answer(struct fake *fake)
{
    const struct dialogue *dialogue = fake->arg;
    fake_welcome(fake);
    fake_expect(fake, dialogue->expect);
    fake_send(fake, dialogue->answer);
    fake_expect_end(fake);
}

static void assert_answer(const struct dialogue *dialogue, const char *const *args, int status,
                          const char *output, const char *errors)
{
    struct fake fake;
    struct child child;
    fake_start(&fake, plays_answer, (void *)dialogue);
    child_run(&child, fake.address, "", args);
    fake_finish(&fake);
    child_assert(&child, status, output, errors);
}

START_TEST(cancel_and_kill)
{
    const struct dialogue cancel = {"{\"op\":\"cancel\",\"id\":1,\"job\":\"k-7\"}", "",
                                    "{\"event\":\"ok\",\"op\":\"cancel\",\"id\":1,\"job\":\"k-7\","
                                    "\"state\":\"waiting\"}\n"};
    const struct dialogue kill = {"{\"op\":\"kill\",\"id\":1,\"job\":\"k-7\"}", "",
                                  "{\"event\":\"error\",\"op\":\"kill\",\"id\":1,"
                                  "\"code\":\"unknown-job\",\"message\":\"no k-7\"}\n"};
    assert_answer(&cancel, ARGS("cancel", "k-7"), 0, "cancelled k-7, which was waiting\n", "");
    assert_answer(&cancel, ARGS("cancel", "k-7", "--json"), 0,
                  "{\"event\":\"ok\",\"op\":\"cancel\",\"job\":\"k-7\",\"state\":\"waiting\"}\n",
                  "");
    assert_answer(&kill, ARGS("kill", "k-7"), 1, "",
                  "taskmaster: the server refused: unknown-job: no k-7\n");
}
END_TEST

START_TEST(stats)
{
    const struct dialogue dialogue = {
        "{\"op\":\"stats\",\"id\":1}", "",
        "{\"event\":\"stats\",\"id\":1,\"size\":136}\n"
        "{\"server\":\"s/1\",\"draining\":false,\"jobs\":{\"done\":2,\"failed\":{\"error\":1}},"
        "\"later\":[1],\"modules\":{\"fib\":{\"done\":12},\"a\":{\"done\":3}},\"e\":{}}"};
    assert_answer(&dialogue, ARGS("stats"), 0,
                  "server          s/1\n"
                  "draining        false\n"
                  "jobs            done 2\n"
                  "jobs failed     error 1\n"
                  "later           [1]\n"
                  "e               -\n"
                  "\n"
                  "modules  done\n"
                  "fib        12\n"
                  "a           3\n",
                  "");
    assert_answer(&dialogue, ARGS("--json", "stats"), 0,
                  "{\"server\":\"s/1\",\"draining\":false,\"jobs\":{\"done\":2,\"failed\":"
                  "{\"error\":1}},\"later\":[1],\"modules\":{\"fib\":{\"done\":12},\"a\":"
                  "{\"done\":3}},\"e\":{}}\n",
                  "");
}
END_TEST

START_TEST(workers)
{
    const struct dialogue some = {"{\"op\":\"workers\",\"id\":1}", "",
                                  "{\"event\":\"workers\",\"id\":1,\"size\":83}\n"
                                  "[{\"id\":1,\"state\":\"idle\",\"job\":null},"
                                  "{\"id\":12,\"state\":\"b\\u001b\",\"job\":\"k-1\",\"x\":\"\"}]"};
    const struct dialogue none = {"{\"op\":\"workers\",\"id\":1}", "",
                                  "{\"event\":\"workers\",\"id\":1,\"size\":2}\n[]"};
    assert_answer(&some, ARGS("workers"), 0,
                  "id  state  job  x\n"
                  " 1  idle   -    -\n"
                  "12  b?     k-1  -\n",
                  "");
    assert_answer(&none, ARGS("workers"), 0, "no workers\n", "");
    assert_answer(&none, ARGS("workers", "--json"), 0, "[]\n", "");
}
END_TEST

START_TEST(ping)
{
    const struct dialogue dialogue = {"{\"op\":\"ping\",\"id\":1}", "",
                                      "{\"event\":\"pong\",\"id\":1}\n"};
    struct fake fake;
    struct child child;
    fake_start(&fake, plays_answer, (void *)&dialogue);
    child_run(&child, NULL, "", ARGS("ping", "--server", fake.address));
    fake_finish(&fake);
    ck_assert_int_eq(child.status, 0);
    ck_assert_ptr_nonnull(strstr(child.output, "taskmasterd/0.1.0 at 127.0.0.1:"));
    ck_assert_ptr_nonnull(strstr(child.output, " ms\n"));
    child_free(&child);
}
END_TEST

/* An address where nobody listens while the descriptor is open, and what the command says then. */
static int nobody(char address[32], char message[128])
{
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof name;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0); /* bound, but it does not listen */
    ck_assert_int_eq(bind(fd, (struct sockaddr *)&name, sizeof name), 0);
    ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&name, &size), 0);
    snprintf(address, 32, "127.0.0.1:%d", ntohs(name.sin_port));
    snprintf(message, 128, "taskmaster: cannot connect to %s: Connection refused\n", address);
    return fd;
}

START_TEST(ping_nobody)
{
    struct child child;
    char address[32], message[128];
    int fd = nobody(address, message);
    child_run(&child, address, "", ARGS("ping"));
    child_assert(&child, 69, "", message);
    close(fd);
}
END_TEST

/* For as long as it may, and at most for the command's own time. */
START_TEST(ping_waits)
{
    struct child child;
    char address[32], message[128];
    int fd = nobody(address, message);
    int64_t begin_ms = now_ms();
    child_run(&child, address, "", ARGS("ping", "--wait-ms", "200"));
    ck_assert_int_ge(now_ms() - begin_ms, 200);
    child_assert(&child, 69, "", message);
    child_run(&child, address, "", ARGS("ping", "--wait-ms", "600000", "--timeout", "0.1"));
    ck_assert_int_eq(child.status, 124);
    ck_assert_ptr_nonnull(strstr(child.errors, "cannot connect"));
    child_free(&child);
    close(fd);
}
END_TEST

/* As a proxy does while the server behind it does not listen. */
static void plays_proxy(struct fake *fake)
{
    for (int i = 0; i < 3; i++) {
        fake_accept(fake);
        close(fake->fd);
    }
    fake_welcome(fake);
    fake_expect(fake, "*ping");
    fake_send(fake, "{\"event\":\"pong\",\"id\":1}\n");
    fake_expect_end(fake);
}

START_TEST(ping_waits_for_a_word)
{
    struct fake fake;
    struct child child;
    fake_start(&fake, plays_proxy, NULL);
    child_run(&child, fake.address, "", ARGS("ping", "--wait-ms", "60000"));
    fake_finish(&fake);
    ck_assert_str_eq(child.errors, "");
    ck_assert_int_eq(child.status, 0);
    child_free(&child);
}
END_TEST

static void plays_full_house(struct fake *fake)
{
    fake_accept(fake);
    fake_expect(fake, "*hello");
    fake_send(fake, "{\"event\":\"error\",\"code\":\"zzz\",\"message\":\"go\",\"fatal\":true}\n");
}

/* An answer is one also if it is a refusal. */
START_TEST(ping_does_not_wait_for_another_word)
{
    struct fake fake;
    struct child child;
    fake_start(&fake, plays_full_house, NULL);
    child_run(&child, fake.address, "", ARGS("ping", "--wait-ms", "600000"));
    fake_finish(&fake);
    ck_assert_int_eq(child.status, 69);
    ck_assert_ptr_nonnull(strstr(child.errors, "zzz: go"));
    child_free(&child);
}
END_TEST

/* ---- the token ---- */

static void plays_token(struct fake *fake)
{
    fake_accept(fake);
    fake_expect(fake, "{\"op\":\"hello\",\"protocol\":1,\"client\":\"taskmaster/0.1.0\","
                      "\"token\":\"the to ken\"}");
    fake_send(fake, "{\"event\":\"error\",\"op\":\"hello\",\"code\":\"unauthorized\","
                    "\"message\":\"go away\",\"fatal\":true}\n");
    fake_expect_end(fake);
}

static void assert_refused_file(const char *address, const char *path, const char *why)
{
    struct child child;
    char *expected = NULL;
    ck_assert_int_gt(asprintf(&expected, "taskmaster: %s%s", path, why), 0);
    child_run(&child, address, "", ARGS("ping", "--token-file", path));
    ck_assert_int_eq(child.status, 64);
    ck_assert_msg(strncmp(child.errors, expected, strlen(expected)) == 0, "%s", child.errors);
    ck_assert_ptr_null(strstr(child.errors, "secret"));
    child_free(&child);
    free(expected);
}

START_TEST(token)
{
    struct fake fake;
    struct child child;
    char path[] = "/tmp/taskmaster-token-XXXXXX";
    int fd = mkstemp(path);
    static const char file[] = "# the token\n\n the to ken \r\nsecond\n";
    ck_assert_int_eq(write(fd, file, sizeof file - 1), sizeof file - 1);
    fake_start(&fake, plays_token, NULL);
    child_run(&child, fake.address, "", ARGS("ping", "--token-file", path));
    fake_finish(&fake);
    child_assert(&child, 69, "", "taskmaster: the server refused: unauthorized: go away\n");
    ck_assert_int_eq(ftruncate(fd, 0), 0);
    assert_refused_file(fake.address, path,
                        ": expected a token on a line of its own, found none\n");
    ck_assert_int_eq(pwrite(fd, "#\n\xef\xbb\xbfsecret-token", 17, 0), 17);
    assert_refused_file(fake.address, path, ":2: found a byte order mark (BOM); expected ");
    ck_assert_int_eq(pwrite(fd, "\0\0", 2, 0), 2);
    assert_refused_file(fake.address, path, ": expected text, found a NUL at byte 0\n");
    ck_assert_int_eq(ftruncate(fd, 64 * 1024 + 1), 0);
    assert_refused_file(fake.address, path, ": more than 65536 bytes are too many ");
    close(fd);
    unlink(path);
    child_run(&child, fake.address, "", ARGS("ping", "--token-file", path));
    ck_assert_int_eq(child.status, 64);
    child_free(&child);
}
END_TEST

/* ---- closed descriptors ---- */

/* Runs it without those of 0, 1 and 2 that `closed` names. `text` gets what it wrote to the others;
 * returns the exit status. */
static int run_without(const char *closed, const char *server, const char *const *args,
                       char text[1024])
{
    char *argv[CHILD_ARG_MAX + 2] = {NULL};
    int pipe_fds[2], status;
    size_t len = 0;
    for (int i = 0; args[i]; i++)
        argv[i + 1] = (char *)args[i];
    ck_assert_int_eq(pipe2(pipe_fds, O_CLOEXEC), 0);
    pid_t pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        unsetenv("TASKMASTER_TOKEN_FILE");
        setenv("TASKMASTER_SERVER", server, 1);
        dup2(pipe_fds[1], 1);
        dup2(pipe_fds[1], 2);
        for (; *closed; closed++)
            close(*closed - '0');
        child_exec(argv);
    }
    close(pipe_fds[1]);
    for (ssize_t count = 1; count > 0; len += (size_t)count) {
        struct pollfd poll_fd = {.fd = pipe_fds[0], .events = POLLIN};
        ck_assert_msg(poll(&poll_fd, 1, CHILD_DEADLINE_MS) > 0, "the command is stuck");
        count = read(pipe_fds[0], text + len, 1023 - len);
        ck_assert_int_ge(count, 0);
    }
    text[len] = '\0';
    close(pipe_fds[0]);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 256 + WTERMSIG(status);
}

static void plays_hello(struct fake *fake)
{
    fake_welcome(fake);
    fake_expect_end(fake);
}

#define BAD_MODULE \
    "{\"event\":\"failed\",\"id\":1,\"job\":\"k-1\",\"reason\":\"module\",\"message\":\"no\"}\n"
#define NO_INPUT  "taskmaster: cannot read standard input: Bad file descriptor\n"
#define NO_OUTPUT "taskmaster: cannot write: Bad file descriptor\n"

/* The connection takes no closed descriptor's place: the server gets its requests and nothing else,
 * and using the descriptor fails. */
START_TEST(closed_descriptors)
{
    static const struct dialogue done = {SUBMIT_FIB, "30", DONE},
                                 failed = {SUBMIT_FIB, "30", BAD_MODULE};
    static const struct {
        const char *closed;
        const struct dialogue *dialogue; /* NULL: nothing is submitted */
        const char *args[4];
        int status;
        const char *text;
    } cases[] = {
        {"0", NULL, {"run", "fib"}, 1, NO_INPUT},
        {"0", NULL, {"run", "fib", "--each"}, 1, NO_INPUT},
        {"0", &done, {"run", "fib", "30"}, 0, "832040"},
        {"1", &done, {"run", "fib", "30"}, 1, NO_OUTPUT},
        {"1", &failed, {"run", "fib", "30"}, 1, "taskmaster: job k-1 failed (module): no\n"},
        {"2", &done, {"run", "fib", "30"}, 0, "832040"},
        {"2", &failed, {"run", "fib", "30"}, 1, ""},
        {"02", NULL, {"run", "fib"}, 1, ""},
        {"012", &done, {"run", "fib", "30"}, 1, ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct fake fake;
        char text[1024];
        fake_start(&fake, cases[i].dialogue ? plays_dialogue : plays_hello,
                   (void *)cases[i].dialogue);
        int status = run_without(cases[i].closed, fake.address, cases[i].args, text);
        fake_finish(&fake);
        ck_assert_msg(status == cases[i].status && strcmp(text, cases[i].text) == 0,
                      "case %zu: %d, %s", i, status, text);
    }
}
END_TEST

/* ---- usage ---- */

START_TEST(usage)
{
    static const char *const bad[][6] = {
        {"nonsense"},
        {"run"},
        {"run", "m", "p", "q"},
        {"run", "m", "--bogus"},
        {"run", "m", "p", "--each"},
        {"run", "m", "--unordered"},
        {"run", "m", "--jobs", "4"},
        {"run", "m", "--each", "--jobs", "0"},
        {"run", "m", "--each", "--jobs", "x"},
        {"run", "m", "--timeout-ms", "-1"},
        {"run", "m", "--timeout-ms", "2147483648"},
        {"run", "m", "--timeout", "0"},
        {"run", "m", "--timeout", "nan"},
        {"run", "m", "--timeout", "1s"},
        {"ping", "x"},
        {"ping", "--jobs", "1"},
        {"ping", "--wait-ms", "-1"},
        {"ping", "--wait-ms", "600001"},
        {"stats", "--wait-ms", "1"},
        {"cancel"},
        {"stats", "--server"},
        {"ping", "--server", "nowhere"},
        {"--json"},
    };
    struct child child;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        child_run(&child, NULL, "", bad[i]);
        ck_assert_msg(child.status == 64, "case %zu: %d", i, child.status);
        ck_assert_str_eq(child.output, "");
        ck_assert_int_eq(strncmp(child.errors, "taskmaster: ", 12), 0);
        child_free(&child);
    }
}
END_TEST

START_TEST(help_and_version)
{
    static const char *const commands[] = {"run", "cancel", "kill", "ping", "stats", "workers"};
    struct child child;
    child_run(&child, NULL, "", ARGS("--version"));
    child_assert(&child, 0, "taskmaster 0.1.0\n", "");
    child_run(&child, NULL, "", ARGS("--help"));
    ck_assert_int_eq(child.status, 0);
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
        ck_assert_ptr_nonnull(strstr(child.output, commands[i]));
    child_free(&child);
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        child_run(&child, NULL, "", ARGS(commands[i], "--help"));
        ck_assert_int_eq(child.status, 0);
        ck_assert_ptr_nonnull(strstr(child.output, commands[i]));
        ck_assert_ptr_nonnull(strstr(child.output, "--server ADDR"));
        ck_assert_str_eq(child.errors, "");
        child_free(&child);
    }
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
        run_interrupted,
        run_interrupted_beside_a_server_that_is_deaf,
        run_interrupted_in_a_row,
        run_interrupted_until_it_leaves,
        run_times_out,
        cancel_and_kill,
        stats,
        workers,
        ping,
        ping_nobody,
        ping_waits,
        ping_waits_for_a_word,
        ping_does_not_wait_for_another_word,
        token,
        closed_descriptors,
        usage,
        help_and_version,
    };
    TCase *tcase = tcase_create("command");
    tcase_set_timeout(tcase, 120);
    for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++)
        tcase_add_test(tcase, tests[i]);
    Suite *suite = suite_create("client command");
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
