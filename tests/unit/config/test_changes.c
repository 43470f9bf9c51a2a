/* test_changes: the difference between two configs, by key. */
#include "config/config.h"

#include "tests/unit/configs.h"

/* Compares two files. */
static void check_changes(const char *before_text, const char *after_text, const char *expected)
{
    char keys[256] = "";
    struct config *before = load(before_text, NULL), *after = load(after_text, NULL);
    config_changes(before, after, note_key, keys);
    ck_assert_str_eq(keys, expected);
    config_free(after);
    config_free(before);
}

START_TEST(test_changes)
{
    char keys[256] = "";
    struct config *before = load(NULL, NULL);
    struct config *after = load(NULL, "listen=unix:/x", "pool-max=9", "group=g", NULL);
    config_changes(before, before, note_key, keys);
    ck_assert_str_eq(keys, "");
    config_changes(before, after, note_key, keys);
    ck_assert_str_eq(keys, "listen pool-max group ");
    config_free(after);
    config_free(before);
}
END_TEST

START_TEST(test_changes_of_pools)
{
    static const char some[] = "{\"pools\": {\"b\": {\"job-max\": 1}, \"a\": {\"nice\": 1}}}";
    check_changes(some, some, "");
    check_changes("{}", some, "pools.a pools.b ");
    check_changes(some, "{}", "pools.a pools.b ");
    check_changes(some, "{\"pools\": {\"a\": {\"nice\": 1}, \"b\": {\"job-max\": 1}}}", "");
    check_changes(some, "{\"pools\": {\"a\": {}, \"b\": {\"pool-max\": 9}}}",
                  "pools.a.nice pools.b.pool-max pools.b.job-max ");
    check_changes(some, "{\"pools\": {\"c\": {}, \"b\": {\"job-max\": 1, \"preload\": [\"fib\"]}}}",
                  "pools.a pools.b.preload pools.c ");
}
END_TEST

START_TEST(test_changes_of_modules)
{
    check_changes("{}", "{\"modules\": {\"a\": {\"enabled\": false}}}", "modules ");
    check_changes("{\"modules\": {\"a\": {}}}",
                  "{\"pools\": {\"p\": {}}, \"modules\": {\"a\": {\"pool\": \"p\"}}}",
                  "pools.p modules ");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("changes");
    TCase *tc = tcase_create("changes");
    tcase_add_checked_fixture(tc, configs_setup, configs_teardown);
    tcase_add_test(tc, test_changes);
    tcase_add_test(tc, test_changes_of_pools);
    tcase_add_test(tc, test_changes_of_modules);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
