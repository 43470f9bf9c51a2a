/* test_exposition: names, labels and values, as text. */
#include "gateway/metrics/exposition.h"

#include "tests/unit/support.h"

static struct exposition exposition;

static void setup(void)
{
    exposition_open(&exposition);
}

/* The text so far is `expected`. */
static void check_text(const char *expected)
{
    size_t len;
    char *text = exposition_close(&exposition, &len);
    ck_assert_str_eq(text, expected);
    ck_assert_uint_eq(len, strlen(expected));
    free(text);
}

START_TEST(test_family)
{
    const struct exposition_label labels[EXPOSITION_LABELS_MAX] = {{"pool", "a"}, {"state", "b"}};
    exposition_family(&exposition, "x_", "jobs", EXPOSITION_GAUGE, "Jobs now.");
    exposition_sample(&exposition, "", labels, 3, 1);
    exposition_sample(&exposition, "_sum", labels, 3, 1);
    check_text("# HELP x_jobs Jobs now.\n# TYPE x_jobs gauge\n"
               "x_jobs{pool=\"a\",state=\"b\"} 3\nx_jobs_sum{pool=\"a\",state=\"b\"} 3\n");
}
END_TEST

START_TEST(test_types)
{
    exposition_family(&exposition, "", "a", EXPOSITION_COUNTER, "A.");
    exposition_family(&exposition, "", "b", EXPOSITION_HISTOGRAM, "B.");
    check_text("# HELP a A.\n# TYPE a counter\n# HELP b B.\n# TYPE b histogram\n");
}
END_TEST

/* Labels without a value are left out. */
START_TEST(test_labels)
{
    const struct exposition_label none[EXPOSITION_LABELS_MAX] = {{NULL, NULL}};
    const struct exposition_label second[EXPOSITION_LABELS_MAX] = {{NULL, NULL}, {"b", ""}};
    exposition_family(&exposition, "", "a", EXPOSITION_GAUGE, "A.");
    exposition.len = 0;
    exposition_sample(&exposition, "", none, 0, 1);
    exposition_sample(&exposition, "", second, UINT64_MAX, 1);
    check_text("a 0\na{b=\"\"} 18446744073709551615\n");
}
END_TEST

START_TEST(test_escapes)
{
    const struct exposition_label labels[EXPOSITION_LABELS_MAX] = {
        {"pool", "\"a\\\n b{}\xc3\xbc\""}};
    exposition_family(&exposition, "", "a", EXPOSITION_GAUGE, "A.");
    exposition.len = 0;
    exposition_sample(&exposition, "", labels, 1, 1);
    check_text("a{pool=\"\\\"a\\\\\\n b{}\xc3\xbc\\\"\"} 1\n");
}
END_TEST

/* The text grows as it must. */
START_TEST(test_long)
{
    const struct exposition_label none[EXPOSITION_LABELS_MAX] = {{NULL, NULL}};
    size_t len;
    exposition_family(&exposition, "", "a", EXPOSITION_GAUGE, "A.");
    exposition.len = 0;
    for (int i = 0; i < 100000; i++)
        exposition_sample(&exposition, "", none, 7, 1);
    char *text = exposition_close(&exposition, &len);
    ck_assert_uint_eq(len, 400000);
    ck_assert_str_eq(text + len - 8, "a 7\na 7\n");
    free(text);
}
END_TEST

START_TEST(test_values)
{
    static const struct {
        uint64_t value;
        uint32_t scale;
        const char *text;
    } cases[] = {
        {0, 1, "0"},
        {5, 1, "5"},
        {0, 1000000, "0"},
        {2, 1000000, "0.000002"},
        {524288, 1000000, "0.524288"},
        {2000000, 1000000, "2"},
        {2100000, 1000000, "2.1"},
        {UINT64_C(2) << 38, 1000000, "549755.813888"},
        {1, 1000, "0.001"},
        {1790000000123, 1000, "1790000000.123"},
        {UINT64_MAX, 1000000, "18446744073709.551615"},
    };
    char text[EXPOSITION_VALUE_MAX];
    for (size_t i = 0; i < SUPPORT_COUNT(cases); i++) {
        exposition_value(text, cases[i].value, cases[i].scale);
        ck_assert_str_eq(text, cases[i].text);
    }
    check_text("");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("exposition");
    TCase *tc = tcase_create("text");
    tcase_add_checked_fixture(tc, setup, NULL);
    tcase_add_test(tc, test_family);
    tcase_add_test(tc, test_types);
    tcase_add_test(tc, test_labels);
    tcase_add_test(tc, test_escapes);
    tcase_add_test(tc, test_long);
    tcase_add_test(tc, test_values);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
