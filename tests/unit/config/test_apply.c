/* test_apply: faults of a file, each with its line, and unreadable files. */
#include "tests/unit/configs.h"

static const struct {
    const char *text;
    const char *error;
} bad_files[] = {
    {"", "FILE:1: '{' expected near end of file"},
    {"[]", "FILE:1: expected an object, { ... }, at the top"},
    {"{\n\"pool-max\": 4,\n}",
     "FILE:3: string or '}' expected near '}'; JSON has no comma behind the last item"},
    {"{\"preload\": [\"a\",\n ]}",
     "FILE:2: unexpected token near ']'; JSON has no comma behind the last item"},
    {"{\"preload\": [\"a\"}", "FILE:1: ']' expected near '}'"},
    {"{\"job-max\": 4, # none\n}",
     "FILE:2: string or '}' expected near '}'; JSON has no comma behind the last item"},
    {"// one\n# two\n{\"pool-max\": 0}",
     "FILE:3: pool-max: found 0, expected an integer from 1 to 10000"},
    {"/* none */ {}", "FILE:1: '{' expected near '/'; a comment begins with // or #, and ends with "
                      "its line"},
    {"{ / }", "FILE:1: string or '}' expected near '/'; a comment begins with // or #, and ends "
              "with its line"},
    {"{}\nx", "FILE:2: end of file expected near 'x'"},
    {"{\n\"pool-max\": 4,\n\"pool-max\": 4}", "FILE:3: duplicate object key"},
    {"{\n\"modules\":\n{\"a\":{},\n\"a\":{}}}", "FILE:4: duplicate object key"},
    {"{\"job-max\": 9,\n\"pool-max\":\n99999999999999999999, \"job-max\": 1}",
     "FILE:3: pool-max: found a number that is too large, expected an integer from 1 to 10000"},
    {"{\"linger-ms\": 1e999}", "FILE:1: linger-ms: found a number that is too large, expected"},
    {"{\"modules\":{\"fib\":{\"timeout-ms\":\n-99999999999999999999}}}",
     "FILE:2: timeout-ms: found a number that is too large, expected an integer from 0 to "},
    {"{\"colour\": 99999999999999999999}", "FILE:1: too big integer"},
    {"[99999999999999999999]", "FILE:1: too big integer"},
    {"{\"user\": \"\xff\"}", "FILE:1: unable to decode byte 0xff near '\"'; the file is not UTF-8"},
    {"{\"user\": \"a\\u0000b\"}", "FILE:1: a text may not hold \\u0000"},
    {"{\"us\\u0000er\": \"a\"}", "FILE:1: a text may not hold \\u0000"},
    {"{\n\n\"pool-mx\": 4}", "FILE:3: unknown key pool-mx, did you mean pool-max?"},
    {"{\n\n\"Pool_Max\": 4}", "FILE:3: unknown key Pool_Max"},
    {"{\"something-else\": 4}",
     "FILE:1: unknown key something-else; taskmasterd --help lists all keys"},
    {"{\"a\\nb\": 4}", "FILE:1: unknown key a?b"},
    {"{\n\"pool-max\": 0}", "FILE:2: pool-max: found 0, expected an integer from 1 to 10000"},
    {"{\"pool-max\": \"4\"}", "FILE:1: pool-max: found \"4\", expected an integer from 1 to 10000"},
    {"{\"pool-max\": null}", "FILE:1: pool-max: found null, expected an integer from 1 to 10000"},
    {"{\"log-level\": \"all\"}",
     "FILE:1: log-level: found \"all\", expected debug, info, warn or error"},
    {"{\"allow-open-listen\": 1}", "FILE:1: allow-open-listen: found 1, expected true or false"},
    {"{\"listen\": []}", "FILE:1: listen: found a list of 0, expected a text or a list of 1 to 16"},
    {"{\"listen\": [\"unix:/x\", 7]}", "FILE:1: listen: found 7 as item 2, expected a text or"},
    {"{\"listen\": \"7741\"}", "FILE:1: listen: found \"7741\", expected HOST:PORT"},
    {"{\"socket-mode\": 660}",
     "FILE:1: socket-mode: found 660, expected an octal text from \"0000\" to \"0777\""},
    {"{\"socket-mode\": \"0888\"}",
     "FILE:1: socket-mode: found \"0888\", expected an octal text from \"0000\" to \"0777\""},
    {"{\"user\": 1}", "FILE:1: user: found 1, expected a text of 1 to 255 bytes"},
    {"{\"modules\": []}", "FILE:1: modules: found a list, expected an object with an entry"},
    {"{\"modules\":{\n\"a b\":{}}}", "FILE:2: modules.a b: expected a module's name of 1 to 64"},
    {"{\"modules\":{\n\"\":{}}}", "FILE:1: modules: expected a module's name of 1 to 64"},
    {"{\"modules\":{\n\"a\":{},\n\"fib\":true}}",
     "FILE:3: modules.fib: found a boolean, expected an object"},
    {"{\"modules\":{\n\"fib\":{\n\"enable\":true}}}",
     "FILE:3: modules.fib.enable: unknown key, did you mean enabled?"},
    {"{\"modules\":{\n\"fib\":{\n\"colour\":true}}}",
     "FILE:3: modules.fib.colour: unknown key; expected enabled, timeout-ms, soft-timeout-ms, pool "
     "or config"},
    {"{\"modules\":{\"fib\":{\"timeout\":1}}}",
     "FILE:1: modules.fib.timeout: unknown key, did you mean timeout-ms?"},
    {"{\"modules\":{\n\"fib\":{\n\"timeout-ms\":\n-1}}}",
     "FILE:3: modules.fib.timeout-ms: found -1, expected an integer from 0 to 2592000000"},
    {"{\"modules\":{\n\"fib\":{\n\"config\":\"hunter2\"}}}",
     "FILE:3: modules.fib.config: found a text, expected an object"},
    {"{\"preload\": [\"fib\", \"../x\"]}", "FILE:1: preload: found \"../x\", expected a module's"},
    {"{\"pools\": []}", "FILE:1: pools: found a list, expected an object with an entry for each "
                        "pool, at most 64"},
    {"{\"pools\":{\n\"a\": 5}}", "FILE:2: pools.a: found a number, expected an object"},
    {"{\"pools\":{\n\"A\": {}}}",
     "FILE:2: pools.A: expected a pool's name of 1 to 32 of [a-z0-9-]"},
    {"{\"pools\":{\n\"\": {}}}", "FILE:1: pools: expected a pool's name of 1 to 32 of [a-z0-9-]"},
    {"{\"pools\":{\n\"a23456789012345678901234567890123\": {}}}",
     "FILE:2: pools.a23456789012345678901234567890123: expected a pool's name of 1 to 32"},
    {"{\"pools\":{\n\"default\": {}}}", "FILE:2: pools.default: expected another name: the keys of "
                                        "default are those of the top level"},
    {"{\"pools\":{\n\"a\":{\n\"pool-mx\": 4}}}",
     "FILE:3: pools.a.pool-mx: unknown key, did you mean pool-max?"},
    {"{\"pools\":{\"a\":{\n\"colour\": 4}}}",
     "FILE:2: pools.a.colour: unknown key; expected pool-max, job-max, preload, "},
    {"{\"pools\":{\"a\":{\n\"kill-grace-ms\": 4}}}", "FILE:2: pools.a.kill-grace-ms: unknown key"},
    {"{\"pools\":{\"a\":{\n\"pool-max\": 0}}}",
     "FILE:2: pools.a.pool-max: found 0, expected an integer from 1 to 10000"},
    {"{\"pools\":{\"a\":{\"nice\":\n-21}}}",
     "FILE:1: pools.a.nice: found -21, expected an integer from -20 to 19"},
    {"{\"pools\":{\"b\": {},\n\"a\":{\"pool-max\": 2,\n\"pool-start\": 3}}}",
     "FILE:3: pools.a.pool-start: found 3, expected at most pool-max, 2"},
    {"{\"pools\":{\"a\":{\n\"pool-start\": 5}}}",
     "FILE:2: pools.a.pool-start: found 5, expected at most pool-max, 4"},
    {"{\"pools\":{\"a\":{\n\"preload\": [\"fib\", \"../x\"]}}}",
     "FILE:2: pools.a.preload: found \"../x\", expected a module's name"},
    {"{\"pools\":{\"a\":{}},\n\"modules\":{\"x\":{},\"fib\":{\n\"pool\":\"b\"}}}",
     "FILE:3: modules.fib.pool: found \"b\", expected default or an entry of pools"},
    {"{\"modules\":{\"fib\":{\n\"pool\":\"\"}}}",
     "FILE:2: modules.fib.pool: found \"\", expected a text of 1 to 32 bytes"},
    {"{\"pool-max\": 3,\n\"pool-start\": 4}",
     "FILE:2: pool-start: found 4, expected at most pool-max, 3"},
    {"{\n\"payload-max\": 1048576, \"payload-total-max\": 1048575}",
     "FILE:2: payload-total-max: found 1048575, expected at least payload-max, 1048576"},
    {"{\n\"payload-max\": 1073741824}", "FILE:2: payload-max: found 1073741824, but "
                                        "payload-total-max is 268435456 by default and must "
                                        "be at least payload-max: raise it too"},
    {"{\n\"payload-max\": 67108864}", "FILE:2: payload-max: found 67108864, but client-output-max "
                                      "is 67108864 by default and must be "
                                      "more than payload-max: raise it too"},
    {"{\n\"payload-max\": 1073741824, \"payload-total-max\": 1073741824}",
     "FILE:2: payload-max: found 1073741824, but output-total-max is 536870912 by default and must "
     "be at least payload-max: raise it too"},
    {"{\n\"output-total-max\": 1048576}",
     "FILE:2: output-total-max: found 1048576, expected at least payload-max, 16777216 by default"},
    {"{\n\"payload-total-max\": 2048}",
     "FILE:2: payload-total-max: found 2048, expected at least payload-max, 16777216 by default"},
    {"{\"pool-start\": 5}", "FILE:1: pool-start: found 5, expected at most pool-max, 4 by default"},
    {"{\"client-output-max\":\n16777216}",
     "FILE:1: client-output-max: found 16777216, expected more than payload-max, 16777216"},
    {"{\"worker-listen\": \"unix:/x\"}", "FILE:1: worker-listen: found \"unix:/x\", expected"},
};

