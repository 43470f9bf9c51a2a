/* test_report: where a report takes its figures from. The integration tests compare all figures. */
#include "stats/report.h"

#include "base/payload.h"
#include "jobs/module_table.h"
#include "jobs/pools.h"
#include "tests/unit/support.h"

#include <jansson.h>

static struct pools pools;
static struct module_table modules;
static struct payload_budget budget, output;
static struct timers timers;
static const struct report report = {
    .pools = &pools, .modules = &modules, .budget = &budget, .output = &output, .boot = "k3f9"};

static void setup(void)
{
    static const struct module_settings settings;
    static const struct job_settings limits;
    static const struct dispatcher_ops no_ops;
    timers_init(&timers, 1000000);
    pools_init(&pools, &no_ops, NULL, &timers, &limits, 1);
    module_table_init(&modules, &settings);
}

static void teardown(void)
{
    module_table_free(&modules);
    pools_free(&pools);
}

START_TEST(test_clients)
{
    char *text = report_stats(&report, &(struct report_clients){.connected = 3, .max = 50});
    json_t *stats = json_loads(text, 0, NULL), *clients = json_object_get(stats, "clients");
    ck_assert_int_eq(json_integer_value(json_object_get(clients, "connected")), 3);
    ck_assert_int_eq(json_integer_value(json_object_get(clients, "max")), 50);
    json_decref(stats);
    free(text);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("report");
    TCase *tc = tcase_create("stats");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, test_clients);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
