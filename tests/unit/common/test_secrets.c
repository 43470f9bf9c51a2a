/* test_secrets: settings that look like secrets are hidden, at any depth. */
#include "common/secrets.h"

#include "tests/unit/suite.h"

#include <stdlib.h>

START_TEST(test_keys)
{
    static const char *const secret[] = {"password",
                                         "DB_Password",
                                         "api-key",
                                         "key",
                                         "auth_token",
                                         "clientSecret",
                                         "aws_secret_access_key",
                                         "privatePem",
                                         "db_pwd",
                                         "pass",
                                         "SMTP_PASS",
                                         "auth"};
    static const char *const open[] = {"",           "path",   "user",  "host",
                                       "timeout_ms", "author", "passed"};
    for (size_t i = 0; i < sizeof secret / sizeof *secret; i++)
        ck_assert_msg(secrets_is_key(secret[i]), "%s", secret[i]);
    for (size_t i = 0; i < sizeof open / sizeof *open; i++)
        ck_assert_msg(!secrets_is_key(open[i]), "%s", open[i]);
}
END_TEST

static void assert_hidden(const char *config, const char *shown)
{
    json_t *value = json_loads(config, 0, NULL);
    secrets_hide(value);
    char *text = json_dumps(value, JSON_COMPACT);
    ck_assert_str_eq(text, shown);
    free(text);
    json_decref(value);
}

START_TEST(test_hide)
{
    assert_hidden("{}", "{}");
    assert_hidden("{\"path\":\"/a\",\"token\":\"x\"}", "{\"path\":\"/a\",\"token\":\"***\"}");
    assert_hidden("{\"db\":{\"host\":\"h\",\"password\":12},\"n\":[1,{\"key\":{\"a\":1}}]}",
                  "{\"db\":{\"host\":\"h\",\"password\":\"***\"},\"n\":[1,{\"key\":\"***\"}]}");
    assert_hidden("{\"tokens\":[\"a\",\"b\"]}", "{\"tokens\":\"***\"}");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("secrets");
    TCase *tc = tcase_create("secrets");
    tcase_add_test(tc, test_keys);
    tcase_add_test(tc, test_hide);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
