/* test_rows: the edges of each setting, of each kind, from JSON and from the command line. */
#include "config/rows.h"

#include "tests/unit/configs.h"

#include <inttypes.h>

static bool is_number(const struct option *option)
{
    return option->kind == OPTION_UINT32 || option->kind == OPTION_UINT64 ||
           option->kind == OPTION_INT32;
}

/* Sets one key from JSON text, without the checks of several keys together. */
static int set_json(void *part, const struct option *option, const char *text,
                    struct value_error *found)
{
    json_t *value = json_loads(text, JSON_DECODE_ANY, NULL);
    ck_assert_msg(value != NULL, "%s", text);
    int rc = config_rows_set(part, option, value, found);
    json_decref(value);
    return rc;
}

static int set_number(void *part, const struct option *option, int64_t number,
                      struct value_error *found)
{
    char text[32];
    snprintf(text, sizeof text, "%" PRId64, number);
    int rc = set_json(part, option, text, found);
    ck_assert_int_eq(config_rows_set_text(part, option, text, found), rc);
    return rc;
}

START_TEST(test_ranges)
{
    struct config_cursor cursor = {0};
    while (config_schema_next(&settings_schema, &cursor)) {
        const struct option *option = cursor.key.option;
        struct settings settings = {0};
        void *part = (char *)&settings + cursor.key.part;
        struct value_error found;
        char expected[EXPECTED_MAX];
        if (!is_number(option))
            continue;
        int64_t edges[] = {option->min, option->max};
        for (size_t j = 0; j < 2; j++) {
            ck_assert_int_eq(set_number(part, option, edges[j], &found), 0);
            json_t *value = config_rows_get(part, option);
            ck_assert_int_eq(json_integer_value(value), edges[j]);
            json_decref(value);
        }
        config_expected(option, expected);
        int64_t beyond[] = {option->min - 1, option->max + 1, INT64_MIN, INT64_MAX};
        for (size_t j = 0; j < 4; j++) {
            ck_assert_int_eq(set_number(part, option, beyond[j], &found), -1);
            ck_assert_ptr_nonnull(strstr(found.text, expected));
        }
        json_t *value = config_rows_get(part, option);
        ck_assert_int_eq(json_integer_value(value), edges[1]); /* as it was */
        json_decref(value);
    }
}
END_TEST

START_TEST(test_wrong_types)
{
    static const char *const values[] = {"null", "true", "-1",  "1.5",    "1e3", "\"text\"",
                                         "\"\"", "[]",   "[1]", "[\"\"]", "{}",  "{\"a\":1}"};
    static const bool accepted[][12] = {
        [OPTION_UINT32] = {0},
        [OPTION_UINT64] = {0},
        [OPTION_INT32] = {[2] = true},
        [OPTION_BOOL] = {[1] = true},
        [OPTION_STRING] = {[5] = true},
        [OPTION_STRING_LIST] = {[5] = true},
        [OPTION_ENUM] = {0},
        [OPTION_ENTRIES] = {[10] = true},
    };
    struct config_cursor cursor = {0};
    while (config_schema_next(&settings_schema, &cursor)) {
        const struct option *option = cursor.key.option;
        for (size_t j = 0; j < sizeof values / sizeof values[0]; j++) {
            struct settings settings = {0};
            void *part = (char *)&settings + cursor.key.part;
            struct value_error found;
            bool expected = accepted[option->kind][j] ||
                            (j == 0 && option->kind == OPTION_STRING &&
                             strcmp(option->default_text, "null") == 0) ||
                            (j == 5 && strcmp(option->key, "log-format") == 0) ||
                            (j == 7 && strcmp(option->key, "preload") == 0);
            int rc = set_json(part, option, values[j], &found);
            ck_assert_msg(rc == (expected ? 0 : -1), "%s: %s", option->key, values[j]);
            config_rows_release(part, &(struct option_table){option, 1});
        }
    }
}
END_TEST

/* --key=TEXT takes no less and no more than the type. */
START_TEST(test_command_line_texts)
{
    static const struct {
        const char *override;
        bool good;
    } cases[] = {
        {"pool-max=7", true},
        {"pool-max=", false},
        {"pool-max=+7", false},
        {"pool-max= 7", false},
        {"pool-max=7 ", false},
        {"pool-max=0x7", false},
        {"pool-max=7.0", false},
        {"pool-max=-7", false},
        {"pool-max=seven", false},
        {"pool-max=99999999999999999999", false},
        {"pool-max", false},
        {"nice=-20", true},
        {"nice=19", true},
        {"nice=+1", false},
        {"nice=--1", false},
        {"nice=-", false},
        {"nice=- 1", false},
        {"nice=-21", false},
        {"oom-score-adj=-1000", true},
        {"=7", false},
        {"", false},
        {"allow-open-listen=true", true},
        {"allow-open-listen=1", false},
        {"allow-open-listen=yes", false},
        {"log-level=warn", true},
        {"log-level=WARN", false},
        {"log-level=", false},
        {"log-level=loud", false},
        {"socket-mode=0660", true},
        {"socket-mode=600", true},
        {"socket-mode=000", true},
        {"socket-mode=0777", true},
        {"socket-mode=1777", false},
        {"socket-mode=00660", false},
        {"socket-mode=66", false},
        {"socket-mode=0668", false},
        {"socket-mode=", false},
        {"socket-mode=rw-", false},
        {"user=www", true},
        {"user=", false},
        {"token-file=", false},
        {"user=\xff", false},
        {"preload=", true},
        {"preload=a,b-c,d_e", true},
        {"preload=a,,b", false},
        {"preload=a,", false},
        {"preload=\xff", false},
        {"listen=", false},
        {"modules={}", true},
        {"modules={\"fib\":{\"enabled\":false}}", true},
        {"modules=[]", false},
        {"modules={", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *override = cases[i].override;
        if (cases[i].good) {
            config_free(load(NULL, override, NULL));
            continue;
        }
        char origin[64];
        snprintf(origin, sizeof origin, "--%s: ", override);
        ck_assert_msg(strncmp(refusal(NULL, override, NULL), origin, strlen(origin)) == 0, "%s",
                      error);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("rows");
    TCase *tc = tcase_create("rows");
    tcase_add_checked_fixture(tc, configs_setup, configs_teardown);
    tcase_add_test(tc, test_ranges);
    tcase_add_test(tc, test_wrong_types);
    tcase_add_test(tc, test_command_line_texts);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
