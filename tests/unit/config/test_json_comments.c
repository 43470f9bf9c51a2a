/* test_json_comments: comments become blanks, texts with their characters stay, and so do lines. */
#include "config/json_comments.h"

#include "tests/unit/support.h"

static const struct {
    const char *text, *blanked;
} cases[] = {
    {"", ""},
    {"{\"a\": 1}", "{\"a\": 1}"},
    {"#", " "},
    {"//", "  "},
    {"/", "/"},
    {"/ /", "/ /"},
    {"{} # a \"b\" // c\n1", "{}             \n1"},
    {"// a\r\n{}\n//", "     \n{}\n  "},
    {"\"http://a#b\"// c", "\"http://a#b\"    "},
    {"\"a\\\"// b\" // c", "\"a\\\"// b\"     "},
    {"\"a\\\\\"// c", "\"a\\\\\"    "},
    {"\"open\n# c\n\"// d\"", "\"open\n   \n\"// d\""},
    {"\"\\", "\"\\"},
    {"\"\\\n# c", "\"\\\n   "},
    {"#\xff\xfe", "   "},
};

START_TEST(test_cases)
{
    char text[64];
    size_t len = strlen(cases[_i].text);
    memcpy(text, cases[_i].text, len + 1);
    json_comments_blank(text, len);
    ck_assert_str_eq(text, cases[_i].blanked);
}
END_TEST

/* The text may hold a NUL: its length counts. */
START_TEST(test_a_nul)
{
    char text[] = "a\0# b";
    json_comments_blank(text, sizeof text - 1);
    ck_assert_mem_eq(text, "a\0   ", sizeof text);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("json_comments");
    TCase *tests = tcase_create("json_comments");
    tcase_add_loop_test(tests, test_cases, 0, SUPPORT_COUNT(cases));
    tcase_add_test(tests, test_a_nul);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
