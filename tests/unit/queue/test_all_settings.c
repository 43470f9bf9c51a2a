/* test_all_settings: the settings of taskqueued: their defaults and ranges, the rules between them,
 * and the tokens read for them. */
#include "queue/all_settings.h"
#include "queue/redis/password_file.h"

#define CONFIGS_SCHEMA queue_schema
#include "tests/unit/configs.h"

static const struct agreed agreed[] = {
    {"listen", 1, 16, "[\"127.0.0.1:7742\"]", false},
    {"master", 1, 4095, "\"127.0.0.1:7741\"", false},
    {"master-token-file", 1, 4095, "null", true},
    {"engine", 0, 0, "\"sqlite\"", false},
    {"store-path", 1, 4095, "\"/var/lib/taskqueued\"", false},
    {"store-sync", 0, 0, "\"full\"", false},
    {"store-max", 16777216, 1099511627776, "1073741824", true},
    {"redis-servers", 1, 16, "[\"127.0.0.1:6379\"]", false},
    {"redis-prefix", 1, 64, "\"taskqueued:\"", false},
    {"redis-database", 0, 65535, "0", false},
    {"redis-user", 1, 128, "null", false},
    {"redis-password-file", 1, 4095, "null", true},
    {"redis-timeout-ms", 100, 60000, "3000", false},
    {"redis-wait", 0, 16, "0", false},
    {"redis-unsafe", 0, 0, "false", false},
    {"lease-ms", 1000, 600000, "10000", false},
    {"node-name", 1, 64, "null", false},
    {"job-max", 1, 100000000, "1000000", true},
    {"owner-job-max", 0, 100000000, "0", true},
    {"window", 2, 4096, "32", true},
    {"poison-limit", 1, 1000, "3", true},
    {"hold-max-ms", 0, 2592000000, "3600000", true},
    {"ack-ms", 0, 2592000000, "60000", true},
    {"result-ttl-ms", 1, 2592000000, "86400000", true},
    {"failed-ttl-ms", 1, 2592000000, "604800000", true},
    {"socket-mode", 0, 0777, "\"0660\"", false},
    {"client-max", 1, 1000000, "10000", true},
    {"monitor-max", 0, 1000000, "100000", true},
    {"hello-timeout-ms", 1, 86400000, "10000", true},
    {"header-timeout-ms", 1, 86400000, "10000", true},
    {"payload-timeout-ms", 1, 86400000, "60000", true},
    {"output-timeout-ms", 1, 86400000, "60000", true},
    {"linger-ms", 0, 86400000, "1000", true},
    {"payload-max", 1024, 1073741824, "16777216", true},
    {"payload-total-max", 1024, 1099511627776, "268435456", true},
    {"output-total-max", 1024, 1099511627776, "536870912", true},
    {"drain-timeout-ms", 1, 86400000, "30000", true},
    {"token-file", 1, 4095, "null", true},
    {"access-file", 1, 4095, "null", true},
    {"allow-open-listen", 0, 0, "false", true},
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
    const struct queue_settings *settings = queue_settings_of(config);
    ck_assert_uint_eq(settings->peers.listen.count, 1);
    ck_assert_str_eq(settings->peers.listen.items[0], "127.0.0.1:7742");
    ck_assert_uint_eq(settings->peers.payload_max, 16777216);
    ck_assert_str_eq(settings->master.address, "127.0.0.1:7741");
    ck_assert_ptr_null(settings->master.token_file);
    ck_assert_str_eq(settings->store.path, "/var/lib/taskqueued");
    ck_assert_int_eq(settings->store.sync, STORE_SYNC_FULL);
    ck_assert_uint_eq(settings->keep.job_max, 1000000);
    ck_assert_uint_eq(settings->end.drain_timeout_ms, 30000);
    ck_assert_uint_eq(settings->access.tokens.count, 0);
    config_free(config);
}
END_TEST

START_TEST(test_sizes)
{
    ck_assert_str_eq(refusal("{\"payload-total-max\": 2048}", "payload-max=4096", NULL),
                     "FILE:1: payload-total-max: found 2048, expected at least payload-max, 4096");
    config_free(load(NULL, "payload-max=4096", "payload-total-max=4096", NULL));
}
END_TEST

