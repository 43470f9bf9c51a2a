/* test_report: what a report costs. What is in it is held by the tests against the daemon. */
#include "stats/report.h"

#include "tests/unit/support.h"

#include <jansson.h>
#include <unistd.h>

static struct dispatcher dispatcher;
static struct timers timers;
static const struct report report = {.dispatcher = &dispatcher, .boot = "k3f9"};

static void setup(void)
{
    timers_init(&timers, 1000000);
    dispatcher.timers = &timers;
    pool_init(&dispatcher.pool);
}

/* The only worker's memory, as told. */
static json_int_t told_rss_kb(void)
{
    char *text = report_workers(&report);
    json_t *list = json_loads(text, 0, NULL);
    ck_assert_uint_eq(json_array_size(list), 1);
    json_int_t kb = json_integer_value(json_object_get(json_array_get(list, 0), "rss_kb"));
    json_decref(list);
    free(text);
    return kb;
}

/* Looking it up opens a file, so it is not done each time. That it was not can be seen by a process
 * of which nothing can be looked up any more. */
START_TEST(test_memory_is_looked_up_now_and_then)
{
    struct worker *worker = pool_add(&dispatcher.pool, timers.now_us);
    worker->pid = getpid();
    json_int_t kb = told_rss_kb();
    ck_assert_int_gt(kb, 0);
    worker->pid = 0;
    ck_assert_int_eq(told_rss_kb(), kb);
    timers_turn(&timers, timers.now_us + 99999);
    ck_assert_int_eq(told_rss_kb(), kb);
    timers_turn(&timers, timers.now_us + 1);
    ck_assert_int_eq(told_rss_kb(), 0);
    worker_set_state(worker, WORKER_STOPPING, timers.now_us);
    pool_remove(&dispatcher.pool, worker);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("report");
    TCase *tc = tcase_create("workers");
    tcase_add_checked_fixture(tc, setup, NULL);
    tcase_add_test(tc, test_memory_is_looked_up_now_and_then);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
