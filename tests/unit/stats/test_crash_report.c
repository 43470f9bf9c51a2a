/* test_crash_report: the answer to crashes is JSON with all fields. */
#include "stats/crash_report.h"

#include "jobs/crashes.h"
#include "jobs/pools.h"
#include "tests/unit/support.h"

#include <jansson.h>
#include <signal.h>

static struct timers timers;
static struct pools pools = {.shared.timers = &timers};
static struct crashes crashes;
static const struct report report = {.pools = &pools, .crashes = &crashes, .boot = "k3f9"};

static void set_up(void)
{
    timers_init(&timers, 9000000);
    crashes_init(&crashes);
    crashes_note(&crashes,
                 &(struct crash_note){"a", 0x5d1c9a02, SIGSEGV, 7, "{\"signal\":\"SIGSEGV\"}"},
                 1000000);
    crashes_note(&crashes, &(struct crash_note){"b", 0xabc, SIGABRT, 0, "{}"}, 3000000);
    crashes_note(&crashes,
                 &(struct crash_note){"a", 0x5d1c9a02, SIGSEGV, 8, "{\"signal\":\"SIGSEGV\"}"},
                 4000000);
}

static void tear_down(void)
{
    crashes_free(&crashes);
}

START_TEST(test_all)
{
    char *text = report_crashes(&report, "");
    ck_assert_str_eq(
        text, "[{\"fingerprint\":\"5d1c9a02\",\"module\":\"a\",\"signal\":\"SIGSEGV\","
              "\"first_ms\":8000,\"last_ms\":5000,\"count\":2,\"last_job\":\"k3f9-8\","
              "\"crash\":{\"signal\":\"SIGSEGV\"}},"
              "{\"fingerprint\":\"00000abc\",\"module\":\"b\",\"signal\":\"SIGABRT\","
              "\"first_ms\":6000,\"last_ms\":6000,\"count\":1,\"last_job\":null,\"crash\":{}}]");
    free(text);
}
END_TEST

START_TEST(test_module)
{
    char *text = report_crashes(&report, "b");
    json_t *list = json_loads(text, 0, NULL);
    ck_assert_uint_eq(json_array_size(list), 1);
    json_decref(list);
    free(text);
    text = report_crashes(&report, "c");
    ck_assert_str_eq(text, "[]");
    free(text);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("crash_report");
    TCase *tc = tcase_create("all");
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_test(tc, test_all);
    tcase_add_test(tc, test_module);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
