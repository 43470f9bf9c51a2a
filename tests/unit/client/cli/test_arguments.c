/* Wrong arguments. */
#include "tests/unit/client/client_child.h"
#include "tests/unit/suite.h"

START_TEST(usage)
{
    static const char *const bad[][6] = {
        {"nonsense"},
        {"run"},
        {"run", "m", "p", "q"},
        {"run", "m", "--bogus"},
        {"run", "m", "p", "--each"},
        {"run", "m", "--unordered"},
        {"run", "m", "--jobs", "4"},
        {"run", "m", "--each", "--jobs", "0"},
        {"run", "m", "--each", "--jobs", "x"},
        {"run", "m", "--timeout-ms", "-1"},
        {"run", "m", "--timeout-ms", "2147483648"},
        {"run", "m", "--timeout", "0"},
        {"run", "m", "--timeout", "nan"},
        {"run", "m", "--timeout", "1s"},
        {"ping", "x"},
        {"ping", "--jobs", "1"},
        {"ping", "--wait-ms", "-1"},
        {"ping", "--wait-ms", "600001"},
        {"stats", "--wait-ms", "1"},
        {"cancel"},
        {"cancel", "k-1", "--pool", "p"},
        {"cancel", "--state", "asleep"},
        {"cancel", "--client", "1"},
        {"kill", "--worker", "1", "--module", "m"},
        {"status"},
        {"run", "m", "--each", "--stream"},
        {"run", "m", "--each", "--retry", "1"},
        {"run", "m", "--retry", "0"},
        {"run", "m", "--max-wait", "x"},
        {"run", "m", "--service", "s"},
        {"submit"},
        {"submit", "m", "--link"},
        {"monitor"},
        {"monitor", "--worker", "x"},
        {"monitor", "k-1", "--workers"},
        {"watch", "a", "b", "c", "d", "e"},
        {"peek", "a", "b"},
        {"jobs", "a"},
        {"jobs", "--client", "x"},
        {"jobs", "--limit", "0"},
        {"clients", "--pool", "p"},
        {"modules", "a"},
        {"kill"},
        {"kill", "k-1", "--worker", "1"},
        {"kill", "--worker", "0"},
        {"cancel", "--worker", "1"},
        {"pause", "a", "b"},
        {"resize", "a"},
        {"resize", "--pool-max", "x"},
        {"resize", "--pool-start", "-1"},
        {"resize", "--job-max", "2147483648"},
        {"recycle", "a", "--worker", "1"},
        {"reload", "a"},
        {"drain", "--waiting", "now"},
        {"log-level"},
        {"crash"},
        {"crash", "k-1", "--module", "m"},
        {"stats", "--server"},
        {"ping", "--server", "nowhere"},
        {"--json"},
        {"wait"},
        {"wait", "q1", "q2", "--progress"},
        {"wait", "q1", "--key", "k"},
        {"retry"},
        {"retry", "q1", "--reason", "poison"},
        {"retry", "--state", "waiting"},
        {"forget"},
        {"backup"},
        {"backup", "a", "b"},
        {"run", "m", "--each", "--key", "k"},
        {"submit", "m", "--priority", "10"},
        {"submit", "m", "--retries", "101"},
        {"submit", "m", "--delay", "-1"},
        {"submit", "m", "--ttl", "0"},
        {"submit", "m", "--retry-delay", "86401"},
    };
    struct child child;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        child_run(&child, NULL, "", bad[i]);
        ck_assert_msg(child.status == 64, "case %zu: %d", i, child.status);
        ck_assert_str_eq(child.output, "");
        ck_assert_int_eq(strncmp(child.errors, "taskmaster: ", 12), 0);
        child_free(&child);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        usage,
    };
    TCase *tcase = tcase_create("arguments");
    tcase_set_timeout(tcase, 120);
    for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++)
        tcase_add_test(tcase, tests[i]);
    Suite *suite = suite_create("client arguments");
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
