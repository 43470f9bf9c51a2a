/* test_address: valid and invalid texts of addresses, and their printed forms. */
#include "net/address.h"
#include "tests/unit/suite.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

static const struct {
    const char *text;
    const char *back; /* NULL: the same */
    enum address_kind kind;
    bool local;
} good[] = {
    {"127.0.0.1:7741", NULL, ADDRESS_IPV4, true},
    {"127.0.0.1:0", NULL, ADDRESS_IPV4, true},
    {"127.255.255.254:65535", NULL, ADDRESS_IPV4, true},
    {"0.0.0.0:7741", NULL, ADDRESS_IPV4, false},
    {"128.0.0.1:1", NULL, ADDRESS_IPV4, false},
    {"126.255.255.255:1", NULL, ADDRESS_IPV4, false},
    {"192.168.1.1:00080", "192.168.1.1:80", ADDRESS_IPV4, false},
    {"[::1]:7741", NULL, ADDRESS_IPV6, true},
    {"[0:0:0:0:0:0:0:1]:7741", "[::1]:7741", ADDRESS_IPV6, true},
    {"[::]:7741", NULL, ADDRESS_IPV6, false},
    {"[::ffff:127.0.0.1]:1", NULL, ADDRESS_IPV6, true},
    {"[::ffff:10.0.0.1]:1", NULL, ADDRESS_IPV6, false},
    {"[2001:db8::1]:443", NULL, ADDRESS_IPV6, false},
    {"unix:/run/taskmasterd.sock", NULL, ADDRESS_UNIX, true},
    {"unix:relative", NULL, ADDRESS_UNIX, true},
    {"unix:/a:b", NULL, ADDRESS_UNIX, true},
};

START_TEST(test_good)
{
    struct address address;
    enum address_kind kind;
    char error[128] = "", buf[ADDRESS_TEXT_MAX];
    bool local;
    const char *text = good[_i].text;
    ck_assert_msg(address_check(text, &kind, &local, error, sizeof error) == 0, "%s: %s", text,
                  error);
    ck_assert_int_eq(kind, good[_i].kind);
    ck_assert_int_eq(local, good[_i].local);

    ck_assert_msg(address_parse(&address, text, error, sizeof error) == 0, "%s: %s", text, error);
    ck_assert_int_eq(address.kind, good[_i].kind);
    ck_assert_int_eq(address_is_loopback(&address), good[_i].local);
    address_format((struct sockaddr *)&address.storage, address.len, buf);
    ck_assert_str_eq(buf, good[_i].back ? good[_i].back : text);
}
END_TEST

static const struct {
    const char *text;
    const char *error;
} bad[] = {
    {"", "HOST:PORT"},
    {"127.0.0.1", "HOST:PORT"},
    {":7741", "HOST:PORT"},
    {"7741", "HOST:PORT"},
    {"127.0.0.1:", "port from 0 to 65535"},
    {"127.0.0.1:65536", "port from 0 to 65535"},
    {"127.0.0.1:-1", "port from 0 to 65535"},
    {"127.0.0.1:+1", "port from 0 to 65535"},
    {"127.0.0.1: 1", "port from 0 to 65535"},
    {"127.0.0.1:http", "port from 0 to 65535"},
    {"127.0.0.1:000001", "port from 0 to 65535"},
    {"127.0.0.1:99999999999999999999", "port from 0 to 65535"},
    {"::1:7741", "brackets"},
    {"[]:1", "host"},
    {"[:1", "IPv4 address or a host's name"},
    {"[::1", "brackets"},
    {"[::1]", "port"},
    {"[127.0.0.1]:1", "IPv6 address between"},
    {"[localhost]:1", "IPv6 address between"},
    {"300.1.1.1:1", "IPv4 address or a host's name"},
    {"-host:1", "IPv4 address or a host's name"},
    {"ho st:1", "IPv4 address or a host's name"},
    {"*:1", "IPv4 address or a host's name"},
    {"unix:", "path of 1 to 107"},
    {"tcp://127.0.0.1:1", "no \"tcp://\""},
    {"averyverylongscheme://h:1", "no \"averyverylongsch://\""},
};

START_TEST(test_bad)
{
    struct address address;
    enum address_kind kind;
    char error[128] = "";
    bool local;
    ck_assert_int_eq(address_check(bad[_i].text, &kind, &local, error, sizeof error), -1);
    ck_assert_msg(strstr(error, bad[_i].error) != NULL, "%s: %s", bad[_i].text, error);
    ck_assert_int_eq(address_parse(&address, bad[_i].text, error, sizeof error), -1);
}
END_TEST

START_TEST(test_lengths)
{
    struct address address;
    char text[512], error[128], buf[ADDRESS_TEXT_MAX];
    snprintf(text, sizeof text, "unix:/%0*d", 106, 0);
    ck_assert_int_eq(address_parse(&address, text, error, sizeof error), 0);
    ck_assert_str_eq(address_format((struct sockaddr *)&address.storage, address.len, buf), text);
    snprintf(text, sizeof text, "unix:/%0*d", 107, 0);
    ck_assert_int_eq(address_parse(&address, text, error, sizeof error), -1);
    snprintf(text, sizeof text, "%0*d:1", 254, 0);
    ck_assert_int_eq(address_parse(&address, text, error, sizeof error), -1);
    ck_assert_ptr_nonnull(strstr(error, "253"));
}
END_TEST

