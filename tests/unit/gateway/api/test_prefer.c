/* prefer: the header Prefer, as clients write it. */
#include "gateway/api/prefer.h"
#include "tests/unit/suite.h"

#include <check.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *value;
    bool respond_async, has_wait;
    uint64_t wait_ms;
} cases[] = {
    {NULL, false, false, 0},
    {"", false, false, 0},
    {"respond-async", true, false, 0},
    {"Respond-Async", true, false, 0},
    {" respond-async ", true, false, 0},
    {"respond-async, wait=10", true, true, 10000},
    {"wait=10,respond-async", true, true, 10000},
    {"wait=\"10\"", false, true, 10000},
    {"wait = 10", false, true, 10000},
    {"WAIT=1", false, true, 1000},
    {"wait=0", false, true, 0},
    {"wait=99999999999999999999999", false, true, 2147483000},
    {"wait=1, wait=2", false, true, 1000}, /* the first counts */
    {"wait=ten, wait=2", false, true, 2000},
    {"wait", false, false, 0},
    {"wait=", false, false, 0},
    {"wait=-1", false, false, 0},
    {"wait=1.5", false, false, 0},
    {"respond-async;foo=bar", true, false, 0},
    {"wait=3;foo=\"bar\"", false, true, 3000},
    {"return=minimal, handling=lenient", false, false, 0},
    {"respond-asynchronously", false, false, 0},
    {",,, ,respond-async,", true, false, 0},
    {"a-very-long-preference-that-nobody-knows-here=1, wait=1", false, true, 1000},
    {"wait=\"", false, false, 0},
    {"foo=\"a, wait=5, b\"", false, false, 0},
    {"foo=\"\\\", wait=5\", respond-async", true, false, 0},
    {"foo=\"a, respond-async", false, false, 0}, /* has no end */
    {"foo=\"a;b\", wait=2", false, true, 2000},
};

START_TEST(test_values)
{
    struct prefer prefer = prefer_read(cases[_i].value);
    const char *value = cases[_i].value ? cases[_i].value : "(none)";
    ck_assert_msg(prefer.respond_async == cases[_i].respond_async, "%s: respond-async", value);
    ck_assert_msg(prefer.has_wait == cases[_i].has_wait, "%s: wait", value);
    ck_assert_msg(prefer.wait_ms == cases[_i].wait_ms, "%s: %ju ms", value,
                  (uintmax_t)prefer.wait_ms);
}
END_TEST

/* Any text of the characters that count: each read stays within it, as the sanitizers see. */
START_TEST(test_garbage)
{
    static const char letters[] = "wait=;, \t\"0195respond-async";
    char value[48];
    unsigned seed = 1;
    for (int round = 0; round < 20000; round++) {
        size_t len = (unsigned)rand_r(&seed) % sizeof value;
        for (size_t i = 0; i < len; i++)
            value[i] = letters[(unsigned)rand_r(&seed) % (sizeof letters - 1)];
        char *exact = strndup(value, len);
        struct prefer prefer = prefer_read(exact);
        ck_assert(prefer.has_wait || !prefer.wait_ms);
        free(exact);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("prefer");
    TCase *tc = tcase_create("prefer");
    tcase_add_loop_test(tc, test_values, 0, sizeof cases / sizeof cases[0]);
    tcase_add_test(tc, test_garbage);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
