/* Addresses as text, and connecting to a unix socket. */
#include "client/lib/address.h"
#include "client/lib/deadline.h"
#include "tests/unit/suite.h"

#include <check.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct tmc_failure failure;

START_TEST(addresses)
{
    static const char *const bad[] = {
        "",         "localhost", ":7741",   "localhost:",  "localhost:0", "localhost:65536",
        "host:77x", "::1:7741",  "[]:7741", "[::1]",       "[::1:7741",   "unix:",
        "host:-1",  "host: 1",   "a:b:1",   "host:007741",
    };
    struct tmc_address address;
    ck_assert_int_eq(tmc_address_parse("localhost:7741", &address, &failure), TM_CLIENT_OK);
    ck_assert_str_eq(address.host, "localhost");
    ck_assert_str_eq(address.port, "7741");
    ck_assert_int_eq(tmc_address_parse("[fe80::1%lo]:1", &address, &failure), TM_CLIENT_OK);
    ck_assert_str_eq(address.host, "fe80::1%lo");
    ck_assert_int_eq(tmc_address_parse("unix:/run/t:1", &address, &failure), TM_CLIENT_OK);
    ck_assert(address.local);
    ck_assert_str_eq(address.path, "/run/t:1");
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        ck_assert_msg(tmc_address_parse(bad[i], &address, &failure) == TM_CLIENT_INVALID, "%s",
                      bad[i]);
    /* Invisible bytes are named, rather than looked up. */
    ck_assert_int_eq(tmc_address_parse("\xef\xbb\xbfunix:/run/t", &address, &failure),
                     TM_CLIENT_INVALID);
    ck_assert_msg(strstr(failure.text, "byte order mark"), "%s", failure.text);
    ck_assert_int_eq(tmc_address_parse("local\xc2\xa0host:1", &address, &failure),
                     TM_CLIENT_INVALID);
    ck_assert_msg(strstr(failure.text, "the byte 0xc2"), "%s", failure.text);
    ck_assert_int_eq(tmc_address_parse(" localhost:1", &address, &failure), TM_CLIENT_INVALID);
    ck_assert_msg(strstr(failure.text, "the byte 0x20"), "%s", failure.text);
    ck_assert_int_eq(tmc_address_parse("localhost:1\r", &address, &failure), TM_CLIENT_INVALID);
    ck_assert_msg(strstr(failure.text, "the byte 0x0d"), "%s", failure.text);
    char path[256] = "unix:";
    memset(path + 5, 'p', sizeof path - 6);
    ck_assert_int_eq(tmc_address_parse(path, &address, &failure), TM_CLIENT_INVALID);
}
END_TEST

static tm_client_status connect_to(const char *text, int64_t deadline, int *fd)
{
    struct tmc_address address;
    ck_assert_int_eq(tmc_address_parse(text, &address, &failure), TM_CLIENT_OK);
    return tmc_address_connect(&address, deadline, fd, &failure);
}

START_TEST(unix_socket)
{
    char text[128];
    int fd;
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    snprintf(name.sun_path, sizeof name.sun_path, "/tmp/tmc-%d.sock", (int)getpid());
    snprintf(text, sizeof text, "unix:%s", name.sun_path);
    ck_assert_int_eq(connect_to(text, TMC_DEADLINE_NEVER, &fd), TM_CLIENT_UNREACHABLE);

    int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_eq(bind(listener, (struct sockaddr *)&name, sizeof name), 0);
    ck_assert_int_eq(listen(listener, 0), 0);
    ck_assert_int_eq(connect_to(text, TMC_DEADLINE_NEVER, &fd), TM_CLIENT_OK);

    /* The backlog is full now: there is somebody, but nobody picks up. */
    int second;
    ck_assert_int_eq(connect_to(text, tmc_deadline_in(20), &second), TM_CLIENT_TIMEOUT);
    unlink(name.sun_path);
    close(fd);
    close(listener);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        addresses,
        unix_socket,
    };
    TCase *tcase = tcase_create("address");
    tcase_set_timeout(tcase, 120);
    for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++)
        tcase_add_test(tcase, tests[i]);
    Suite *suite = suite_create("client address");
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
