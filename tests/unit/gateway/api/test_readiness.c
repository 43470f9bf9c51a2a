/* test_readiness: which figures of a master say that it runs no job now. */
#include "gateway/api/readiness.h"

#include "tests/unit/support.h"

#define POOL(paused, waiting, oldest, idle, busy)                                     \
    "{\"paused\":" paused ",\"queue\":{\"waiting\":" waiting ",\"oldest_ms\":" oldest \
    "},\"pool\":{\"idle\":" idle ",\"busy\":" busy "}}"
#define STATS(draining, pools) "{\"draining\":" draining ",\"pools\":{" pools "}}"

static const struct {
    const char *stats;
    const char *fault; /* NULL: ready */
} cases[] = {
    {STATS("false", "\"a\":" POOL("false", "0", "0", "1", "0")), NULL},
    {STATS("false", "\"a\":" POOL("false", "0", "0", "0", "0")), NULL},
    {STATS("false", "\"a\":" POOL("false", "9", "5000", "0", "2")), NULL},
    {STATS("false", "\"a\":" POOL("false", "9", "999", "0", "0")), NULL},
    {STATS("false", "\"a\":" POOL("false", "9", "1000", "0", "0")), "no worker in pool a"},
    {STATS("false", "\"a\":" POOL("true", "9", "1000", "0", "0") ",\"b\":" POOL("false", "0", "0",
                                                                                "0", "0")),
     NULL},
    {STATS("false",
           "\"a\":" POOL("true", "0", "0", "1", "0") ",\"b\":" POOL("true", "0", "0", "1", "0")),
     "paused"},
    {STATS("true", "\"a\":" POOL("false", "0", "0", "1", "0")), "draining"},
};

START_TEST(test_cases)
{
    char fault[READINESS_FAULT_MAX];
    for (size_t i = 0; i < SUPPORT_COUNT(cases); i++) {
        json_t *stats = json_loads(cases[i].stats, 0, NULL);
        ck_assert_ptr_nonnull(stats);
        bool is_ready = readiness_of(stats, fault);
        json_decref(stats);
        ck_assert_msg(is_ready == !cases[i].fault, "%s", cases[i].stats);
        if (!is_ready)
            ck_assert_str_eq(fault, cases[i].fault);
    }
    ck_assert(!readiness_of(NULL, fault));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("readiness");
    TCase *tc = tcase_create("figures");
    tcase_add_test(tc, test_cases);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
