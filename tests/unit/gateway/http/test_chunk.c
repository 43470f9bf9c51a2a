/* test_chunk: the lines of chunked bodies. */
#include "gateway/http/chunk.h"
#include "tests/unit/support.h"

static const struct {
    const char *line;
    uint64_t size; /* UINT64_MAX - 1: malformed */
} lines[] = {
    {"0\r\n", 0},
    {"00000000000000000000000000000001\r\n", 1},
    {"aF\r\n", 0xaf},
    {"ffffffffffffffff\r\n", UINT64_MAX},
    {"10000000000000000\r\n", UINT64_MAX},
    {"ffffffffffffffff0\r\n", UINT64_MAX},
    {"3;a\r\n", 3},
    {"3;a=b;c=\"d \\\" e\"\r\n", 3},
    {"3;a=\"\"\r\n", 3},
    {"3\n", UINT64_MAX - 1},
    {"\r\n", UINT64_MAX - 1},
    {"0x3\r\n", UINT64_MAX - 1},
    {"+3\r\n", UINT64_MAX - 1},
    {"-3\r\n", UINT64_MAX - 1},
    {" 3\r\n", UINT64_MAX - 1},
    {"3 \r\n", UINT64_MAX - 1},
    {"3 ;a\r\n", UINT64_MAX - 1},
    {"3; a\r\n", UINT64_MAX - 1},
    {"3;\r\n", UINT64_MAX - 1},
    {"3;a=\r\n", UINT64_MAX - 1},
    {"3;a=\"b\r\n", UINT64_MAX - 1},
    {"3;a=\"b\\\r\n", UINT64_MAX - 1},
    {"3;a=\"b\"c\r\n", UINT64_MAX - 1},
    {"3;a\r;b\r\n", UINT64_MAX - 1},
    {";a\r\n", UINT64_MAX - 1},
    {"g\r\n", UINT64_MAX - 1},
};

START_TEST(test_sizes)
{
    uint64_t size = 0;
    bool is_fine = http_chunk_parse(lines[_i].line, strlen(lines[_i].line), &size);
    ck_assert_msg(is_fine == (lines[_i].size != UINT64_MAX - 1), "%s", lines[_i].line);
    if (is_fine)
        ck_assert_uint_eq(size, lines[_i].size);
}
END_TEST

static const struct {
    const char *line;
    bool is_fine, is_last;
} trailers[] = {
    {"\r\n", true, true},
    {"A: b\r\n", true, false},
    {"A:\r\n", true, false},
    {"\n", false, false},
    {"A: b\n", false, false},
    {"A b\r\n", false, false},
    {" A: b\r\n", false, false},
    {"A : b\r\n", false, false},
    {"A: \x01\r\n", false, false},
    {"A: b\rC: d\r\n", false, false},
    {"Host: a\r\n", false, false},
    {"content-length: 3\r\n", false, false},
    {"Transfer-Encoding: chunked\r\n", false, false},
    {"Connection: close\r\n", false, false},
    {"Hosts: a\r\n", true, false},
};

START_TEST(test_trailers)
{
    bool is_last;
    const char *line = trailers[_i].line;
    ck_assert_msg(http_chunk_is_trailer(line, strlen(line), &is_last) == trailers[_i].is_fine, "%s",
                  line);
    if (trailers[_i].is_fine)
        ck_assert_int_eq(is_last, trailers[_i].is_last);
}
END_TEST

START_TEST(test_ends)
{
    ck_assert_int_eq(http_chunk_line_end("3\r", 2, 10), 0);
    ck_assert_int_eq(http_chunk_line_end("3\r\nab", 5, 10), 3);
    ck_assert_int_eq(http_chunk_line_end("3333333333", 10, 10), -1);
    ck_assert_int_eq(http_chunk_line_end("3333333333\n", 11, 10), -1);
    ck_assert_int_eq(http_chunk_line_end("333333333\n", 10, 10), 10);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("gateway/http/chunk");
    TCase *tc = tcase_create("chunk");
    tcase_add_loop_test(tc, test_sizes, 0, SUPPORT_COUNT(lines));
    tcase_add_loop_test(tc, test_trailers, 0, SUPPORT_COUNT(trailers));
    tcase_add_test(tc, test_ends);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