START_TEST(test_addresses)
{
    config_free(load(NULL, "listen=127.0.0.1:1,unix:/x", "master=unix:/y", NULL));
    config_free(load(NULL, "listen=0.0.0.0:1", "allow-open-listen=true", NULL));
    ck_assert_ptr_nonnull(strstr(refusal(NULL, "listen=0.0.0.0:1", NULL), "allow-open-listen"));
    /* We connect there, and strangers do not. */
    config_free(load(NULL, "master=192.0.2.1:7741", NULL));
    ck_assert_ptr_nonnull(strstr(refusal(NULL, "master=nonsense", NULL), "--master=nonsense: "));
    ck_assert_str_eq(refusal("{\"master\": \"localhost:0\"}", NULL),
                     "FILE:1: master: found \"localhost:0\", expected a port from 1 to 65535 after "
                     "the last colon");
}
END_TEST

START_TEST(test_tokens)
{
    write_text(token_file, "clients-1\nclients-2\n");
    char *clients = xasprintf("token-file=%s", token_file);
    char *master = xasprintf("master-token-file=%s", token_file);
    struct config *config = load(NULL, clients, master, NULL);
    ck_assert_uint_eq(queue_settings_of(config)->access.tokens.count, 2);
    ck_assert_uint_eq(queue_settings_of(config)->master.tokens.count, 2);
    config_free(config);
    free(master);
    free(clients);
    ck_assert_ptr_nonnull(
        strstr(refusal(NULL, "master-token-file=/no/such", NULL), "--master-token-file=/no/such"));
}
END_TEST

START_TEST(test_redis_servers)
{
    config_free(load(NULL, "redis-servers=127.0.0.1:6379,unix:/run/redis/redis.sock", NULL));
    ck_assert_str_eq(refusal("{\"redis-servers\": [\"10.0.0.1:6379\", \"10.0.0.2:0\"]}", NULL),
                     "FILE:1: redis-servers: found \"10.0.0.2:0\", expected a port from 1 to 65535 "
                     "after the last colon");
}
END_TEST

/* A password of Redis is no token: a short one will do. */
START_TEST(test_redis_password)
{
    write_text(token_file, "# of Redis\n \xc3\xa4#1 \nanother\n");
    char *password = xasprintf("redis-password-file=%s", token_file);
    struct config *config = load(NULL, "engine=redis", password, NULL);
    const struct token_set *set = &queue_settings_of(config)->redis.passwords;
    ck_assert_uint_eq(set->count, 1);
    ck_assert_str_eq(set->tokens[0].text, "\xc3\xa4#1");
    write_text(token_file, "a newer one\n");
    config = reload(config, NULL, "engine=redis", password, NULL);
    ck_assert_str_eq(queue_settings_of(config)->redis.passwords.tokens[0].text, "a newer one");
    config_free(config);
    write_text(token_file, "# nothing\n");
    ck_assert_ptr_nonnull(strstr(refusal(NULL, "engine=redis", password, NULL), "a password"));
    free(password);
    /* With SQLite it is not read. */
    config_free(load(NULL, "redis-password-file=/no/such", NULL));
}
END_TEST

START_TEST(test_redis_password_too_long)
{
    char text[REDIS_PASSWORD_MAX + 2] = "";
    memset(text, 'x', sizeof text - 1);
    write_text(token_file, text);
    char *password = xasprintf("redis-password-file=%s", token_file);
    ck_assert_ptr_nonnull(strstr(refusal(NULL, "engine=redis", password, NULL), "512 bytes"));
    text[REDIS_PASSWORD_MAX] = '\0';
    write_text(token_file, text);
    config_free(load(NULL, "engine=redis", password, NULL));
    free(password);
}
END_TEST

START_TEST(test_reload)
{
    struct config *config = load("{\"job-max\": 5}", NULL);
    config = reload(config, "{\"job-max\": 6, \"store-path\": \"/elsewhere\"}", NULL);
    ck_assert_str_eq(ignored, "store-path ");
    ck_assert_uint_eq(queue_settings_of(config)->keep.job_max, 6);
    ck_assert_str_eq(queue_settings_of(config)->store.path, "/var/lib/taskqueued");
    config_free(config);
}
END_TEST

START_TEST(test_sample)
{
    struct config_args args = {.program = "test_config", .file = "conf/taskqueued.conf"};
    struct config *config = config_load(&queue_schema, &args, error, sizeof error);
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
    tcase_add_test(tc, test_sizes);
    tcase_add_test(tc, test_addresses);
    tcase_add_test(tc, test_tokens);
    tcase_add_test(tc, test_redis_servers);
    tcase_add_test(tc, test_redis_password);
    tcase_add_test(tc, test_redis_password_too_long);
    tcase_add_test(tc, test_reload);
    tcase_add_test(tc, test_sample);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
