/* test_token_text: the tokens in a text, and the errors in a malformed text. */
#include "common/token_text.h"

#include "tests/unit/support.h"

static char text[1024];
static struct token_text reader;

static void begin(const char *words, size_t len)
{
    memcpy(text, words, len);
    text[len] = '\0';
    reader = token_text_begin(text, len);
}

static void assert_token(const char *token, unsigned line)
{
    const char *found = token_text_next(&reader);
    ck_assert_ptr_nonnull(found);
    ck_assert_str_eq(found, token);
    ck_assert_uint_eq(reader.line, line);
}

/* The same result for every further call. */
static void assert_end(const char *why)
{
    for (int i = 0; i < 2; i++) {
        ck_assert_ptr_null(token_text_next(&reader));
        ck_assert_msg(strncmp(reader.why, why, strlen(why)) == 0 && !*why == !*reader.why, "%s",
                      reader.why);
    }
}

START_TEST(test_tokens)
{
    static const char words[] = "# one\n\n\t first-of-all \r\n #\xc3\xa9\nsecond of all#\r\n\r\n"
                                "third-~!one";
    begin(words, sizeof words - 1);
    assert_token("first-of-all", 3);
    assert_token("second of all#", 5);
    assert_token("third-~!one", 7);
    assert_end("");
}
END_TEST

START_TEST(test_none)
{
    static const char *const empty[] = {"", "\n", "#", "# a comment", " \t\r\n#\n"};
    for (size_t i = 0; i < SUPPORT_COUNT(empty); i++) {
        begin(empty[i], strlen(empty[i]));
        assert_end("");
    }
}
END_TEST

static const struct {
    const char *text;
    size_t len;
    unsigned line;
    const char *why;
} faults[] = {
    {"1234567\n", 8, 1, "found 7 characters; expected a token of 8 to 256 printable ASCII "},
    {"#\n\xef\xbb\xbf"
     "12345678",
     13, 2, "found a byte order mark (BOM); expected "},
    {"1234\xef\xbb\xbf"
     "5678",
     11, 1, "found a byte order mark (BOM); expected "},
    {"12345678\r12345678\r", 18, 1, "found a CR inside the line"},
    {"12345678\t9\n", 11, 1, "found the byte 0x09; expected "},
    {"12345678\x7f", 9, 1, "found the byte 0x7f; expected "},
    {"12345678\xff", 9, 1, "found the byte 0xff; expected "},
    {"#\0\n12345678", 11, 0, "expected text, found a NUL at byte 1"},
    {"\xff\xfe"
     "1\0002\0",
     6, 0, "found UTF-16 text; expected "},
    {"\xfe\xff\0001\0002", 6, 0, "found UTF-16 text; expected "},
};

START_TEST(test_faults)
{
    begin(faults[_i].text, faults[_i].len);
    assert_end(faults[_i].why);
    ck_assert_uint_eq(reader.line, faults[_i].line);
    ck_assert_ptr_null(strstr(reader.why, "1234"));
}
END_TEST

/* A reader of only the first token does not care about the rest. */
START_TEST(test_a_fault_behind_a_token)
{
    begin("a-good-token\nbad\n", 17);
    assert_token("a-good-token", 1);
    assert_end("found 3 characters; ");
}
END_TEST

START_TEST(test_lengths)
{
    char longest[TOKEN_LEN_MAX + 2];
    memset(longest, 't', sizeof longest);
    begin(longest, TOKEN_LEN_MAX);
    longest[TOKEN_LEN_MAX] = '\0';
    assert_token(longest, 1);
    longest[TOKEN_LEN_MAX] = 't';
    begin(longest, TOKEN_LEN_MAX + 1);
    assert_end("found 257 characters; ");
    begin("12345678", 8);
    assert_token("12345678", 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("token_text");
    TCase *tc = tcase_create("token_text");
    tcase_add_test(tc, test_tokens);
    tcase_add_test(tc, test_none);
    tcase_add_loop_test(tc, test_faults, 0, SUPPORT_COUNT(faults));
    tcase_add_test(tc, test_a_fault_behind_a_token);
    tcase_add_test(tc, test_lengths);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
