/* report: payloads as members of JSON. */
#include "base/json_writer.h"
#include "base/payload.h"
#include "gateway/api/report.h"
#include "tests/unit/suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static void expect_bytes(const char *bytes, size_t len, const char *wanted)
{
    struct json_writer json;
    json_writer_open(&json);
    report_bytes(&json, bytes, len);
    char *text = json_writer_close(&json);
    ck_assert_str_eq(text, wanted);
    free(text);
}

START_TEST(test_bytes)
{
    expect_bytes("", 0, "\"payload\":\"\"");
    expect_bytes("832040", 6, "\"payload\":\"832040\"");
    expect_bytes("\"\n", 2, "\"payload\":\"\\\"\\u000a\"");
    expect_bytes("\xc3\xa9", 2, "\"payload\":\"\xc3\xa9\"");
    expect_bytes("\xff\xfe\x80", 3, "\"payload_base64\":\"//6A\"");
    expect_bytes("a\0b", 3, "\"payload_base64\":\"YQBi\"");
    expect_bytes("\xc3", 1, "\"payload_base64\":\"ww==\"");
}
END_TEST

/* Whole characters alone, whatever the last one's length. */
START_TEST(test_whole)
{
    ck_assert_uint_eq(report_whole("abc", 3), 3);
    ck_assert_uint_eq(report_whole("ab\xc3\xa9", 4), 4);
    ck_assert_uint_eq(report_whole("ab\xc3", 3), 2);
    ck_assert_uint_eq(report_whole("a\xe2\x82\xac", 4), 4);
    ck_assert_uint_eq(report_whole("a\xe2\x82", 3), 1);
    ck_assert_uint_eq(report_whole("a\xe2", 2), 1);
    ck_assert_uint_eq(report_whole("a\xf0\x9f\x98\x80", 5), 5);
    ck_assert_uint_eq(report_whole("a\xf0\x9f\x98", 4), 1);
    ck_assert_uint_eq(report_whole("\xf0\x9f", 2), 0);
    ck_assert_uint_eq(report_whole("", 0), 0);
    /* No characters at all: the bytes are told in base64, so any cut is right. */
    ck_assert_uint_ge(report_whole("\x80\x80\x80\x80\x80\x80", 6), 1);
}
END_TEST

START_TEST(test_copy)
{
    struct payload_budget budget = {.max = 1 << 20};
    struct payload *payload = payload_from(&budget, "0123456789", 10);
    char *bytes = report_copy(payload, 3, 4);
    ck_assert_str_eq(bytes, "3456");
    free(bytes);
    payload_unref(payload);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("report");
    TCase *tc = tcase_create("report");
    tcase_add_test(tc, test_bytes);
    tcase_add_test(tc, test_whole);
    tcase_add_test(tc, test_copy);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
