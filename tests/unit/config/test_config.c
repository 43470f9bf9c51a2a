/* test_config: the origin of each value, and a reload. */
#include "config/config.h"

#include "tests/unit/configs.h"

#include <sys/stat.h>

/* The output of -T has every key in the schema's order, and is a file with the same meaning. */
START_TEST(test_to_json_and_back)
{
    struct config *config =
        load("{\"modules\": {\"b\": {\"timeout-ms\": 3}, \"a\": {\"config\": {\"x\": \"y\"}}},"
             "\"listen\": \"unix:/x\", \"socket-mode\": \"0600\", \"preload\": [\"a\", \"b\"], "
             "\"log-format\": \"json\","
             "\"pools\": {\"p\": {\"preload\": [\"a\"], \"nice\": -1}},"
             "\"worker-path\": \"rel/worker\"}",
             "payload-total-max=1099511627776", NULL);
    json_t *shown = config_to_json(config);
    const char *key;
    json_t *value;
    struct config_cursor cursor = {0};
    ck_assert_uint_eq(json_object_size(shown), config_schema_count(&settings_schema));
    json_object_foreach (shown, key, value) {
        ck_assert(config_schema_next(&settings_schema, &cursor));
        ck_assert_str_eq(key, cursor.key.option->key);
    }

    char *text = json_dumps(shown, JSON_INDENT(2));
    struct config *again = load(text, NULL);
    json_t *shown_again = config_to_json(again);
    ck_assert(json_equal(shown, shown_again));
    json_decref(shown_again);
    config_free(again);
    free(text);
    json_decref(shown);
    config_free(config);
}
END_TEST

static void check_origin(const struct config *config, const char *key, const char *module,
                         const char *expected)
{
    char origin[CONFIG_ORIGIN_MAX];
    config_origin(config, key, module, origin);
    const char *found = origin;
    if (strncmp(origin, file, strlen(file)) == 0)
        found += strlen(file);
    ck_assert_str_eq(found, expected);
}

START_TEST(test_origins)
{
    struct config *config =
        load("{\"job-max\": 5,\n\"user\": \"a\",\n\"modules\": {\n\"fib\": {}}}", "user=b", NULL);
    check_origin(config, "job-max", NULL, ":1: job-max");
    check_origin(config, "user", NULL, "--user=b");
    check_origin(config, "pool-max", NULL, "pool-max");
    check_origin(config, "modules", "fib", ":4: modules.fib");
    ck_assert(config_is_set(config, "job-max") && config_is_set(config, "user"));
    ck_assert(!config_is_set(config, "pool-max"));
    config_free(config);
    config = load(NULL, "modules={\"fib\":{}}", NULL);
    check_origin(config, "modules", "fib", "--modules={\"fib\":{}}: fib");
    config_free(config);
}
END_TEST

START_TEST(test_a_reload_keeps_what_is_fixed)
{
    struct config *config = load(NULL, "group=g", NULL);
    config = reload(config, NULL, "listen=unix:/x", "pool-max=9", "user=u", NULL);
    ck_assert_str_eq(ignored, "listen user group ");
    ck_assert_uint_eq(settings_of(config)->jobs.pool.pool_max, 9);
    ck_assert_str_eq(settings_of(config)->clients.peers.listen.items[0], "127.0.0.1:7741");
    ck_assert_ptr_null(settings_of(config)->identity.user);
    ck_assert_str_eq(settings_of(config)->identity.group, "g");
    config_free(config);
}
END_TEST

/* A reload is compared with the settings in force, not with the file from before. */
START_TEST(test_a_change_that_is_taken_back_is_none)
{
    struct config *config = load("{}", NULL);
    config = reload(config, "{\"user\": \"nobody\"}", NULL);
    ck_assert_str_eq(ignored, "user ");
    config = reload(config, "{\"user\": \"nobody\"}", NULL);
    ck_assert_str_eq(ignored, "user ");
    config = reload(config, "{}", NULL);
    ck_assert_str_eq(ignored, "");
    config_free(config);
}
END_TEST

