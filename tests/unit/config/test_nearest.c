/* test_nearest: the key meant by a slip of the hand. */
#include "config/nearest.h"

#include "all_settings.h"
#include "tests/unit/suite.h"

START_TEST(test_nearest_key)
{
    static const struct {
        const char *key;
        const char *nearest;
    } cases[] = {
        {"pool_max", "pool-max"},
        {"poolmax", "pool-max"},
        {"pool-maxx", "pool-max"},
        {"job-timeout", "job-timeout-ms"},
        {"token-files", "token-file"},
        {"listens", "listen"},
        {"usr", "user"},
        {"x", NULL},
        {"", NULL},
        {"hello", "hello-timeout-ms"},
        {"drain", NULL},
        {"log", NULL},
        {"colour", NULL},
        {"a-key-that-is-longer-than-any-slip-could-ever-be", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *nearest = config_schema_nearest(&settings_schema, cases[i].key);
        ck_assert_pstr_eq(nearest, cases[i].nearest);
    }
}
END_TEST

START_TEST(test_nearest_field)
{
    const struct option *modules = config_schema_find_any(&settings_schema, "modules");
    const struct option_table *fields = &modules->entry->options;
    ck_assert_str_eq(config_table_nearest(fields, "enable"), "enabled");
    ck_assert_str_eq(config_table_nearest(fields, "timeout"), "timeout-ms");
    ck_assert_ptr_null(config_table_nearest(fields, "worker-window"));
    ck_assert_ptr_null(config_table_nearest(fields, ""));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("nearest");
    TCase *tc = tcase_create("nearest");
    tcase_add_test(tc, test_nearest_key);
    tcase_add_test(tc, test_nearest_field);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