START_TEST(test_bad_files)
{
    const char *found = refusal(bad_files[_i].text, NULL);
    ck_assert_msg(strncmp(found, bad_files[_i].error, strlen(bad_files[_i].error)) == 0,
                  "found    %s\nexpected %s", found, bad_files[_i].error);
}
END_TEST

START_TEST(test_unreadable_files)
{
    struct config_args args = {.program = "test_config", .file = dir};
    ck_assert_ptr_null(config_load(&settings_schema, &args, error, sizeof error));
    ck_assert_ptr_nonnull(strstr(error, "Is a directory"));
    args.file = "/nonexistent/conf";
    ck_assert_ptr_null(config_load(&settings_schema, &args, error, sizeof error));
    ck_assert_str_eq(error, "/nonexistent/conf: No such file or directory");
    write_bytes(file, "{\0}", 3);
    args.file = file;
    ck_assert_ptr_null(config_load(&settings_schema, &args, error, sizeof error));
    char tiny[8];
    ck_assert_ptr_null(config_load(&settings_schema, &args, tiny, sizeof tiny));
    ck_assert_uint_eq(strlen(tiny), sizeof tiny - 1);
}
END_TEST

/* Each key, wrong, alone on its line behind all kinds of values. */
START_TEST(test_every_key_has_its_line)
{
    struct config_cursor cursor = {0};
    while (config_schema_next(&settings_schema, &cursor)) {
        const char *key = cursor.key.option->key;
        if (cursor.key.option->kind == OPTION_ENTRIES)
            continue;
        char *text = xasprintf("{\n\"modules\": {\"x\": {\"config\": {\"%s\": \"\\\"}\"}}},\n%s\n"
                               "\"%s\": %s\n}",
                               key, strcmp(key, "user") ? "\"user\": \"{\"," : "", key, "1.25");
        char *expected = xasprintf("FILE:4: %s: found 1.25, expected ", key);
        const char *found = refusal(text, NULL);
        ck_assert_msg(strncmp(found, expected, strlen(expected)) == 0, "%s", found);
        free(expected);
        free(text);
    }
}
END_TEST

