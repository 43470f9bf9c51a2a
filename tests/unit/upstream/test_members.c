/* test_members: the two ways to walk a header tell the same members. */
#include "upstream/members.h"

#include "tests/unit/support.h"

static char seen[1024];

static void note(void *arg, const struct member *member)
{
    size_t len = strlen(seen);
    (void)arg;
    snprintf(seen + len, sizeof seen - len, "%.*s=%.*s;", (int)member->key.len, member->key.text,
             (int)member->value.len, member->value.text);
}

static bool scan(const char *text)
{
    seen[0] = '\0';
    return members_scan(text, strlen(text), note, NULL);
}

static void walk(const char *text)
{
    seen[0] = '\0';
    ck_assert(members_are_valid(text, strlen(text)));
    members_walk(text, note, NULL);
}

START_TEST(test_plain_headers)
{
    static const char text[] = "{\"event\":\"done\",\"id\":7,\"size\":0}\n";
    static const char expected[] = "\"event\"=\"done\";\"id\"=7;\"size\"=0;";
    ck_assert(scan(text));
    ck_assert_str_eq(seen, expected);
    walk(text);
    ck_assert_str_eq(seen, expected);
}
END_TEST

START_TEST(test_other_headers)
{
    static const char *const texts[] = {
        "{}", "{ \"a\":1}", "{\"a\":1.5}", "{\"a\":[1]}", "{\"a\":\"\\n\"}", "{\"a\":true}",
        "[]", "",
    };
    for (size_t i = 0; i < SUPPORT_COUNT(texts); i++)
        ck_assert_msg(!scan(texts[i]), "%s", texts[i]);
    walk("{ \"a\" : [1, {\"b\":\"}\"}] , \"c\":\"\\\"\"\t}\r\n");
    ck_assert_str_eq(seen, "\"a\"=[1, {\"b\":\"}\"}];\"c\"=\"\\\"\";");
    walk("{}");
    ck_assert_str_eq(seen, "");
}
END_TEST

START_TEST(test_texts_that_are_no_objects)
{
    static const char *const texts[] = {"", "[]", "{", "{\"a\":1,\"a\":2}", "{\"a\":01}", "{} x"};
    for (size_t i = 0; i < SUPPORT_COUNT(texts); i++)
        ck_assert_msg(!members_are_valid(texts[i], strlen(texts[i])), "%s", texts[i]);
}
END_TEST

START_TEST(test_values)
{
    ck_assert(member_is_word(&(struct json_piece){"\"done\"", 6}, "done"));
    ck_assert(!member_is_word(&(struct json_piece){"\"done\"", 6}, "don"));
    ck_assert(!member_is_word(&(struct json_piece){"123456", 6}, "2345"));
    ck_assert_uint_eq(member_number(&(struct json_piece){"17", 2}), 17);
    ck_assert_uint_eq(member_number(&(struct json_piece){"1.5", 3}), 0);
    ck_assert_uint_eq(member_number(&(struct json_piece){"\"1\"", 3}), 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("upstream_members");
    TCase *tc = tcase_create("members");
    suite_add_tcase(suite, tc);
    tcase_add_test(tc, test_plain_headers);
    tcase_add_test(tc, test_other_headers);
    tcase_add_test(tc, test_texts_that_are_no_objects);
    tcase_add_test(tc, test_values);
    return run_suite(suite);
}
