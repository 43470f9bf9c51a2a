/* test_report: where a report takes its figures from. The integration tests compare all figures. */
#include "stats/report.h"

#include "base/lag.h"
#include "base/payload.h"
#include "jobs/module_table.h"
#include "jobs/pools.h"
#include "tests/unit/support.h"

#include <jansson.h>
#include <unistd.h>

static struct pools pools;
static struct module_table modules;
static struct payload_budget budget, output;
static struct timers timers;
static struct lag lag;
static size_t connections = 3;
static const struct report report = {.pools = &pools,
                                     .modules = &modules,
                                     .budget = &budget,
                                     .output = &output,
                                     .lag = &lag,
                                     .connections = &connections,
                                     .own_descriptors = 20,
                                     .boot = "k3f9"};

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
    char *text = report_stats(
        &report, &(struct report_clients){
                     .connected = 3, .max = 50, .services = 2, .delivered = 7, .dropped = 4});
    json_t *stats = json_loads(text, 0, NULL), *clients = json_object_get(stats, "clients");
    const json_t *services = json_object_get(stats, "services");
    ck_assert_int_eq(json_integer_value(json_object_get(services, "registered")), 2);
    ck_assert_int_eq(json_integer_value(json_object_get(services, "delivered")), 7);
    ck_assert_int_eq(json_integer_value(json_object_get(services, "dropped")), 4);
    ck_assert_int_eq(json_integer_value(json_object_get(clients, "connected")), 3);
    ck_assert_int_eq(json_integer_value(json_object_get(clients, "max")), 50);
    json_decref(stats);
    free(text);
}
END_TEST

static json_int_t number(const json_t *object, const char *key)
{
    ck_assert(json_is_integer(json_object_get(object, key)));
    return json_integer_value(json_object_get(object, key));
}

/* A figure in `process`, or in an object of it. */
START_TEST(test_process)
{
    lag_add(&lag, 70, 1000000);
    lag_add(&lag, 900, 1000000);
    char *text = report_stats(&report, &(struct report_clients){.max = 50});
    json_t *stats = json_loads(text, 0, NULL), *process = json_object_get(stats, "process");
    ck_assert_int_eq(number(process, "pid"), getpid());
    ck_assert_int_gt(number(process, "rss"), 100000);
    ck_assert_int_ge(number(process, "cpu_us"), 0);
    ck_assert_int_eq(number(process, "descriptors"), 23);
    ck_assert_int_eq(number(json_object_get(process, "loop_lag_us"), "max"), 900);
    ck_assert_int_eq(number(json_object_get(process, "loop_lag_us"), "p99"), 900);
    json_decref(stats);
    free(text);
}
END_TEST

/* The times of a pool: percentiles, and a count for each power of two. */
START_TEST(test_times)
{
    histogram_add(&pools.first->tally.run_us, 5);
    histogram_add(&pools.first->tally.run_us, 300);
    pools.first->tally.bytes_in = 10;
    pools.first->tally.bytes_out = 20;
    char *text = report_stats(&report, &(struct report_clients){.max = 50});
    json_t *stats = json_loads(text, 0, NULL);
    const json_t *pool = json_object_get(json_object_get(stats, "pools"), "default");
    const json_t *run_us = json_object_get(pool, "run_us");
    const json_t *counts = json_object_get(run_us, "counts");
    ck_assert_uint_eq(json_array_size(counts), HISTOGRAM_BUCKETS);
    for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++)
        ck_assert_int_eq(json_integer_value(json_array_get(counts, i)), i == 2 || i == 8);
    ck_assert_int_eq(number(run_us, "p50"), 7);
    ck_assert_int_eq(number(run_us, "p99"), 300);
    ck_assert_int_eq(number(run_us, "max"), 300);
    ck_assert_int_eq(number(run_us, "sum"), 305);
    ck_assert_int_eq(number(json_object_get(pool, "wait_us"), "max"), 0);
    ck_assert_int_eq(number(pool, "bytes_in"), 10);
    ck_assert_int_eq(number(pool, "bytes_out"), 20);
    ck_assert_int_eq(number(pool, "longest_ms"), 0);
    ck_assert(json_is_null(json_object_get(pool, "longest_job")));
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
    tcase_add_test(tc, test_process);
    tcase_add_test(tc, test_times);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
