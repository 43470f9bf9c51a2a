/* fault: a status for each word of doc/http.md, section 3. */
#include "gateway/api/fault.h"
#include "tests/unit/suite.h"

#include <check.h>

static const struct {
    const char *word;
    unsigned status;
} cases[] = {
    {"bad-request", 400},    {"denied", 403},
    {"unknown-module", 404}, {"unknown-job", 404},
    {"unknown-path", 404},   {"unknown-anything", 404},
    {"cancelled", 409},      {"duplicate-id", 409},
    {"not-yet", 409},        {"payload-too-large", 413},
    {"module", 422},         {"poison", 422},
    {"key-conflict", 422},   {"client-quota", 429},
    {"unknown-op", 501},     {"error", 502},
    {"too-large", 502},      {"overload", 503},
    {"queue-full", 503},     {"memory", 503},
    {"storage", 503},        {"unavailable", 503},
    {"shutdown", 503},       {"timeout", 504},
    {"expired", 504},        {"a-newer-word", 502},
    {"unknown", 502},        {"unconfirmed", 504},
};

START_TEST(test_words)
{
    ck_assert_msg(fault_status(cases[_i].word) == cases[_i].status, "%s: %u", cases[_i].word,
                  fault_status(cases[_i].word));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("fault");
    TCase *tc = tcase_create("fault");
    tcase_add_loop_test(tc, test_words, 0, sizeof cases / sizeof cases[0]);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
