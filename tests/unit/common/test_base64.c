/* base64: the vectors of RFC 4648, and all digits. */
#include "common/base64.h"

#include "../suite.h"

#include <check.h>
#include <string.h>

static void expect(const char *bytes, size_t size, const char *wanted)
{
    char text[128] = "";
    base64_write(text, bytes, size);
    ck_assert_str_eq(text, wanted);
    ck_assert_uint_eq(BASE64_LEN(size), strlen(wanted));
}

START_TEST(test_vectors)
{
    expect("", 0, "");
    expect("f", 1, "Zg==");
    expect("fo", 2, "Zm8=");
    expect("foo", 3, "Zm9v");
    expect("foob", 4, "Zm9vYg==");
    expect("fooba", 5, "Zm9vYmE=");
    expect("foobar", 6, "Zm9vYmFy");
}
END_TEST

START_TEST(test_high_bytes)
{
    expect("\xff\xfe\x00\x80", 4, "//4AgA==");
    expect("\xfb\xef\xbe", 3, "++++");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("base64");
    TCase *tc = tcase_create("base64");
    tcase_add_test(tc, test_vectors);
    tcase_add_test(tc, test_high_bytes);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
