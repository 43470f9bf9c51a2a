/* test_units: times, sizes and counts for people. */
#include "client/cli/units.h"

#include "tests/unit/suite.h"

START_TEST(times)
{
    static const struct {
        uint64_t us;
        const char *text;
    } cases[] = {
        {0, "0us"},           {999, "999us"},       {1000, "1.0ms"},        {99999, "99.9ms"},
        {123456, "123ms"},    {999999, "999ms"},    {1000000, "1.0s"},      {99900000, "99.9s"},
        {100000000, "1m40s"}, {245000000, "4m05s"}, {5999000000, "99m59s"}, {6000000000, "1h40m"},
    };
    char text[UNITS_MAX];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        ck_assert_str_eq(units_time(text, cases[i].us), cases[i].text);
    ck_assert_str_eq(units_time(text, UINT64_C(360000) * 1000000), "4d04h");
}
END_TEST

START_TEST(sizes)
{
    char text[UNITS_MAX];
    ck_assert_str_eq(units_size(text, 0), "0B");
    ck_assert_str_eq(units_size(text, 1023), "1023B");
    ck_assert_str_eq(units_size(text, 1024), "1.0K");
    ck_assert_str_eq(units_size(text, 150 * 1024), "150K");
    ck_assert_str_eq(units_size(text, UINT64_C(3) << 29), "1.5G");
}
END_TEST

START_TEST(counts)
{
    char text[UNITS_MAX];
    ck_assert_str_eq(units_count(text, 0), "0");
    ck_assert_str_eq(units_count(text, 9999), "9999");
    ck_assert_str_eq(units_count(text, 12345), "12.3k");
    ck_assert_str_eq(units_count(text, 4560000), "4.5M");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("units");
    TCase *tc = tcase_create("units");
    tcase_add_test(tc, times);
    tcase_add_test(tc, sizes);
    tcase_add_test(tc, counts);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
