/* test_grant: limits to modules and services. */
#include "access/grant.h"

#include "common/xmalloc.h"
#include "tests/unit/support.h"

static struct grant grant;

static void setup(void)
{
    grant = (struct grant){.name = xstrdup("web"), .rights = RIGHT_SUBMIT};
}

static void teardown(void)
{
    grant_free(&grant);
}

START_TEST(test_without_limits_everything_is_allowed)
{
    ck_assert(grant_allows(&grant, GRANT_MODULE, "fib"));
    ck_assert(grant_allows(&grant_open, GRANT_SERVICE, "kv"));
}
END_TEST

START_TEST(test_limits_allow_their_names_alone)
{
    grant_limit(&grant, "module:fib");
    grant_limit(&grant, "module:wc");
    ck_assert(grant_allows(&grant, GRANT_MODULE, "fib"));
    ck_assert(grant_allows(&grant, GRANT_MODULE, "wc"));
    ck_assert(!grant_allows(&grant, GRANT_MODULE, "fi"));
    ck_assert(!grant_allows(&grant, GRANT_MODULE, "fibs"));
    ck_assert(!grant_allows(&grant, GRANT_MODULE, ""));
    ck_assert(grant_allows(&grant, GRANT_SERVICE, "kv"));
    grant_limit(&grant, "serve:kv");
    ck_assert(grant_allows(&grant, GRANT_SERVICE, "kv"));
    ck_assert(!grant_allows(&grant, GRANT_SERVICE, "fib"));
}
END_TEST

START_TEST(test_equal_grants_have_the_same_limits)
{
    struct grant other = {.name = xstrdup("web"), .rights = RIGHT_SUBMIT};
    ck_assert(grant_equal(&grant, &other));
    ck_assert(!grant_equal(&grant, &grant_open));
    grant_limit(&grant, "module:fib");
    ck_assert(!grant_equal(&grant, &other));
    grant_limit(&other, "module:wc");
    ck_assert(!grant_equal(&grant, &other));
    grant_free(&other);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("grant");
    TCase *tc = tcase_create("grant");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, test_without_limits_everything_is_allowed);
    tcase_add_test(tc, test_limits_allow_their_names_alone);
    tcase_add_test(tc, test_equal_grants_have_the_same_limits);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
