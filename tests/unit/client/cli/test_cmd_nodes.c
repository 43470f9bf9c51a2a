/* nodes: those of a queue on many machines, and the only one of another queue. */
#include "tests/unit/client/dialogue.h"
#include "tests/unit/suite.h"

static const char request[] = "{\"op\":\"nodes\",\"id\":1}";

/* The lease of a dead node is over. */
START_TEST(many)
{
    static const char some[] =
        "{\"nodes\":[{\"node\":\"a\",\"epoch\":3,\"self\":true,\"version\":\"0.2.0\","
        "\"since\":\"2026-11-30T08:15:00Z\",\"seen_ms\":120,\"lease_ms\":9880,\"held\":4},"
        "{\"node\":\"bee\",\"epoch\":12,\"self\":false,\"version\":\"0.2.0\","
        "\"since\":\"2026-11-30T08:16:00Z\",\"seen_ms\":11000,\"lease_ms\":-1000,\"held\":0}]}";
    assert_shown(request, "nodes", some, ARGS("nodes"),
                 "node  self   epoch  since                 version  seen   lease  held\n"
                 "a     true       3  2026-11-30T08:15:00Z  0.2.0    120ms  9.8s      4\n"
                 "bee   false     12  2026-11-30T08:16:00Z  0.2.0    11.0s  over      0\n");
}
END_TEST

START_TEST(one)
{
    static const char only[] =
        "{\"nodes\":[{\"node\":\"a\",\"epoch\":null,\"self\":true,\"version\":\"0.2.0\","
        "\"since\":\"2026-11-30T08:15:00Z\",\"seen_ms\":0,\"lease_ms\":null,\"held\":0}]}";
    assert_shown(request, "nodes", only, ARGS("nodes"),
                 "node  self  since                 version  seen  held\n"
                 "a     true  2026-11-30T08:15:00Z  0.2.0    0ms      0\n");
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {many, one};
    TCase *tcase = tcase_create("nodes");
    for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++)
        tcase_add_test(tcase, tests[i]);
    Suite *suite = suite_create("client nodes");
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