/* A file of no use for a start is faulty, whatever is in force. */
START_TEST(test_a_reload_is_checked_as_it_is_written)
{
    struct config *config = load("{}", NULL);
    char *expected = xasprintf("%s:1: listen: found \"0.0.0.0:0\"", file);
    check_refused_reload(config, expected, "{\"listen\": \"0.0.0.0:0\"}", NULL);
    free(expected);
    config_free(config);
}
END_TEST

/* Nobody writes to the FIFO: a reload that waited for it would never return. */
START_TEST(test_a_reload_waits_for_no_fifo)
{
    static const char why[] = "expected a regular file";
    struct config_args args = {.program = "test_config", .file = file};
    struct config *config = load(NULL, NULL);
    ck_assert_int_eq(mkfifo(file, 0600), 0);
    ck_assert_ptr_null(config_reload(config, &args, note_key, ignored, NULL, error, sizeof error));
    ck_assert_ptr_nonnull(strstr(error, why));
    ck_assert_int_eq(mkfifo(token_file, 0600), 0);
    char *token = xasprintf("token-file=%s", token_file);
    args = (struct config_args){.program = "test_config", .overrides = &token, .override_count = 1};
    ck_assert_ptr_null(config_reload(config, &args, note_key, ignored, NULL, error, sizeof error));
    ck_assert_ptr_nonnull(strstr(error, why));
    free(token);
    config_free(config);
}
END_TEST

/* The place of a fault, in parts. */
static void check_place(const struct config *config, const char *text, char **overrides,
                        unsigned line, const char *key)
{
    struct config_args args = {.program = "test_config", .file = file, .overrides = overrides};
    struct config_place place = {.line = 77};
    while (overrides && overrides[args.override_count])
        args.override_count++;
    write_text(file, text);
    ck_assert_ptr_null(
        config_reload(config, &args, note_key, ignored, &place, error, sizeof error));
    ck_assert_uint_eq(place.line, line);
    ck_assert_str_eq(place.key, key);
    ck_assert(line ? place.file == file : !place.file);
}

START_TEST(test_the_place_of_a_fault)
{
    struct config *config = load("{}", NULL);
    check_place(config, "{\n\"pool-max\": 0}", NULL, 2, "pool-max");
    check_place(config, "{\n\n\"pool-maxx\": 0}", NULL, 3, "pool-maxx");
    check_place(config, "{\"pools\": {\n\"a\": {\n\"pool-max\": 0}}}", NULL, 3, "pools.a.pool-max");
    check_place(config, "{\"modules\": {\n\"a/\": {}}}", NULL, 2, "modules.a/");
    check_place(config, "{\n\n,}", NULL, 3, "");
    check_place(config, "{\n\"pool-max\": 99999999999999999999999}", NULL, 2, "pool-max");
    check_place(config, "[]", NULL, 1, "");
    check_place(config, "{\"pool-max\": 1}", (char *[]){"pool-max=0", NULL}, 0, "pool-max");
    check_place(config, "{}", (char *[]){"nosuch=0", NULL}, 0, "nosuch");
    check_place(config, "{\"pool-max\": 1,\n\"pool-start\": 2}", NULL, 2, "pool-start");
    config_free(config);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("config");
    TCase *tc = tcase_create("config");
    tcase_add_checked_fixture(tc, configs_setup, configs_teardown);
    tcase_add_test(tc, test_to_json_and_back);
    tcase_add_test(tc, test_origins);
    tcase_add_test(tc, test_a_reload_keeps_what_is_fixed);
    tcase_add_test(tc, test_a_change_that_is_taken_back_is_none);
    tcase_add_test(tc, test_a_reload_is_checked_as_it_is_written);
    tcase_add_test(tc, test_a_reload_waits_for_no_fifo);
    tcase_add_test(tc, test_the_place_of_a_fault);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
