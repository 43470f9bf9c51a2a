/* test_parameter: values of parameters, and their schemas. */
#include "gateway/api/api.h"
#include "gateway/api/parameter.h"

#include "tests/unit/support.h"

static const char *const words[] = {"fail", "run", NULL};

static const struct api_parameter text = {.name = "text", .kind = API_TEXT, .min = 1, .max = 4};
static const struct api_parameter number = {
    .name = "number", .kind = API_UINT, .min = 1, .max = 1000};
static const struct api_parameter any_number = {.name = "any", .kind = API_UINT, .max = UINT32_MAX};
static const struct api_parameter long_number = {
    .name = "long", .kind = API_UINT, .max = UINT64_C(1) << 53};
static const struct api_parameter word = {.name = "word", .kind = API_WORD, .words = words};
static const struct api_parameter flag = {.name = "flag", .kind = API_FLAG};
static const struct api_parameter any = {.name = "any", .schema = "{\"type\":\"object\"}"};

static const struct {
    const struct api_parameter *row;
    const char *value;
    const char *expected; /* NULL: the value is permitted */
} cases[] = {
    {&text, "a", NULL},
    {&text, "abcd", NULL},
    {&text, "", "1 to 4 bytes"},
    {&text, "abcde", "1 to 4 bytes"},
    {&number, "1", NULL},
    {&number, "1000", NULL},
    {&number, "0", "an integer from 1 to 1000, in digits only"},
    {&number, "1001", "an integer from 1 to 1000, in digits only"},
    {&number, "01", "an integer from 1 to 1000, in digits only"},
    {&number, "+1", "an integer from 1 to 1000, in digits only"},
    {&number, "1x", "an integer from 1 to 1000, in digits only"},
    {&number, "", "an integer from 1 to 1000, in digits only"},
    {&any_number, "0", NULL},
    {&any_number, "4294967295", NULL},
    {&any_number, "4294967296", "an integer from 0 to 4294967295, in digits only"},
    {&any_number, "18446744073709551617", "an integer from 0 to 4294967295, in digits only"},
    {&long_number, "9007199254740992", NULL},
    {&long_number, "9007199254740993", "an integer from 0 to 9007199254740992, in digits only"},
    {&word, "run", NULL},
    {&word, "ru", "one of fail, run"},
    {&word, "", "one of fail, run"},
    {&flag, "", NULL},
    {&flag, "true", "no value"},
    {&any, "anything", NULL},
};

START_TEST(test_values)
{
    char expected[PARAMETER_EXPECTED_MAX];
    for (size_t i = 0; i < SUPPORT_COUNT(cases); i++) {
        bool permits = parameter_permits(cases[i].row, cases[i].value, expected);
        ck_assert_msg(permits == !cases[i].expected, "%s", cases[i].value);
        if (!permits)
            ck_assert_str_eq(expected, cases[i].expected);
    }
}
END_TEST

static void check_schema(const struct api_parameter *row, const char *expected)
{
    json_t *schema = parameter_schema(row);
    char *dumped = json_dumps(schema, JSON_COMPACT);
    ck_assert_str_eq(dumped, expected);
    free(dumped);
    json_decref(schema);
}

START_TEST(test_schemas)
{
    check_schema(&text, "{\"type\":\"string\",\"minLength\":1,\"maxLength\":4}");
    check_schema(&number, "{\"type\":\"integer\",\"minimum\":1,\"maximum\":1000}");
    check_schema(&word, "{\"type\":\"string\",\"enum\":[\"fail\",\"run\"]}");
    check_schema(&flag, "{\"type\":\"string\",\"enum\":[\"\"]}");
    check_schema(&any, "{\"type\":\"object\"}");
    check_schema(&(struct api_parameter){.name = "other"}, "{\"type\":\"string\"}");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("parameter");
    TCase *tc = tcase_create("rows");
    tcase_add_test(tc, test_values);
    tcase_add_test(tc, test_schemas);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
