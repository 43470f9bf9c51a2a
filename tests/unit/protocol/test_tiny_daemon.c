/*
 * test_tiny_daemon: talks to tiny_daemon, a daemon of the shared folders alone: hello, ping and the
 * errors of the protocol, to the letter.
 */
#include "tests/unit/support.h"

#include <arpa/inet.h>
#include <libgen.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define HELLO "{\"op\":\"hello\",\"protocol\":1}\n"
#define PING  "{\"op\":\"ping\",\"id\":1}\n"
#define PONG  "{\"event\":\"pong\",\"id\":1}\n"
#define SAID_HELLO_TO(rights, rest)                                                  \
    "{\"event\":\"hello\",\"protocol\":1,\"server\":\"tiny/1\",\"boot\":\"b0\","     \
    "\"header_max\":4096,\"payload_max\":1000,\"id_max\":64,\"rights\":[\"submit\"," \
    "\"observe\",\"control\",\"serve\",\"admin\"" rights "],\"features\":[]" rest "}\n"
#define SAID_HELLO(rest) SAID_HELLO_TO(",\"relay\"", rest)

static pid_t daemon_pid;
static uint16_t port;

static void become_daemon(int output, const char *token)
{
    char path[512];
    ssize_t len = readlink("/proc/self/exe", path, sizeof path - 1);
    path[len > 0 ? len : 0] = '\0';
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (!freopen("/dev/null", "w", stderr)) /* for the log line "listening" */
        _exit(127);
    dup2(output, STDOUT_FILENO);
    strcat(dirname(path), "/tiny_daemon");
    execl(path, path, token, (char *)NULL);
    _exit(127);
}

static void start(const char *token)
{
    int fds[2];
    char text[16] = "";
    ck_assert_int_eq(pipe(fds), 0);
    daemon_pid = fork();
    ck_assert_int_ge(daemon_pid, 0);
    if (daemon_pid == 0)
        become_daemon(fds[1], token);
    close(fds[1]);
    ck_assert_msg(read(fds[0], text, sizeof text - 1) > 0, "tiny_daemon did not start");
    close(fds[0]);
    port = (uint16_t)atoi(text);
}

static void setup(void)
{
    start(NULL);
}

static void teardown(void)
{
    kill(daemon_pid, SIGKILL);
    waitpid(daemon_pid, NULL, 0);
}

