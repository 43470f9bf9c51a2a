/* test_all_settings: the settings of taskmasterd: their defaults and ranges, the rules between
 * them, and the tokens read for them. */
#include "tests/unit/configs.h"

static const struct agreed agreed[] = {
    {"listen", 1, 16, "[\"127.0.0.1:7741\"]", false},
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
    {"part-stall-ms", 1, 86400000, "30000", true},
    {"dead-letters", 1, 64, "\"drop\"", true},
    {"worker-listen", 1, 4095, "\"127.0.0.1:0\"", false},
    {"worker-path", 1, 4095, "null", true},
    {"no-new-privs", 0, 0, "true", true},
    {"pool-start", 0, 10000, "2", true},
    {"pool-max", 1, 10000, "4", true},
    {"job-max", 0, 10000000, "100", true},
    {"preload", 0, 1000, "[]", true},
    {"worker-window", 1, 32, "16", true},
    {"idle-timeout-ms", 0, 2592000000, "60000", true},
    {"worker-max-jobs", 0, 1000000000, "0", true},
    {"worker-max-rss", 0, 1099511627776, "0", true},
    {"job-timeout-ms", 0, 2592000000, "0", true},
    {"max-wait-ms", 0, 2592000000, "0", true},
    {"memory-max", 0, 1099511627776, "0", true},
    {"files-max", 0, 1048576, "0", true},
    {"core-max", 0, 1099511627776, "0", true},
    {"file-size-max", 0, 1099511627776, "0", true},
    {"nice", -20, 19, "0", true},
    {"oom-score-adj", -1000, 1000, "500", true},
    {"pools", 0, 64, "{}", true},
    {"client-job-max", 0, 10000000, "0", true},
    {"client-output-max", 1025, 1099511627776, "67108864", true},
    {"start-timeout-ms", 1, 86400000, "10000", true},
    {"kill-grace-ms", 0, 86400000, "5000", true},
    {"ping-interval-ms", 0, 86400000, "5000", true},
    {"ping-misses", 0, 1000, "2", true},
    {"begin-timeout-ms", 0, 86400000, "5000", true},
    {"dead-kill-ms", 0, 86400000, "10000", true},
    {"allow-debug", 0, 0, "false", true},
    {"breaker-window-ms", 1, 86400000, "10000", true},
    {"breaker-crashes", 0, 1000, "5", true},
    {"breaker-pause-ms", 1, 60000, "5000", true},
    {"log-jobs", 0, 0, "\"lost\"", true},
    {"slow-ms", 0, 86400000, "10000", true},
    {"module-dir", 1, 4095, "null", true},
    {"modules", 0, 0, "{}", true},
    {"drain-timeout-ms", 1, 86400000, "30000", true},
    {"drain-waiting", 0, 0, "\"fail\"", true},
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
    struct config_key found;
    ck_agreed(agreed, sizeof agreed / sizeof agreed[0]);
    ck_assert(!config_schema_find(&settings_schema, "pool", &found));
}
END_TEST

START_TEST(test_defaults)
{
    struct config *config = load(NULL, NULL);
    ck_assert_uint_eq(settings_of(config)->clients.peers.listen.count, 1);
    ck_assert_str_eq(settings_of(config)->clients.peers.listen.items[0], "127.0.0.1:7741");
    ck_assert_str_eq(settings_of(config)->workers.listen, "127.0.0.1:0");
    ck_assert_uint_eq(settings_of(config)->jobs.pool.pool_start, 2);
    ck_assert_uint_eq(settings_of(config)->jobs.pool.pool_max, 4);
    ck_assert_uint_eq(settings_of(config)->jobs.pool.job_max, 100);
    ck_assert_uint_eq(settings_of(config)->clients.peers.payload_max, 16777216);
    ck_assert_uint_eq(settings_of(config)->modules.modules.count, 0);
    ck_assert_uint_eq(settings_of(config)->access.tokens.count, 0);
    ck_assert_uint_eq(settings_of(config)->clients.peers.socket_mode, 0660);
    ck_assert_ptr_null(settings_of(config)->access.token_file);
    ck_assert_int_eq(settings_of(config)->log.level, LOG_INFO);
    ck_assert_int_eq(settings_of(config)->log.format, LOG_TEXT);
    ck_assert_ptr_null(module_settings_find(&settings_of(config)->modules, "fib"));
    config_free(config);
    config_free(load("{}", NULL));
}
END_TEST

