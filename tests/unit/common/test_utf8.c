/* UTF-8: every code point, and invalid bytes. */
#include "common/utf8.h"
#include "tests/unit/suite.h"

#include <check.h>
#include <stdint.h>
#include <stdlib.h>

static size_t encode(uint32_t code, char *text)
{
    if (code < 0x80) {
        text[0] = (char)code;
        return 1;
    }
    size_t n = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    static const unsigned char first[] = {0, 0, 0xc0, 0xe0, 0xf0};
    for (size_t i = n - 1; i > 0; i--, code >>= 6)
        text[i] = (char)(0x80 | (code & 0x3f));
    text[0] = (char)(first[n] | code);
    return n;
}

START_TEST(test_code_points)
{
    char text[5];
    for (uint32_t code = 0; code < 0x140000; code++) {
        size_t n = encode(code, text);
        bool is_one = code < 0xd800 || (code > 0xdfff && code < 0x110000);
        text[n] = 'x';
        if (utf8_length(text, n) != (is_one ? n : 0) || utf8_length(text, 5) != (is_one ? n : 0))
            ck_abort_msg("U+%04X", code);
        bool is_control = code < 0x20 || (code >= 0x7f && code < 0xa0);
        if (is_one && utf8_is_control(text, n) != is_control)
            ck_abort_msg("U+%04X: control", code);
        for (size_t cut = 1; cut < n; cut++)
            if (utf8_length(text, cut))
                ck_abort_msg("U+%04X cut to %zu bytes", code, cut);
    }
}
END_TEST

START_TEST(test_no_code_points)
{
    static const char *const bad[] = {
        "\x80",     "\xbf",         "\xc0\x80",     "\xc1\xbf",         "\xe0\x80\x80",
        "\xe0\x9f", "\xe0\x9f\xbf", "\xf0\x80\x80", "\xf0\x8f\xbf\xbf", "\xf5\x80\x80\x80",
        "\xfe",     "\xff",         "\xc2x",        "\xe2\x82x",        "\xf0\x9f\x98x",
        "\xc2",     "\xe2x\x82",    "\xf0x\x9f\x98"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        ck_assert_msg(utf8_length(bad[i], 4) == 0, "number %zu", i);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("utf8");
    TCase *tc = tcase_create("utf8");
    tcase_add_test(tc, test_code_points);
    tcase_add_test(tc, test_no_code_points);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
