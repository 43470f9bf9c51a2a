/* Texts for messages and the log, and the buffer of payloads and results. */
#include "tests/unit/suite.h"
#include "tests/unit/worker/fake_master.h"
#include "worker/buffer.h"
#include "worker/text.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

START_TEST(clean_replaces_what_json_text_cannot_hold)
{
    static const struct {
        const char *in;
        const char *out;
    } cases[] = {
        {"", ""},
        {"plain", "plain"},
        {"caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80", "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80"},
        {"a\nb\tc\x01"
         "d\x7f",
         "a b c d "},
        {"c1 \xc2\x85 control", "c1   control"},
        {"\xff", "\xef\xbf\xbd"},
        {"lone \x80", "lone \xef\xbf\xbd"},
        {"overlong \xc0\xaf", "overlong \xef\xbf\xbd\xef\xbf\xbd"},
        {"overlong \xe0\x80\x80", "overlong \xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
        {"surrogate \xed\xa0\x80", "surrogate \xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
        {"beyond \xf4\x90\x80\x80", "beyond \xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
        {"cut \xe2\x82", "cut \xef\xbf\xbd\xef\xbf\xbd"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char out[64];
        size_t len = text_clean(out, sizeof(out), cases[i].in);
        ck_assert_str_eq(out, cases[i].out);
        ck_assert_uint_eq(len, strlen(out));
    }
}
END_TEST

START_TEST(clean_never_splits_a_character)
{
    char out[6];

    ck_assert_uint_eq(text_clean(out, sizeof(out), "abc\xe2\x82\xac"), 3);
    ck_assert_str_eq(out, "abc");
    ck_assert_uint_eq(text_clean(out, sizeof(out), "ab\xe2\x82\xac"), 5);
    ck_assert_str_eq(out, "ab\xe2\x82\xac");
    ck_assert_uint_eq(text_clean(out, sizeof(out), "abcd\xff"), 4);
    ck_assert_uint_eq(text_clean(out, 1, "abc"), 0);
    ck_assert_str_eq(out, "");
}
END_TEST

START_TEST(a_text_for_the_log_is_one_line)
{
    char out[32];

    static const char in[] = "a\nb\rc\td\x1b[m\x7f \xff\\\n",
                      expected[] = "a\0b\rc\td\x1b[m\x7f \xff\\";

    ck_assert_uint_eq(text_one_line(out, sizeof(out), in), strlen(in));
    ck_assert_mem_eq(out, expected, sizeof(expected));
    ck_assert_uint_eq(text_one_line(out, 5, "abc\n\n"), 4);
    ck_assert_mem_eq(out, "abc\0", 5);
}
END_TEST

/* Only the sizes matter: the pages are never touched. */
START_TEST(buffer_takes_what_there_is)
{
    struct rlimit limit, before;
    struct buffer b;

    buffer_init(&b);
    ck_assert_int_eq(buffer_append(&b, "kept", 4), 0);
    ck_assert_int_eq(buffer_reserve(&b, SIZE_MAX), -1);
    getrlimit(RLIMIT_AS, &before);
    limit = before;
    limit.rlim_cur = (rlim_t)1 << 30;
    ck_assert_int_eq(setrlimit(RLIMIT_AS, &limit), 0);
    ck_assert_int_eq(buffer_reserve(&b, ((size_t)512 << 20) + 1), 0); /* not the double */
    ck_assert_uint_eq(b.capacity, ((size_t)512 << 20) + (size_t)sysconf(_SC_PAGESIZE));
    ck_assert_int_eq(buffer_reserve(&b, (size_t)2 << 30), -1);
    setrlimit(RLIMIT_AS, &before);
    ck_assert_mem_eq(b.data, "kept", 4);
    buffer_destroy(&b);
}
END_TEST

START_TEST(buffer_grows_in_place_and_gives_back)
{
    struct buffer b;

    buffer_init(&b);
    ck_assert_ptr_nonnull(b.data);
    ck_assert_uint_eq(b.len, 0);
    buffer_append(&b, NULL, 0);
    for (int i = 0; i < 1000; i++)
        buffer_append(&b,
                      "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
                      "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
                      "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
                      "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
                      256);
    ck_assert_uint_eq(b.len, 256000);
    ck_assert_uint_ge(b.capacity, b.len);
    for (size_t i = 0; i < b.len; i++)
        ck_assert_int_eq(b.data[i], "0123456789abcdef"[i % 16]);
    b.len = 0;
    buffer_trim(&b);
    ck_assert_uint_eq(b.capacity, BUFFER_KEEP);
    buffer_destroy(&b);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("worker text");
    TCase *tc = tcase_create("text");

    tcase_add_test(tc, clean_replaces_what_json_text_cannot_hold);
    tcase_add_test(tc, clean_never_splits_a_character);
    tcase_add_test(tc, a_text_for_the_log_is_one_line);
    if (!SANITIZED) /* the sanitizers need address space of their own */
        tcase_add_test(tc, buffer_takes_what_there_is);
    tcase_add_test(tc, buffer_grows_in_place_and_gives_back);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