START_TEST(test_modules)
{
    struct config *config =
        load("{\"modules\": {\"wc\": {}, \"fib\": {\"enabled\": false, \"timeout-ms\": 7, "
             "\"soft-timeout-ms\": 5, "
             "\"config\": {\"b\": 1, \"a\": [null]}}, \"a\": {\"config\": {}}}}",
             NULL);
    const struct module_setting *modules = settings_of(config)->modules.modules.items;
    ck_assert_uint_eq(settings_of(config)->modules.modules.count, 3);
    ck_assert_str_eq(modules[0].name, "a");
    ck_assert_str_eq(modules[1].name, "fib");
    ck_assert_str_eq(modules[2].name, "wc");
    const struct module_setting *fib = module_settings_find(&settings_of(config)->modules, "fib");
    ck_assert_ptr_eq(fib, &modules[1]);
    ck_assert(!fib->enabled);
    ck_assert_uint_eq(fib->timeout_ms, 7);
    ck_assert_uint_eq(fib->soft_timeout_ms, 5);
    ck_assert_str_eq(fib->config, "{\"b\":1,\"a\":[null]}");
    const struct module_setting *wc = module_settings_find(&settings_of(config)->modules, "wc");
    ck_assert(wc->enabled);
    ck_assert_uint_eq(wc->timeout_ms, 0);
    ck_assert_uint_eq(wc->soft_timeout_ms, 0);
    ck_assert_str_eq(wc->config, "{}");
    ck_assert_ptr_null(module_settings_find(&settings_of(config)->modules, "f"));
    ck_assert_ptr_null(module_settings_find(&settings_of(config)->modules, "zz"));
    config_free(config);
}
END_TEST

START_TEST(test_pool_start)
{
    struct config *config = load("{\"pool-max\": 1}", NULL);
    ck_assert_uint_eq(settings_of(config)->jobs.pool.pool_start, 1);
    config_free(config);
    config = load(NULL, "pool-start=0", "job-max=0", "pool-max=1", NULL);
    ck_assert_uint_eq(settings_of(config)->jobs.pool.pool_start, 0);
    ck_assert_uint_eq(settings_of(config)->jobs.pool.job_max, 0);
    config_free(config);
    ck_assert_str_eq(refusal("{\"pool-max\": 3}", "pool-start=4", NULL),
                     "--pool-start=4: found 4, expected at most pool-max, 3");
    ck_assert_str_eq(refusal(NULL, "pool-max=1", "pool-start=2", NULL),
                     "--pool-start=2: found 2, expected at most pool-max, 1");
}
END_TEST

/* The built-in defaults hold for a pool, not the values of the top level. */
START_TEST(test_pools)
{
    struct config *config = load(
        "{\"pool-max\": 9, \"job-max\": 5, \"preload\": \"fib\", \"pools\": {\"slow\": "
        "{\"pool-max\": 2, \"nice\": -3, \"payload-total-max\": 1}, \"a-1\": {}}, \"modules\": "
        "{\"x\": {\"pool\": \"slow\"}, \"y\": {\"pool\": \"default\"}, \"z\": {}}}",
        NULL);
    const struct job_settings *jobs = &settings_of(config)->jobs;
    const struct pool_settings *slow = job_settings_pool(jobs, "slow");
    const struct pool_settings *other = job_settings_pool(jobs, "a-1");
    ck_assert_uint_eq(jobs->pools.count, 2);
    ck_assert_ptr_eq(other, jobs->pools.items);
    ck_assert_ptr_eq(slow, other + 1);
    ck_assert_str_eq(slow->name, "slow");
    ck_assert_uint_eq(slow->pool_max, 2);
    ck_assert_int_eq(slow->nice, -3);
    ck_assert_uint_eq(slow->payload_total_max, 1);
    ck_assert_uint_eq(other->pool_start, 0);
    ck_assert_uint_eq(other->pool_max, 4);
    ck_assert_uint_eq(other->job_max, 100);
    ck_assert_uint_eq(other->preload.count, 0);
    ck_assert_int_eq(other->oom_score_adj, 500);
    ck_assert_ptr_eq(job_settings_pool(jobs, NULL), &jobs->pool);
    ck_assert_ptr_eq(job_settings_pool(jobs, "default"), &jobs->pool);
    ck_assert_ptr_null(jobs->pool.name);
    ck_assert_ptr_null(job_settings_pool(jobs, "slower"));
    ck_assert_uint_eq(job_settings_workers_max(jobs), 9 + 2 + 4);
    const struct module_settings *modules = &settings_of(config)->modules;
    ck_assert_str_eq(module_settings_find(modules, "x")->pool, "slow");
    ck_assert_str_eq(module_settings_find(modules, "y")->pool, "default");
    ck_assert_ptr_null(module_settings_find(modules, "z")->pool);
    config_free(config);
    config = load(NULL, NULL);
    ck_assert_ptr_null(job_settings_pool(&settings_of(config)->jobs, "slow"));
    ck_assert_uint_eq(job_settings_workers_max(&settings_of(config)->jobs), 4);
    config_free(config);
}
END_TEST

