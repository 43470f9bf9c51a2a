/* Control characters and stray bytes become question marks; all other text stays. */
#include "client/lib/clean.h"
#include "tests/unit/suite.h"

#include <check.h>
#include <string.h>

START_TEST(clean)
{
    static const char *const cases[][2] = {
        {"", ""},
        {"abc", "abc"},
        {"a\nb\tc\x1b\x7f", "a?b?c??"},
        {"\xc3\xa4 \xe2\x82\xac \xf0\x9f\x8e\x89", "\xc3\xa4 \xe2\x82\xac \xf0\x9f\x8e\x89"},
        {"\xc2\x80x\xc2\x9bx\xc2\xa0", "??x??x\xc2\xa0"},
        {"\x9b[2J", "?[2J"},           /* a byte of no character */
        {"\xc3\xa4\x9b", "\xc3\xa4?"}, /* one too many */
        {"\xe2\x82", "\xe2\x82"},      /* cut off */
        {"\xe2\x1b\x9b", "\xe2??"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[32];
        strcpy(text, cases[i][0]);
        tmc_clean(text);
        ck_assert_str_eq(text, cases[i][1]);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        clean,
    };
    TCase *tcase = tcase_create("clean");
    tcase_set_timeout(tcase, 120);
    for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++)
        tcase_add_test(tcase, tests[i]);
    Suite *suite = suite_create("client clean");
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
