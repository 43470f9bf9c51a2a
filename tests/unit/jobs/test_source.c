/* test_source: the names of reasons and steps are the protocol's. */
#include "jobs/source.h"

#include "tests/unit/support.h"

/* Each of the protocol's names, once. */
START_TEST(test_names)
{
    static const char *const failed[FAIL_REASONS] = {
        "error",       "module",    "timeout",  "cancelled", "unknown-module",
        "unavailable", "too-large", "shutdown", "expired",
    };
    static const char *const overload[OVERLOAD_REASONS] = {"memory", "client-quota", "service-full",
                                                           "queue-full"};
    static const char *const by[] = {"submitter", "link", "client", "operator", "reader"};
    static const char *const step[] = {"none", "stop-flag", "sigterm", "sigkill"};
    for (int i = 0; i < FAIL_REASONS; i++)
        ck_assert_str_eq(fail_reason_name((enum fail_reason)i), failed[i]);
    for (int i = 0; i < OVERLOAD_REASONS; i++)
        ck_assert_str_eq(overload_reason_name((enum overload_reason)i), overload[i]);
    for (int i = BY_SUBMITTER; i <= BY_READER; i++)
        ck_assert_str_eq(ended_by_name((enum ended_by)i), by[i - BY_SUBMITTER]);
    for (int i = 0; i <= STOP_SIGKILL; i++)
        ck_assert_str_eq(stop_step_name((enum stop_step)i), step[i]);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("source");
    TCase *tc = tcase_create("source");
    tcase_add_test(tc, test_names);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