/* The rows of both are the same but for the ends of the tables. */
START_TEST(test_keys_of_a_pool)
{
    static const char *const own[] = {"pool-start", "payload-total-max"};
    const struct option_table *fields = &pool_entry.options;
    for (size_t i = 0; i < fields->count; i++) {
        const struct option *field = &fields->rows[i], *top;
        top = config_table_find(&pool_options, field->key);
        if (i + 2 < fields->count) {
            ck_assert_ptr_eq(field, top);
            continue;
        }
        ck_assert_str_eq(field->key, own[i + 2 - fields->count]);
        ck_assert_ptr_ne(field, top);
        ck_assert_str_eq(field->default_text, "0");
        ck_assert(field->reload);
    }
    ck_assert_str_eq(pool_options.rows[0].key, "pool-start");
    ck_assert_uint_eq(pool_options.count + 1, fields->count);
}
END_TEST

START_TEST(test_number_of_pools)
{
    char text[65 * 16] = "pools={";
    for (int i = 1; i <= 64; i++)
        sprintf(text + strlen(text), "\"p%d\":{}%s", i, i < 64 ? "," : "}");
    struct config *config = load(NULL, text, NULL);
    ck_assert_uint_eq(settings_of(config)->jobs.pools.count, 64);
    config_free(config);
    strcpy(text + strlen(text) - 1, ",\"p65\":{}}");
    ck_assert_ptr_nonnull(strstr(refusal(NULL, text, NULL),
                                 ": found an object with 65, expected an object with an entry for "
                                 "each pool, at most 64"));
}
END_TEST

START_TEST(test_pools_of_the_command_line)
{
    ck_assert_str_eq(refusal(NULL, "pools={\"a\":{\"pool-start\":9}}", NULL),
                     "--pools={\"a\":{\"pool-start\":9}}: a.pool-start: found 9, expected at most "
                     "pool-max, 4");
    ck_assert_str_eq(
        refusal(NULL, "modules={\"fib\":{\"pool\":\"a\"}}", NULL),
        "--modules={\"fib\":{\"pool\":\"a\"}}: fib.pool: found \"a\", expected default "
        "or an entry of pools");
    config_free(load(NULL, "pools={\"a\":{}}", "modules={\"fib\":{\"pool\":\"a\"}}", NULL));
}
END_TEST

START_TEST(test_open_listen)
{
    static const char *const open[] = {"0.0.0.0:1", "[::]:1", "10.0.0.1:1", "some.host:1"};
    static const char *const local[] = {"127.1.2.3:1", "[::1]:1", "localhost:1", "unix:/x"};
    write_text(token_file, "a-good-token\n");
    char *tokens = xasprintf("token-file=%s", token_file);
    for (size_t i = 0; i < 4; i++) {
        char *listen = xasprintf("listen=unix:/x,%s", open[i]);
        char *worker = xasprintf("worker-listen=%s", open[i]);
        ck_assert_ptr_nonnull(
            strstr(refusal(NULL, listen, NULL), "set token-file or access-file, or set allow-"));
        config_free(load(NULL, listen, tokens, NULL));
        config_free(load(NULL, listen, "allow-open-listen=true", NULL));
        ck_assert_ptr_nonnull(strstr(refusal(NULL, worker, tokens, NULL), "set allow-open-listen"));
        config_free(load(NULL, worker, "allow-open-listen=true", NULL));
        free(worker);
        free(listen);
        listen = xasprintf("listen=%s", local[i]);
        config_free(load(NULL, listen, NULL));
        free(listen);
    }
    free(tokens);
}
END_TEST

START_TEST(test_tokens)
{
    struct config *config = load_tokens("12345678");
    ck_assert_uint_eq(settings_of(config)->access.tokens.count, 1);
    ck_assert_str_eq(settings_of(config)->access.tokens.tokens[0].text, "12345678");
    config_free(config);
    config = load_tokens("\n  first token \t\r\n\r\n\tsecond-~!token\n\n");
    ck_assert_uint_eq(settings_of(config)->access.tokens.count, 2);
    ck_assert_str_eq(settings_of(config)->access.tokens.tokens[0].text, "first token");
    ck_assert_str_eq(settings_of(config)->access.tokens.tokens[1].text, "second-~!token");
    json_t *shown = config_to_json(config);
    char *text = json_dumps(shown, 0);
    ck_assert_ptr_null(strstr(text, "second"));
    free(text);
    json_decref(shown);
    config_free(config);

    char many[65 * 257 + 1] = "";
    for (int i = 0; i < 64; i++)
        sprintf(many + strlen(many), "%0256d\n", i);
    config = load_tokens(many);
    ck_assert_uint_eq(settings_of(config)->access.tokens.count, 64);
    config_free(config);
}
END_TEST