static int connect_to_it(void)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct timeval patience = {10, 0};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_eq(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience), 0);
    ck_assert_int_eq(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

/* Sends `said` and compares the whole answer. The server ends the connection if an error is
 * `fatal`; otherwise the client does. */
static void expect(const char *said, bool fatal, const char *wanted)
{
    char got[8192] = "";
    size_t len = 0;
    ssize_t n;
    int fd = connect_to_it();
    ck_assert_int_eq(send(fd, said, strlen(said), MSG_NOSIGNAL), (ssize_t)strlen(said));
    if (!fatal)
        shutdown(fd, SHUT_WR);
    while ((n = read(fd, got + len, sizeof got - 1 - len)) > 0)
        len += (size_t)n;
    ck_assert_msg(n == 0, "no end of the answer: %s", got);
    ck_assert_str_eq(got, wanted);
    close(fd);
}

START_TEST(test_hello_and_ping)
{
    expect(HELLO PING PING, false, SAID_HELLO("") PONG PONG);
    expect("{\"op\":\"hello\",\"protocol\":1,\"module\":\"fib\"}\n" PING, false,
           SAID_HELLO(",\"ignored\":[\"module\"],\"ignored_count\":1") PONG);
}
END_TEST

START_TEST(test_refused)
{
    expect(HELLO "{\"op\":\"ping\",\"x\":1}\n" PING, false,
           SAID_HELLO("") "{\"event\":\"error\",\"op\":\"ping\",\"code\":\"bad-request\","
                          "\"message\":\"ping takes no field x\"}\n" PONG);
    expect(HELLO "{\"op\":\"submit\",\"id\":2}\n" PING, false,
           SAID_HELLO("") "{\"event\":\"error\",\"op\":\"submit\",\"id\":2,\"code\":\"unknown-op\","
                          "\"message\":\"there is no operation \\\"submit\\\" in this release\"}"
                          "\n" PONG);
    expect(HELLO "{\"op\":\"ping\",\"size\":3}\nabc" PING, false,
           SAID_HELLO("") "{\"event\":\"error\",\"op\":\"ping\",\"code\":\"bad-request\","
                          "\"message\":\"ping takes no payload; field size is 3\"}\n" PONG);
    expect(HELLO HELLO PING, false,
           SAID_HELLO("") "{\"event\":\"error\",\"op\":\"hello\",\"code\":\"bad-request\","
                          "\"message\":\"hello was said already\"}\n" PONG);
}
END_TEST

START_TEST(test_fatal)
{
    expect(PING PING, true,
           "{\"event\":\"error\",\"op\":\"ping\",\"id\":1,\"code\":\"hello-required\","
           "\"message\":\"the first request must be hello\",\"fatal\":true}\n");
    expect(
        HELLO "ping\n" PING, true,
        SAID_HELLO("") "{\"event\":\"error\",\"code\":\"bad-json\",\"message\":\"'{' expected near "
                       "'ping' at byte 4; expected a JSON object\",\"fatal\":true}\n");
    expect("{\"op\":\"hello\",\"protocol\":2}\n" PING, true,
           "{\"event\":\"error\",\"op\":\"hello\",\"code\":\"bad-version\",\"message\":\"field "
           "protocol is 2; expected 1, the only version that this server speaks\",\"fatal\":true}"
           "\n");
    expect(HELLO "{\"op\":\"ping\",\"size\":1001}\n", true,
           SAID_HELLO("") "{\"event\":\"error\",\"op\":\"ping\",\"code\":\"payload-too-large\","
                          "\"message\":\"field size is 1001; expected at most payload_max, 1000\","
                          "\"fatal\":true}\n");
}
END_TEST

START_TEST(test_header_too_long)
{
    char said[5000] = HELLO;
    memset(said + strlen(HELLO), ' ', 4096);
    expect(said, true,
           SAID_HELLO("") "{\"event\":\"error\",\"code\":\"header-too-long\",\"message\":\"no LF "
                          "within 4096 bytes; a header is one line of JSON, then the payload\","
                          "\"fatal\":true}\n");
}
END_TEST

START_TEST(test_token)
{
    teardown();
    start("secret");
    expect("{\"op\":\"hello\",\"protocol\":1,\"token\":\"secret\"}\n", false,
           SAID_HELLO_TO("", ""));
    expect(HELLO PING, true,
           "{\"event\":\"error\",\"op\":\"hello\",\"code\":\"unauthorized\",\"message\":\"this "
           "server asks for a token\",\"fatal\":true}\n");
    expect("{\"op\":\"hello\",\"protocol\":1,\"token\":\"guess\"}\n", true,
           "{\"event\":\"error\",\"op\":\"hello\",\"code\":\"unauthorized\",\"message\":\"the "
           "token is not one of this server's\",\"fatal\":true}\n");
}
END_TEST

/* Ten requests of one connection, while another says nothing, and a third goes in the middle. */
START_TEST(test_several)
{
    int silent = connect_to_it(), cut = connect_to_it();
    ck_assert_int_gt(send(cut, "{\"op\":\"hel", 10, MSG_NOSIGNAL), 0);
    close(cut);
    for (int i = 0; i < 10; i++)
        expect(HELLO PING, false, SAID_HELLO("") PONG);
    close(silent);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("tiny_daemon");
    TCase *tc = tcase_create("tiny_daemon");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, test_hello_and_ping);
    tcase_add_test(tc, test_refused);
    tcase_add_test(tc, test_fatal);
    tcase_add_test(tc, test_header_too_long);
    tcase_add_test(tc, test_token);
    tcase_add_test(tc, test_several);
    tcase_set_timeout(tc, 30);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
