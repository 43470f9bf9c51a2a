/* test_all_settings: the settings of taskmaster-http: their defaults and ranges, and the rules
 * between them. */
#include "gateway/all_settings.h"

#include <sys/stat.h>

#define CONFIGS_SCHEMA gateway_schema
#include "tests/unit/configs.h"

static const struct agreed agreed[] = {
    {"listen", 1, 16, "[\"127.0.0.1:8741\"]", false},
    {"socket-mode", 0, 0777, "\"0660\"", false},
    {"server", 1, 4095, "\"127.0.0.1:7741\"", false},
    {"queue-server", 1, 4095, "null", false},
    {"token-file", 1, 4095, "null", true},
    {"queue-token-file", 1, 4095, "null", true},
    {"access-file", 1, 4095, "null", true},
    {"allow-writes", 0, 0, "false", true},
    {"hosts", 0, 64, "[]", true},
    {"connection-max", 1, 1000000, "1000", true},
    {"header-timeout-ms", 1, 86400000, "10000", true},
    {"body-timeout-ms", 1, 86400000, "60000", true},
    {"idle-timeout-ms", 1, 86400000, "60000", true},
    {"output-timeout-ms", 1, 86400000, "60000", true},
    {"linger-ms", 0, 86400000, "1000", true},
    {"body-total-max", 1024, 1099511627776, "268435456", true},
    {"output-total-max", 1024, 1099511627776, "268435456", true},
    {"access-log", 0, 0, "false", true},
    {"drain-timeout-ms", 1, 86400000, "30000", true},
    {"user", 1, 255, "null", false},
    {"group", 1, 255, "null", false},
    {"log-level", 0, 0, "\"info\"", true},
    {"log-format", 0, 0, "\"text\"", true},
    {"log-file", 1, 4095, "null", true},
};

START_TEST(test_table)
{
    ck_agreed(agreed, sizeof agreed / sizeof agreed[0]);
}
END_TEST

START_TEST(test_defaults)
{
    struct config *config = load(NULL, NULL);
    const struct gateway_settings *settings = gateway_settings_of(config);
    ck_assert_str_eq(settings->listen.listen.items[0], "127.0.0.1:8741");
    ck_assert_str_eq(settings->server.server, "127.0.0.1:7741");
    ck_assert_ptr_null(settings->server.queue_server);
    ck_assert(!settings->access.allow_writes && !settings->access_log.is_on);
    ck_assert_uint_eq(settings->http.connection_max, 1000);
    ck_assert_uint_eq(settings->end.drain_timeout_ms, 30000);
    config_free(config);
}
END_TEST

static bool refuses(const char *override, const char *words)
{
    return strstr(refusal(NULL, override, NULL), words);
}

START_TEST(test_strangers_need_a_token)
{
    config_free(load(NULL, "listen=127.0.0.1:1,unix:/x,[::1]:2", NULL));
    ck_assert(refuses("listen=0.0.0.0:1", "set access-file"));
    ck_assert(refuses("listen=127.0.0.1:1,example.org:1", "example.org:1"));
    write_text(token_file, "ann 0123456789abcdef observe\n");
    chmod(token_file, 0600);
    char *users = xasprintf("access-file=%s", token_file);
    struct config *config = load(NULL, "listen=0.0.0.0:1", users, NULL);
    ck_assert_uint_eq(gateway_settings_of(config)->access.access.tokens.count, 1);
    config_free(config);
    free(users);
}
END_TEST

START_TEST(test_servers)
{
    config_free(load(NULL, "server=192.0.2.1:7741", "queue-server=unix:/y", NULL));
    ck_assert(refuses("server=nonsense", "--server=nonsense: "));
    ck_assert(refuses("queue-server=nonsense", "--queue-server=nonsense: "));
    ck_assert(refuses("server=[::1]:0", "found \"[::1]:0\", expected a port from 1 to 65535"));
    ck_assert(refuses("queue-server=queue:0", "--queue-server=queue:0: found \"queue:0\", "));
}
END_TEST

START_TEST(test_hosts)
{
    config_free(load(NULL, "hosts=jobs.example.org,a_b,192.0.2.1,2001:db8::1", NULL));
    config_free(load(NULL, "hosts=", NULL));
    ck_assert(refuses("hosts=fine,jobs.example.org:443",
                      "found \"jobs.example.org:443\", expected a name or an address without"));
    ck_assert(refuses("hosts=https://jobs.example.org", "without a port"));
    ck_assert(refuses("hosts=*.example.org", "without a port"));
    ck_assert(refuses("hosts=[::1]", "without a port"));
}
END_TEST

START_TEST(test_tokens)
{
    write_text(token_file, "the-first\nthe-second\n");
    char *master = xasprintf("token-file=%s", token_file);
    char *queue = xasprintf("queue-token-file=%s", token_file);
    struct config *config = load(NULL, master, queue, NULL);
    ck_assert_uint_eq(gateway_settings_of(config)->server.tokens.count, 2);
    ck_assert_uint_eq(gateway_settings_of(config)->server.queue_tokens.count, 2);
    config_free(config);
    free(queue);
    free(master);
    ck_assert(refuses("token-file=/no/such", "--token-file=/no/such"));
    ck_assert(refuses("queue-token-file=/no/such", "--queue-token-file=/no/such"));
}
END_TEST

START_TEST(test_reload)
{
    struct config *config = load("{\"connection-max\": 5}", NULL);
    config = reload(config, "{\"connection-max\": 6, \"server\": \"unix:/elsewhere\"}", NULL);
    ck_assert_str_eq(ignored, "server ");
    ck_assert_uint_eq(gateway_settings_of(config)->http.connection_max, 6);
    config_free(config);
}
END_TEST

START_TEST(test_sample)
{
    struct config_args args = {.program = "test_config", .file = "conf/taskmaster-http.conf"};
    struct config *config = config_load(&gateway_schema, &args, error, sizeof error);
    ck_assert_msg(config != NULL, "%s", error);
    config_free(config);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("all_settings");
    TCase *tc = tcase_create("settings");
    tcase_add_checked_fixture(tc, configs_setup, configs_teardown);
    tcase_add_test(tc, test_table);
    tcase_add_test(tc, test_defaults);
    tcase_add_test(tc, test_strangers_need_a_token);
    tcase_add_test(tc, test_servers);
    tcase_add_test(tc, test_hosts);
    tcase_add_test(tc, test_tokens);
    tcase_add_test(tc, test_reload);
    tcase_add_test(tc, test_sample);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