/* The name and the line of the file, and none of its text. */
static void check_refused_tokens(const char *text, size_t len, const char *expected)
{
    write_bytes(token_file, text, len);
    char *override = xasprintf("token-file=%s", token_file);
    char *origin = xasprintf("--%s: %s%s", override, token_file, expected);
    refusal(NULL, override, NULL);
    ck_assert_msg(strncmp(error, origin, strlen(origin)) == 0, "found %s\nexpected %s", error,
                  origin);
    ck_assert_ptr_null(strstr(error, "secret"));
    free(origin);
    free(override);
}

START_TEST(test_bad_tokens)
{
    char many[65 * 10 + 1] = "", long_one[258];
    check_refused_tokens("secret7", 7, ":1: found 7 characters; expected a token of 8 to 256 ");
    check_refused_tokens("secret\x1b[31m", 11, ":1: found the byte 0x1b; expected ");
    check_refused_tokens("secret\xc3\xa9xyz", 11, ":1: found the byte 0xc3; expected ");
    memset(long_one, 's', 257);
    check_refused_tokens(long_one, 257, ":1: found 257 characters; expected ");
    check_refused_tokens("good-token\n\nsecret\n", 19, ":3: found 6 characters; expected ");
    check_refused_tokens("\xef\xbb\xbfsecret-token\n", 16, ":1: found a byte order mark (BOM)");
    check_refused_tokens("secret-a\rsecret-b\r", 18, ":1: found a CR inside the line");
    check_refused_tokens("", 0, ": expected at least one token");
    check_refused_tokens(" \n\r\n", 4, ": expected at least one token");
    check_refused_tokens("secret-one\0more\n", 16, ": expected text, found a NUL");
    for (int i = 0; i < 65; i++)
        strcat(many, "secret-99\n");
    check_refused_tokens(many, strlen(many), ":65: expected at most 64 tokens");
    unlink(token_file);
    char *override = xasprintf("token-file=%s", token_file);
    ck_assert_ptr_nonnull(strstr(refusal(NULL, override, NULL), "tokens: No such file"));
    free(override);
}
END_TEST

/* A reload may not drop the token of an open address: the address stays. */
START_TEST(test_a_reload_opens_no_listen)
{
    static const char expected[] = "listen, as it was at the start: found \"0.0.0.0:0\", which "
                                   "others than this machine may reach: set token-file";
    write_text(token_file, "12345678\n");
    char *token = xasprintf("token-file=%s", token_file);
    struct config *config = load("{\"listen\": [\"0.0.0.0:0\"]}", token, NULL);
    check_refused_reload(config, expected, "{\"listen\": [\"127.0.0.1:0\"]}", NULL);
    check_refused_reload(config, expected, "{}", NULL);
    config = reload(config, "{\"allow-open-listen\": true}", NULL);
    check_refused_reload(config, expected, "{}", "listen=127.0.0.1:0", NULL);
    config = reload(config, "{}", token, NULL);
    ck_assert_str_eq(ignored, "listen ");
    config_free(config);
    free(token);
}
END_TEST

START_TEST(test_changes_of_tokens)
{
    char keys[256] = "";
    struct config *before = load_tokens("one-token-here"), *same = load_tokens(" one-token-here\n");
    struct config *after = load_tokens("one-token-here\ntwo-tokens-here\n");
    config_changes(before, same, note_key, keys);
    ck_assert_str_eq(keys, "");
    config_changes(before, after, note_key, keys);
    ck_assert_str_eq(keys, "token-file ");
    config_free(after);
    config_free(same);
    config_free(before);
}
END_TEST

START_TEST(test_sample)
{
    struct config_args args = {.program = "test_config", .file = "conf/taskmasterd.conf"};
    struct config *config = config_load(&settings_schema, &args, error, sizeof error);
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
    tcase_add_test(tc, test_modules);
    tcase_add_test(tc, test_pool_start);
    tcase_add_test(tc, test_pools);
    tcase_add_test(tc, test_keys_of_a_pool);
    tcase_add_test(tc, test_number_of_pools);
    tcase_add_test(tc, test_pools_of_the_command_line);
    tcase_add_test(tc, test_open_listen);
    tcase_add_test(tc, test_tokens);
    tcase_add_test(tc, test_bad_tokens);
    tcase_add_test(tc, test_a_reload_opens_no_listen);
    tcase_add_test(tc, test_changes_of_tokens);
    tcase_add_test(tc, test_sample);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
