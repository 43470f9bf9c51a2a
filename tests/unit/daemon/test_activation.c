/* test_activation: sockets out of the environment, by name; faults are told. */
#include "daemon/activation.h"

#include "tests/unit/support.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/vm_sockets.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static char fault[ACTIVATION_FAULT_MAX];
static struct activation activation;

/* --- sockets at 3, 4, ... --- */

/* libcheck's own descriptors come behind ours. */
static void keep_places(void)
{
    while (open("/dev/null", O_RDONLY) < 9)
        ;
}

static void put(int socket, int at)
{
    ck_assert_int_eq(dup2(socket, at), at);
    if (socket != at)
        close(socket);
}

static void put_tcp(int at, uint32_t host, int type)
{
    const struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(host)};
    int fd = socket(AF_INET, type, 0);
    ck_assert_int_eq(bind(fd, (const struct sockaddr *)&in, sizeof in), 0);
    if (type == SOCK_STREAM)
        ck_assert_int_eq(listen(fd, 1), 0);
    put(fd, at);
}

static void put_unix(int at)
{
    const struct sockaddr_un un = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    ck_assert_int_eq(bind(fd, (const struct sockaddr *)&un, sizeof un.sun_family), 0);
    ck_assert_int_eq(listen(fd, 1), 0);
    put(fd, at);
}

/* Returns false on a machine without vsock. The port looks like 127 in an IPv4 address. */
static bool put_vsock(int at)
{
    const struct sockaddr_vm vm = {.svm_family = AF_VSOCK,
                                   .svm_cid = VMADDR_CID_ANY,
                                   .svm_port = 127 | (unsigned)getpid() << 8};
    int fd = socket(AF_VSOCK, SOCK_STREAM, 0);
    if (fd < 0 || bind(fd, (const struct sockaddr *)&vm, sizeof vm) < 0 || listen(fd, 1) < 0)
        return false;
    put(fd, at);
    return true;
}

static void set_number(const char *name, long long number)
{
    char text[32];
    snprintf(text, sizeof text, "%lld", number);
    setenv(name, text, 1);
}

static void hand_over(int count, const char *names)
{
    set_number("LISTEN_PID", getpid());
    set_number("LISTEN_FDS", count);
    if (names)
        setenv("LISTEN_FDNAMES", names, 1);
    else
        unsetenv("LISTEN_FDNAMES");
}

static void take_count(size_t count)
{
    ck_assert_msg(activation_take(&activation, "clients", fault) == 0, "%s", fault);
    ck_assert_uint_eq(activation.count, count);
    ck_assert_str_eq(activation.name, "clients");
}

static void take_fault(const char *part)
{
    ck_assert_int_eq(activation_take(&activation, "clients", fault), -1);
    ck_assert_msg(strstr(fault, part), "%s", fault);
}

START_TEST(test_nothing_is_handed_over)
{
    unsetenv("LISTEN_PID");
    unsetenv("LISTEN_FDS");
    take_count(0);
    set_number("LISTEN_FDS", 1);
    take_count(0); /* nobody is named */
    ck_assert(!activation_is_open(&activation));
}
END_TEST

START_TEST(test_what_another_process_was_handed_is_left_alone)
{
    hand_over(1, NULL);
    set_number("LISTEN_PID", (long long)getpid() + 1);
    take_count(0);
    setenv("LISTEN_PID", "me", 1);
    take_count(0);
}
END_TEST

/* Workers get none of the sockets, and accepting never waits. */
START_TEST(test_a_socket_is_prepared)
{
    put_tcp(3, INADDR_LOOPBACK, SOCK_STREAM);
    hand_over(1, NULL);
    take_count(1);
    ck_assert_int_eq(activation.fds[0], 3);
    ck_assert(fcntl(3, F_GETFD) & FD_CLOEXEC);
    ck_assert(fcntl(3, F_GETFL) & O_NONBLOCK);
}
END_TEST

static void put_four(const char *names)
{
    for (int fd = 3; fd < 7; fd++)
        put_tcp(fd, INADDR_LOOPBACK, SOCK_STREAM);
    hand_over(4, names);
}

START_TEST(test_those_of_our_name_are_taken)
{
    quiet_log();
    put_four("http:clients:client:clients");
    take_count(2);
    ck_assert_int_eq(activation.fds[0], 4);
    ck_assert_int_eq(activation.fds[1], 6);
    ck_assert_int_eq(fcntl(3, F_GETFD), -1); /* nobody would accept there */
    ck_assert_int_eq(fcntl(5, F_GETFD), -1);
}
END_TEST

static const char *const without_ours[] = {NULL, "", "unknown", "a:b:c:d", "my.socket:x:clientsx"};

START_TEST(test_all_are_taken_if_none_has_our_name)
{
    put_four(without_ours[_i]);
    take_count(4);
}
END_TEST

START_TEST(test_strangers_reach_a_wildcard_only)
{
    put_tcp(3, INADDR_LOOPBACK, SOCK_STREAM);
    put_unix(4);
    hand_over(2, NULL);
    take_count(2);
    ck_assert(!activation_is_open(&activation));
    put_tcp(5, INADDR_ANY, SOCK_STREAM);
    hand_over(3, NULL);
    take_count(3);
    ck_assert(activation_is_open(&activation));
}
END_TEST

START_TEST(test_other_machines_reach_a_vsock)
{
    if (!put_vsock(3))
        return;
    hand_over(1, NULL);
    take_count(1);
    ck_assert(activation_is_open(&activation));
}
END_TEST

START_TEST(test_what_does_not_listen_is_refused)
{
    put_tcp(3, INADDR_LOOPBACK, SOCK_DGRAM);
    hand_over(1, NULL);
    take_fault("descriptor 3 is no listening stream socket");
    put(open("/dev/null", O_RDONLY), 3);
    take_fault("descriptor 3");
    close(3);
    take_fault("descriptor 3");
}
END_TEST

static const char *const bad_counts[] = {"65", "-1", "x", "1x", "", "99999999999999999999"};

START_TEST(test_a_bad_count_is_refused)
{
    hand_over(1, NULL);
    setenv("LISTEN_FDS", bad_counts[_i], 1);
    take_fault("LISTEN_FDS: found");
}
END_TEST

int main(void)
{
    keep_places();
    Suite *suite = suite_create("activation");
    TCase *tests = tcase_create("activation");
    tcase_add_test(tests, test_nothing_is_handed_over);
    tcase_add_test(tests, test_what_another_process_was_handed_is_left_alone);
    tcase_add_test(tests, test_a_socket_is_prepared);
    tcase_add_test(tests, test_those_of_our_name_are_taken);
    tcase_add_loop_test(tests, test_all_are_taken_if_none_has_our_name, 0,
                        SUPPORT_COUNT(without_ours));
    tcase_add_test(tests, test_strangers_reach_a_wildcard_only);
    tcase_add_test(tests, test_other_machines_reach_a_vsock);
    tcase_add_test(tests, test_what_does_not_listen_is_refused);
    tcase_add_loop_test(tests, test_a_bad_count_is_refused, 0, SUPPORT_COUNT(bad_counts));
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
