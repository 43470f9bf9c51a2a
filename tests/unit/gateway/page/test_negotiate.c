/* negotiate: Accept-Encoding and If-None-Match, as browsers and caches send them. */
#include "gateway/page/negotiate.h"

#include "tests/unit/suite.h"

START_TEST(test_gzip)
{
    static const struct {
        const char *encodings;
        bool takes;
    } cases[] = {
        {"gzip", true},
        {"gzip, deflate, br, zstd", true},
        {"deflate,GZIP;q=0.5", true},
        {"br;q=1.0, gzip;q=0.001", true},
        {"*", true},
        {"identity;q=0, *;q=0.1", true},
        {"", false},
        {"identity", false},
        {"br", false},
        {"gzipped", false},
        {"x-gzip", false},
        {"gzip;q=0", false},
        {"gzip; q=0.000", false},
        {"gzip;q=0, *", false},
        {"*, gzip;q=0", false},
        {"*;q=0", false},
        {" , ,", false},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
        ck_assert_msg(negotiate_takes_gzip(cases[i].encodings) == cases[i].takes, "%s",
                      cases[i].encodings);
}
END_TEST

START_TEST(test_tags)
{
    static const struct {
        const char *tags;
        bool has;
    } cases[] = {
        {"\"a\"", true},   {"\"b\", \"a\"", true}, {"W/\"a\"", true}, {"\"b\",W/\"a\" ", true},
        {"*", true},       {"\"b\"", false},       {"", false},       {"a", false},
        {"\"aa\"", false}, {"\"a", false},         {"W/", false},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
        ck_assert_msg(negotiate_has_tag(cases[i].tags, "\"a\"") == cases[i].has, "%s",
                      cases[i].tags);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("negotiate");
    TCase *tc = tcase_create("headers");
    tcase_add_test(tc, test_gzip);
    tcase_add_test(tc, test_tags);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