START_TEST(test_file_and_overrides)
{
    struct config *config =
        load("{\"pool-max\": 8, \"job-max\": 5, \"log-level\": \"debug\", \"listen\": "
             "[\"[::1]:1\", \"unix:/x\"], \"user\": \"a\"}",
             "job-max=6", "job-max=7", "user=b", NULL);
    ck_assert_uint_eq(settings_of(config)->jobs.pool.pool_max, 8);
    ck_assert_uint_eq(settings_of(config)->jobs.pool.job_max, 7);
    ck_assert_int_eq(settings_of(config)->log.level, LOG_DEBUG);
    ck_assert_uint_eq(settings_of(config)->clients.peers.listen.count, 2);
    ck_assert_str_eq(settings_of(config)->clients.peers.listen.items[1], "unix:/x");
    ck_assert_str_eq(settings_of(config)->identity.user, "b");
    config_free(config);
    /* An override makes good a fault of the file alone. */
    config_free(load("{\"pool-start\": 9}", "pool-max=9", NULL));
}
END_TEST

START_TEST(test_a_start_reads_a_pipe)
{
    int ends[2];
    char path[32];
    ck_assert_int_eq(pipe(ends), 0);
    ck_assert_int_eq(write(ends[1], "{\"pool-max\": 7}", 15), 15);
    close(ends[1]);
    snprintf(path, sizeof path, "/dev/fd/%d", ends[0]);
    struct config_args args = {.program = "test_config", .file = path};
    struct config *config = config_load(&settings_schema, &args, error, sizeof error);
    ck_assert_msg(config != NULL, "%s", error);
    ck_assert_uint_eq(settings_of(config)->jobs.pool.pool_max, 7);
    config_free(config);
    close(ends[0]);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("apply");
    TCase *tc = tcase_create("apply");
    tcase_add_checked_fixture(tc, configs_setup, configs_teardown);
    tcase_add_loop_test(tc, test_bad_files, 0, sizeof bad_files / sizeof bad_files[0]);
    tcase_add_test(tc, test_unreadable_files);
    tcase_add_test(tc, test_every_key_has_its_line);
    tcase_add_test(tc, test_file_and_overrides);
    tcase_add_test(tc, test_a_start_reads_a_pipe);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
