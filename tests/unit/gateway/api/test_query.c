/* query: items, and decoding. test_http_jobs.py has the refusals. */
#include "gateway/api/api.h"
#include "gateway/api/query.h"
#include "tests/unit/suite.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* "name=value;" for each item, as sent. */
static void expect_items(const char *query, const char *wanted)
{
    char text[256] = "";
    size_t len = 0;
    struct query_item item;
    while (query_next(&query, &item))
        len += (size_t)snprintf(text + len, sizeof text - len, "%.*s=%.*s;", (int)item.name_len,
                                item.name, (int)item.value_len, item.value_len ? item.value : "");
    ck_assert_str_eq(text, wanted);
}

START_TEST(test_items)
{
    expect_items(NULL, "");
    expect_items("", "");
    expect_items("a=1", "a=1;");
    expect_items("a=1&b=2", "a=1;b=2;");
    expect_items("&&a=1&&b&", "a=1;b=;");
    expect_items("a==1", "a==1;");
    expect_items("=1", "=1;");
    expect_items("kill", "kill=;");
    expect_items("a=%26&b=+", "a=%26;b=+;");
}
END_TEST

static void expect_decoded(const char *text, int len, const char *wanted)
{
    char to[8];
    ck_assert_int_eq(query_decode(text, strlen(text), to, sizeof to), len);
    if (len >= 0)
        ck_assert_str_eq(to, wanted);
}

START_TEST(test_decoding)
{
    expect_decoded("", 0, "");
    expect_decoded("a+b", 3, "a b");
    expect_decoded("%41%7a%2B", 3, "Az+");
    expect_decoded("%e2%82%ac", 3, "\xe2\x82\xac");
    expect_decoded("1234567", 7, "1234567");
    expect_decoded("12345678", -1, NULL);
    expect_decoded("%", -1, NULL);
    expect_decoded("%4", -1, NULL);
    expect_decoded("%4g", -1, NULL);
    expect_decoded("%00", -1, NULL);
    ck_assert_int_eq(query_decode("%41", 2, (char[8]){0}, 8), -1);
}
END_TEST

START_TEST(test_rows)
{
    static const struct api_parameter rows[] = {{.name = "module"}, {.name = "at"}, {.name = NULL}};
    const char *query = "at=1&mod%75le=x&modul=y&a=1&at2=1";
    const struct api_parameter *const wanted[] = {&rows[1], &rows[0], NULL, NULL, NULL};
    struct query_item item;
    for (size_t i = 0; query_next(&query, &item); i++)
        ck_assert_msg(query_row(rows, &item) == wanted[i], "item %zu", i);
    ck_assert_ptr_null(query_row(NULL, &item));
}
END_TEST

/* Any text of the characters that count: each read stays within it, as the sanitizers see. */
START_TEST(test_garbage)
{
    static const char letters[] = "ab=&%+0fF";
    char query[32], value[8];
    unsigned seed = 1;
    for (int round = 0; round < 20000; round++) {
        size_t len = (unsigned)rand_r(&seed) % sizeof query;
        for (size_t i = 0; i < len; i++)
            query[i] = letters[(unsigned)rand_r(&seed) % (sizeof letters - 1)];
        char *exact = strndup(query, len);
        const char *at = exact;
        struct query_item item;
        while (query_next(&at, &item)) {
            int got = query_decode(item.value, item.value_len, value, sizeof value);
            ck_assert(got < (int)sizeof value && (got < 0 || strlen(value) == (size_t)got));
        }
        ck_assert_ptr_eq(at, exact + len);
        free(exact);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("query");
    TCase *tc = tcase_create("query");
    tcase_add_test(tc, test_items);
    tcase_add_test(tc, test_decoding);
    tcase_add_test(tc, test_rows);
    tcase_add_test(tc, test_garbage);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
