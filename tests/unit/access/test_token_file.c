/* test_token_file: the tokens of a file, and the faults of one. No fault shows any of the text. */
#include "access/token_file.h"

#include "tests/unit/support.h"

#include <unistd.h>

static char path[64], error[512];
static struct token_set set;

static void setup(void)
{
    strcpy(path, "/tmp/test_token_file.XXXXXX");
    int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    close(fd);
}

static void teardown(void)
{
    token_set_free(&set);
    unlink(path);
}

static int read_text(const char *text, size_t len)
{
    FILE *stream = fopen(path, "w");
    ck_assert(stream && fwrite(text, 1, len, stream) == len && fclose(stream) == 0);
    return token_file_read(path, FILE_REGULAR, &set, error, sizeof error);
}

START_TEST(test_each_line_is_a_token)
{
    static const char text[] = "\n  first token \t\r\n# a comment\r\n\tsecond-~!token";
    ck_assert_int_eq(read_text(text, sizeof text - 1), 0);
    ck_assert_uint_eq(set.count, 2);
    ck_assert_str_eq(set.tokens[0].text, "first token");
    ck_assert_str_eq(set.tokens[1].text, "second-~!token");
    ck_assert_ptr_nonnull(token_set_find(&set, "first token"));
}
END_TEST

#define TEXT(literal) literal, sizeof literal - 1

static const struct {
    const char *text;
    size_t len;
    const char *expected; /* behind the file's name */
} faults[] = {
    {TEXT("secret7"), ":1: found 7 characters; expected a token of 8 to 256 "},
    {TEXT("good-token\n\nsecret\n"), ":3: found 6 characters; expected "},
    {TEXT("secret\x1b[31m"), ":1: found the byte 0x1b; expected "},
    {TEXT(""), ": expected at least one token"},
    {TEXT("# secret-one\n"), ": expected at least one token"},
    {TEXT("secret-one\0more\n"), ": expected text, found a NUL"},
};

START_TEST(test_a_fault_is_told_with_its_line)
{
    size_t name_len = strlen(path);
    ck_assert_int_eq(read_text(faults[_i].text, faults[_i].len), -1);
    ck_assert_msg(strncmp(error, path, name_len) == 0, "%s", error);
    ck_assert_msg(strncmp(error + name_len, faults[_i].expected, strlen(faults[_i].expected)) == 0,
                  "%s", error);
    ck_assert_ptr_null(strstr(error, "secret"));
}
END_TEST

START_TEST(test_a_file_has_at_most_64_tokens)
{
    char many[65 * 10 + 1] = "";
    for (int i = 0; i < TOKEN_COUNT_MAX + 1; i++)
        strcat(many, "secret-99\n");
    ck_assert_int_eq(read_text(many, strlen(many)), -1);
    ck_assert_ptr_nonnull(strstr(error, ":65: expected at most 64 tokens"));
    token_set_free(&set);
    ck_assert_int_eq(read_text(many, strlen(many) - 10), 0);
    ck_assert_uint_eq(set.count, 64);
}
END_TEST

START_TEST(test_a_missing_file_is_a_fault)
{
    unlink(path);
    ck_assert_int_eq(token_file_read(path, FILE_REGULAR, &set, error, sizeof error), -1);
    ck_assert_ptr_nonnull(strstr(error, ": No such file or directory"));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("token_file");
    TCase *tc = tcase_create("token_file");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, test_each_line_is_a_token);
    tcase_add_loop_test(tc, test_a_fault_is_told_with_its_line, 0, SUPPORT_COUNT(faults));
    tcase_add_test(tc, test_a_file_has_at_most_64_tokens);
    tcase_add_test(tc, test_a_missing_file_is_a_fault);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
