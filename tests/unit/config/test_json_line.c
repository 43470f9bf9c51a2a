/* test_json_line: keys are found by their text; brackets and quotes in texts mislead nobody. */
#include "config/json_line.h"

#include "tests/unit/suite.h"

#include <check.h>

START_TEST(test_key_lines)
{
    static const char text[] = "\n{ \"a\": \"}\\\"{\\\\\",\n"
                               "  \"b\": [ {\"c\": 1}, \"]\",\n"
                               "    2 ],\n"
                               "  \"n\\u0061me\"\n"
                               "    : {\n"
                               "    \"a\": { \"c\": {} },\n"
                               "    \"c\": 3\n"
                               "  },\n"
                               "  \"c\": \"{\\n\", \"last\": {}\n"
                               "}\n";
    static const struct {
        const char *path[3];
        size_t depth;
        unsigned line;
    } cases[] = {
        {{"a"}, 1, 2},
        {{"b"}, 1, 3},
        {{"name"}, 1, 5},
        {{"c"}, 1, 10},
        {{"last"}, 1, 10},
        {{"none"}, 1, 0},
        {{"name", "a"}, 2, 7},
        {{"name", "c"}, 2, 8},
        {{"name", "a", "c"}, 3, 7},
        {{"name", "none"}, 2, 5},
        {{"a", "c"}, 2, 2},
        {{"b", "c"}, 2, 3},
        {{"last", "c"}, 2, 10},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        ck_assert_msg(json_key_line(text, cases[i].path, cases[i].depth) == cases[i].line,
                      "case %zu", i);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("json_line");
    TCase *tc = tcase_create("json_line");
    tcase_add_test(tc, test_key_lines);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
