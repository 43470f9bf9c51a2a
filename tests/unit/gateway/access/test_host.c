/* test_host: names of ours in Host and Origin. */
#include "gateway/access/access_internal.h"

#include "tests/unit/support.h"

#include <arpa/inet.h>
#include <netinet/in.h>

static struct hosts hosts;

static void listens(const char *ip)
{
    struct sockaddr_storage addr = {.ss_family = strchr(ip, ':') ? AF_INET6 : AF_INET};
    void *to = addr.ss_family == AF_INET6 ? (void *)&((struct sockaddr_in6 *)&addr)->sin6_addr
                                          : (void *)&((struct sockaddr_in *)&addr)->sin_addr;
    ck_assert_int_eq(inet_pton(addr.ss_family, ip, to), 1);
    hosts_add_listened(&hosts, (const struct sockaddr *)&addr);
}

static void setup(void)
{
    static char *names[] = {"jobs.example.org", "10.9.9.9", "2001:db8::9"};
    static const struct option_list list = {names, 3};
    hosts = (struct hosts){.names = &list};
    hosts_init(&hosts);
    strcpy(hosts.machine, "machine");
}

START_TEST(test_names_of_ours)
{
    static const char *const ours[] = {"",         "localhost",        "localhost:1",
                                       "machine",  "jobs.example.org", "jobs.example.org:443",
                                       "10.9.9.9", "127.0.0.1:8741",   "127.9.9.9",
                                       "[::1]",    "[::1]:8741",       "[2001:db8::9]:80"};
    static const char *const others[] = {"evil.example",
                                         "localhost.evil.example",
                                         "xlocalhost",
                                         "x.jobs.example.org",
                                         "10.9.9.8",
                                         "[::2]",
                                         "[localhost]",
                                         "::1",
                                         "[",
                                         ":",
                                         "127.0.0.1x",
                                         "[127.0.0.1]"};
    for (size_t i = 0; i < SUPPORT_COUNT(ours); i++)
        ck_assert_msg(hosts_has(&hosts, ours[i]), "%s", ours[i]);
    for (size_t i = 0; i < SUPPORT_COUNT(others); i++)
        ck_assert_msg(!hosts_has(&hosts, others[i]), "%s", others[i]);
}
END_TEST

START_TEST(test_a_long_name)
{
    char name[400];
    memset(name, 'a', sizeof name);
    name[sizeof name - 1] = '\0';
    ck_assert(!hosts_has(&hosts, name));
}
END_TEST

START_TEST(test_addresses_listened_on)
{
    listens("192.0.2.1");
    listens("2001:db8::1");
    ck_assert(hosts_has(&hosts, "192.0.2.1:80"));
    ck_assert(hosts_has(&hosts, "[2001:db8::1]"));
    ck_assert(!hosts_has(&hosts, "192.0.2.2"));
    ck_assert(!hosts_has(&hosts, "[2001:db8::2]"));
}
END_TEST

START_TEST(test_all_addresses_of_one_family)
{
    listens("0.0.0.0");
    ck_assert(hosts_has(&hosts, "192.0.2.2"));
    ck_assert(!hosts_has(&hosts, "[2001:db8::2]"));
    ck_assert(!hosts_has(&hosts, "evil.example"));
}
END_TEST

START_TEST(test_all_addresses)
{
    listens("::");
    ck_assert(hosts_has(&hosts, "192.0.2.2"));
    ck_assert(hosts_has(&hosts, "[2001:db8::2]"));
    ck_assert(!hosts_has(&hosts, "evil.example"));
}
END_TEST

START_TEST(test_origins)
{
    static const char host[] = "localhost:8741";
    ck_assert(hosts_has_origin(&hosts, "http://localhost:8741", host));
    ck_assert(hosts_has_origin(&hosts, "https://LOCALHOST:8741", host));
    ck_assert(hosts_has_origin(&hosts, "https://jobs.example.org", host));
    ck_assert(hosts_has_origin(&hosts, "http://jobs.example.org:81", host));
    ck_assert(!hosts_has_origin(&hosts, "http://localhost", host));
    ck_assert(!hosts_has_origin(&hosts, "http://localhost:3000", host));
    ck_assert(!hosts_has_origin(&hosts, "null", host));
    ck_assert(!hosts_has_origin(&hosts, "", host));
    ck_assert(!hosts_has_origin(&hosts, "http://", ""));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("gateway_host");
    TCase *tc = tcase_create("host");
    tcase_add_checked_fixture(tc, setup, NULL);
    suite_add_tcase(suite, tc);
    tcase_add_test(tc, test_names_of_ours);
    tcase_add_test(tc, test_a_long_name);
    tcase_add_test(tc, test_addresses_listened_on);
    tcase_add_test(tc, test_all_addresses_of_one_family);
    tcase_add_test(tc, test_all_addresses);
    tcase_add_test(tc, test_origins);
    return run_suite(suite);
}
