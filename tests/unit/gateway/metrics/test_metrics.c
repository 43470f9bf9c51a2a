/* test_metrics: from the JSON of stats to families. promtool judges the whole of real daemons
 * (tests/integration/test_http_monitoring.py). */
#include "gateway/metrics/metrics.h"

#include "tests/unit/support.h"

static const struct metrics_start start = {.boot = "k3f9", .at_ms = 1790000000123};
static char *text;

static void write_stats(const struct metrics_kind *kind, const char *json)
{
    struct exposition exposition;
    size_t len;
    json_t *stats = json ? json_loads(json, 0, NULL) : NULL;
    ck_assert(!json || stats);
    exposition_open(&exposition);
    metrics_write(&exposition, kind, stats, &start);
    text = exposition_close(&exposition, &len);
    json_decref(stats);
}

static void teardown(void)
{
    free(text);
    text = NULL;
}

/* A whole line of the text. */
static bool has(const char *line)
{
    size_t len = strlen(line);
    for (const char *at = text; (at = strstr(at, line)); at++)
        if ((at == text || at[-1] == '\n') && at[len] == '\n')
            return true;
    return false;
}

static void check_lines(const char *const *lines)
{
    for (; *lines; lines++)
        ck_assert_msg(has(*lines), "no line %s in\n%s", *lines, text);
}

#define CHECK_LINES(...) check_lines((const char *const[]){__VA_ARGS__, NULL})

START_TEST(test_away)
{
    write_stats(&metrics_master, NULL);
    ck_assert_str_eq(text, "# HELP taskmasterd_up Whether the daemon has answered.\n"
                           "# TYPE taskmasterd_up gauge\ntaskmasterd_up 0\n");
}
END_TEST

START_TEST(test_common)
{
    write_stats(&metrics_queue,
                "{\"server\":\"taskqueued/1.2\",\"clients\":{\"connected\":3,\"max\":9},"
                "\"output\":{\"bytes\":12},\"process\":{\"cpu_us\":1500000,\"rss\":4096,"
                "\"descriptors\":20,\"loop_lag_us\":{\"p99\":1,\"max\":2500}}}");
    CHECK_LINES("taskqueued_up 1", "taskqueued_build_info{version=\"1.2\"} 1",
                "taskqueued_process_start_time_seconds 1790000000.123", "taskqueued_clients 3",
                "taskqueued_output_bytes 12", "taskqueued_process_cpu_seconds_total 1.5",
                "taskqueued_process_resident_memory_bytes 4096", "taskqueued_process_open_fds 20",
                "taskqueued_loop_lag_seconds 0.0025",
                "# TYPE taskqueued_process_cpu_seconds_total counter");
}
END_TEST

/* What an older daemon does not tell has no sample. */
START_TEST(test_nothing_told)
{
    write_stats(&metrics_master, "{}");
    CHECK_LINES("taskmasterd_up 1", "taskmasterd_build_info{version=\"unknown\"} 1",
                "# TYPE taskmasterd_clients gauge");
    ck_assert(!strstr(text, "\ntaskmasterd_clients "));
    ck_assert(!strstr(text, "\ntaskmasterd_jobs_total{"));
}
END_TEST

START_TEST(test_pools)
{
    write_stats(&metrics_master,
                "{\"queue\":{\"bytes\":5,\"bytes_max\":6},\"pools\":{\"a\\\"b\":{\"queue\":{"
                "\"waiting\":7,\"max\":100,\"oldest_ms\":1250},\"pool\":{\"max\":4,\"starting\":1,"
                "\"idle\":2,\"busy\":3,\"stopping\":0,\"dead\":5,\"ends\":{\"idle\":8,\"exit\":9}},"
                "\"overload\":{\"queue-full\":10,\"memory\":0}}}}");
    CHECK_LINES("taskmasterd_queue_jobs{pool=\"a\\\"b\"} 7",
                "taskmasterd_queue_limit_jobs{pool=\"a\\\"b\"} 100",
                "taskmasterd_queue_oldest_seconds{pool=\"a\\\"b\"} 1.25",
                "taskmasterd_workers{pool=\"a\\\"b\",state=\"busy\"} 3",
                "taskmasterd_workers{pool=\"a\\\"b\",state=\"dead\"} 5",
                "taskmasterd_workers_limit{pool=\"a\\\"b\"} 4",
                "taskmasterd_worker_ends_total{pool=\"a\\\"b\",reason=\"exit\"} 9",
                "taskmasterd_overloads_total{pool=\"a\\\"b\",reason=\"queue-full\"} 10",
                "taskmasterd_overloads_total{pool=\"a\\\"b\",reason=\"memory\"} 0",
                "taskmasterd_payload_bytes 5", "taskmasterd_payload_limit_bytes 6");
}
END_TEST

START_TEST(test_modules)
{
    write_stats(&metrics_master,
                "{\"modules\":{\"fib\":{\"done\":3,\"failed\":1,\"breaker\":{\"state\":\"open\"},"
                "\"crashes\":{\"SIGSEGV\":2}},\"wc\":{\"breaker\":{\"state\":\"closed\"}}}}");
    CHECK_LINES("taskmasterd_jobs_total{module=\"fib\",outcome=\"done\"} 3",
                "taskmasterd_jobs_total{module=\"fib\",outcome=\"failed\"} 1",
                "taskmasterd_breaker_open{module=\"fib\"} 1",
                "taskmasterd_breaker_open{module=\"wc\"} 0",
                "taskmasterd_crashes_total{module=\"fib\",signal=\"SIGSEGV\"} 2");
}
END_TEST

