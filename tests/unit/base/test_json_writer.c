/* test_json_writer: the text is JSON, whatever the texts in it. */
#include "base/json_writer.h"

#include "tests/unit/support.h"

#include <jansson.h>

START_TEST(test_values)
{
    struct json_writer json;
    json_writer_open(&json);
    json_writer_begin(&json, NULL, '{');
    json_writer_uint(&json, "n", UINT64_MAX);
    json_writer_bool(&json, "yes", true);
    json_writer_bool(&json, "no", false);
    json_writer_null(&json, "none");
    json_writer_begin(&json, "list", '[');
    json_writer_uint(&json, NULL, 0);
    json_writer_begin(&json, NULL, '{');
    json_writer_end(&json, '}');
    json_writer_text(&json, NULL, "a");
    json_writer_end(&json, ']');
    json_writer_json(&json, "raw", "[1.10]", 6);
    json_writer_end(&json, '}');
    char *text = json_writer_close(&json);
    ck_assert_str_eq(text, "{\"n\":18446744073709551615,\"yes\":true,\"no\":false,\"none\":null,"
                           "\"list\":[0,{},\"a\"],\"raw\":[1.10]}");
    free(text);
}
END_TEST

/* Values of all sizes fill the text over its first and later sizes. */
START_TEST(test_a_text_grows)
{
    static char value[5000];
    struct json_writer json;
    json_writer_open(&json);
    json_writer_begin(&json, NULL, '[');
    for (size_t len = 1; len < sizeof value; len += 37) {
        memset(value, 'v', len);
        json_writer_text(&json, NULL, value);
        json_writer_uint(&json, NULL, len);
    }
    json_writer_end(&json, ']');
    char *text = json_writer_close(&json);
    json_t *list = json_loads(text, 0, NULL);
    for (size_t i = 0; i + 1 < json_array_size(list); i += 2)
        ck_assert_int_eq((json_int_t)json_string_length(json_array_get(list, i)),
                         json_integer_value(json_array_get(list, i + 1)));
    ck_assert_uint_eq(json_array_size(list), 2 * (size_t)((sizeof value - 2) / 37 + 1));
    json_decref(list);
    free(text);
}
END_TEST

START_TEST(test_fractions)
{
    struct json_writer json;
    json_writer_open(&json);
    json_writer_begin(&json, NULL, '[');
    json_writer_fraction(&json, NULL, 0);
    json_writer_fraction(&json, NULL, 0.25);
    json_writer_fraction(&json, NULL, 0.9999999);
    json_writer_fraction(&json, NULL, 1);
    json_writer_end(&json, ']');
    char *text = json_writer_close(&json);
    ck_assert_str_eq(text, "[0.000000,0.250000,1.000000,1.000000]");
    free(text);
}
END_TEST

static void assert_text(const char *given, const char *expected)
{
    struct json_writer json;
    json_writer_open(&json);
    json_writer_text(&json, NULL, given);
    char *text = json_writer_close(&json);
    json_t *value = json_loads(text, JSON_DECODE_ANY, NULL);
    ck_assert_msg(value != NULL, "no JSON: %s", text);
    if (expected)
        ck_assert_str_eq(json_string_value(value), expected);
    else
        ck_assert(json_is_null(value));
    json_decref(value);
    free(text);
}

START_TEST(test_texts)
{
    assert_text(NULL, NULL);
    assert_text("", "");
    assert_text("a\"b\\c\n\t\x01\x7f", "a\"b\\c\n\t\x01\x7f");
    assert_text("\xc3\xa4\xe2\x82\xac\xf0\x9f\x8e\x89", "\xc3\xa4\xe2\x82\xac\xf0\x9f\x8e\x89");
    assert_text("a\xff\xc3", "a??");
    assert_text("plain \xc3\xa4 plain \\ plain~", "plain \xc3\xa4 plain \\ plain~");
    assert_text("\xed\xa0\x80", "???");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("json_writer");
    TCase *tc = tcase_create("json_writer");
    tcase_add_test(tc, test_values);
    tcase_add_test(tc, test_a_text_grows);
    tcase_add_test(tc, test_fractions);
    tcase_add_test(tc, test_texts);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