START_TEST(test_servers)
{
    static const char *const fine[] = {"127.0.0.1:1", "[::1]:65535", "unix:/a:0",
                                       "db.example.invalid:7741"};
    static const char *const none[] = {"127.0.0.1:0", "[::1]:0", "db.example.invalid:00"};
    char why[128];
    for (size_t i = 0; i < sizeof fine / sizeof *fine; i++)
        ck_assert_msg(address_check_server(fine[i], why, sizeof why) == 0, "%s: %s", fine[i], why);
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        ck_assert_int_eq(address_check_server(none[i], why, sizeof why), -1);
        ck_assert_str_eq(why, "expected a port from 1 to 65535 after the last colon");
    }
    ck_assert_int_eq(address_check_server("nonsense", why, sizeof why), -1);
}
END_TEST

/* A name is not looked up by the check, and counts as open. */
START_TEST(test_names)
{
    struct address address;
    enum address_kind kind;
    char error[128], buf[ADDRESS_TEXT_MAX];
    bool local;
    ck_assert_int_eq(address_check("localhost:7741", &kind, &local, error, sizeof error), 0);
    ck_assert_int_eq(kind, ADDRESS_NAME);
    ck_assert(local);
    ck_assert_int_eq(address_check("db.example.invalid:1", &kind, &local, error, sizeof error), 0);
    ck_assert_int_eq(kind, ADDRESS_NAME);
    ck_assert(!local);

    ck_assert_msg(address_parse(&address, "localhost:7741", error, sizeof error) == 0, "%s", error);
    ck_assert(address_is_loopback(&address));
    address_format((struct sockaddr *)&address.storage, address.len, buf);
    ck_assert_str_eq(buf, "127.0.0.1:7741");
}
END_TEST

/* Possible addresses from the kernel for the peer of a unix socket. */
START_TEST(test_clash)
{
    static const struct {
        const char *a, *b;
        bool clash;
    } cases[] = {
        {"127.0.0.1:7741", "127.0.0.1:7741", true},
        {"127.0.0.1:7741", "localhost:7741", true},
        {"127.0.0.1:7741", "127.0.0.1:7742", false},
        {"127.0.0.1:7741", "127.0.0.2:7741", false},
        {"127.0.0.1:0", "127.0.0.1:0", false},
        {"127.0.0.1:7741", "0.0.0.0:7741", true},
        {"127.0.0.1:7741", "[::]:7741", false},
        {"[::1]:7741", "[::1]:7741", true},
        {"[::1]:7741", "[::]:7741", true},
        {"[::1]:7741", "[::2]:7741", false},
        {"[::1]:0", "[::1]:0", false},
        {"unix:/a", "unix:/a", true},
        {"unix:/a", "unix:/ab", false},
        {"unix:/a", "127.0.0.1:7741", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct address a, b;
        char why[128];
        ck_assert_int_eq(address_parse(&a, cases[i].a, why, sizeof why), 0);
        ck_assert_int_eq(address_parse(&b, cases[i].b, why, sizeof why), 0);
        ck_assert_msg(address_clash(&a, &b) == cases[i].clash, "%s, %s", cases[i].a, cases[i].b);
        ck_assert_msg(address_clash(&b, &a) == cases[i].clash, "%s, %s", cases[i].b, cases[i].a);
    }
}
END_TEST

START_TEST(test_unix_peers)
{
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    const socklen_t head = offsetof(struct sockaddr_un, sun_path);
    char buf[ADDRESS_TEXT_MAX], full[ADDRESS_TEXT_MAX];
    ck_assert_str_eq(address_format((struct sockaddr *)&un, head, buf), "unix:");
    memcpy(un.sun_path, "\0name", 5);
    ck_assert_str_eq(address_format((struct sockaddr *)&un, head + 5, buf), "unix:@name");
    memset(un.sun_path, 'p', sizeof un.sun_path);
    snprintf(full, sizeof full, "unix:%.*s", (int)sizeof un.sun_path, un.sun_path);
    ck_assert_str_eq(address_format((struct sockaddr *)&un, sizeof un, buf), full);
    struct sockaddr none = {.sa_family = AF_UNSPEC};
    ck_assert_str_eq(address_format(&none, sizeof none, buf), "unknown");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("address");
    TCase *tc = tcase_create("address");
    tcase_add_loop_test(tc, test_good, 0, sizeof good / sizeof good[0]);
    tcase_add_loop_test(tc, test_bad, 0, sizeof bad / sizeof bad[0]);
    tcase_add_test(tc, test_lengths);
    tcase_add_test(tc, test_servers);
    tcase_add_test(tc, test_names);
    tcase_add_test(tc, test_clash);
    tcase_add_test(tc, test_unix_peers);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