/* Counter n holds the times below 2^(n+1) us, and every second one ends a bucket. */
START_TEST(test_histogram)
{
    static const char le[] = "taskmasterd_job_run_seconds_bucket{module=\"fib\",le=\"";
    int buckets = 0;
    write_stats(&metrics_master, "{\"modules\":{\"fib\":{\"run_us\":{\"sum\":2500000,\"counts\":["
                                 "1,2,4,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,"
                                 "0,0,0,0,0,0,0,8,16]}}}}");
    for (const char *at = text; (at = strstr(at, le)); at++)
        buckets++;
    ck_assert_int_eq(buckets, 21);
    CHECK_LINES("taskmasterd_job_run_seconds_bucket{module=\"fib\",le=\"0.000002\"} 1",
                "taskmasterd_job_run_seconds_bucket{module=\"fib\",le=\"0.000008\"} 7",
                "taskmasterd_job_run_seconds_bucket{module=\"fib\",le=\"549755.813888\"} 7",
                "taskmasterd_job_run_seconds_bucket{module=\"fib\",le=\"+Inf\"} 31",
                "taskmasterd_job_run_seconds_sum{module=\"fib\"} 2.5",
                "taskmasterd_job_run_seconds_count{module=\"fib\"} 31");
}
END_TEST

START_TEST(test_queue)
{
    write_stats(
        &metrics_queue,
        "{\"jobs\":{\"max\":50},\"modules\":{\"fib\":{\"waiting\":1,\"delayed\":2,"
        "\"poisoned\":3,\"held_ms\":1500,\"paused\":true}},\"master\":{\"connected\":false},"
        "\"store\":{\"bytes\":7,\"bytes_max\":8,\"has_room\":true}}");
    CHECK_LINES("taskqueued_queue_jobs{module=\"fib\",state=\"delayed\"} 2",
                "taskqueued_jobs_total{module=\"fib\",outcome=\"poisoned\"} 3",
                "taskqueued_held_seconds{module=\"fib\"} 1.5",
                "taskqueued_paused{module=\"fib\"} 1", "taskqueued_queue_limit_jobs 50",
                "taskqueued_master_up 0", "taskqueued_store_bytes 7",
                "taskqueued_store_limit_bytes 8", "taskqueued_store_has_room 1");
}
END_TEST

/* A queue on many nodes has no bytes of its own. */
START_TEST(test_node)
{
    write_stats(&metrics_queue,
                "{\"jobs\":{\"unconfirmed\":2,\"adopted\":3,\"late\":4},"
                "\"store\":{\"engine\":\"redis\",\"up\":true,\"nodes\":5,\"reconnects\":6,"
                "\"round_trip_us\":250,\"has_room\":false}}");
    CHECK_LINES("taskqueued_redis_up 1", "taskqueued_redis_round_trip_seconds 0.00025",
                "taskqueued_redis_reconnects_total 6", "taskqueued_nodes 5",
                "taskqueued_unconfirmed_total 2", "taskqueued_taken_over_total 3",
                "taskqueued_late_outcomes_total 4", "taskqueued_store_has_room 0");
    ck_assert_ptr_null(strstr(text, "\ntaskqueued_store_bytes "));
}
END_TEST

START_TEST(test_gateway)
{
    write_stats(&metrics_gateway,
                "{\"server\":\"taskmaster-http/1.2\",\"clients\":{\"connected\":2},"
                "\"requests\":{\"ended\":70,\"open\":3}}");
    CHECK_LINES("taskmaster_http_build_info{version=\"1.2\"} 1", "taskmaster_http_clients 2",
                "taskmaster_http_requests_total 70", "taskmaster_http_requests 3");
}
END_TEST

/* The time of a start stays, whatever the delay of an answer. */
START_TEST(test_start)
{
    struct metrics_start noted = {.at_ms = 0};
    json_t *first = json_pack("{sssi}", "boot", "a", "uptime_ms", 500);
    json_t *second = json_pack("{sssi}", "boot", "b", "uptime_ms", 0);
    metrics_start_note(&noted, first, 10000);
    ck_assert_uint_eq(noted.at_ms, 9500);
    metrics_start_note(&noted, first, 10007);
    ck_assert_uint_eq(noted.at_ms, 9500);
    metrics_start_note(&noted, second, 20000);
    ck_assert_uint_eq(noted.at_ms, 20000);
    json_decref(first);
    json_decref(second);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("metrics");
    TCase *tc = tcase_create("families");
    tcase_add_checked_fixture(tc, NULL, teardown);
    tcase_add_test(tc, test_away);
    tcase_add_test(tc, test_common);
    tcase_add_test(tc, test_nothing_told);
    tcase_add_test(tc, test_pools);
    tcase_add_test(tc, test_modules);
    tcase_add_test(tc, test_histogram);
    tcase_add_test(tc, test_queue);
    tcase_add_test(tc, test_node);
    tcase_add_test(tc, test_gateway);
    tcase_add_test(tc, test_start);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
