/* test_history: samples of stats, and the series that come of them. */
#include "gateway/history/history.h"
#include "gateway/history/track.h"

#include "tests/unit/support.h"

static struct history *history;
static json_t *shown; /* of the last show() */

static void setup(void)
{
    history = history_new(true);
}

static void teardown(void)
{
    history_free(history);
    json_decref(shown);
    shown = NULL;
}

static void show(uint64_t since_ms)
{
    char *text = history_json(history, since_ms);
    json_decref(shown);
    shown = json_loads(text, 0, NULL);
    ck_assert_msg(shown != NULL, "%s", text);
    free(text);
}

static void check_series(const char *path[3], const char *expected)
{
    json_t *object = shown;
    for (int i = 0; i < 3 && path[i]; i++)
        object = json_object_get(object, path[i]);
    char *text = object ? json_dumps(object, JSON_COMPACT | JSON_ENCODE_ANY) : NULL;
    ck_assert_msg(text && strcmp(text, expected) == 0, "%s is %s, not %s",
                  path[1] ? path[1] : path[0], text, expected);
    free(text);
}

#define CHECK_SERIES(expected, ...) check_series((const char *[3]){__VA_ARGS__}, expected)

/* 41 counters: `count` times in the one of 1 ms (512 to 1023 us). */
static json_t *times(int count)
{
    json_t *counts = json_array();
    for (int n = 0; n < HISTOGRAM_BUCKETS; n++)
        json_array_append_new(counts, json_integer(n == 9 ? count : 0));
    return json_pack("{sisisiso}", "p50", 0, "max", count ? 1000 : 0, "sum", 0, "counts", counts);
}

struct told {
    const char *boot;
    int done, failed, waiting, ended;
    const char *pool; /* NULL: default */
};

static json_t *stats(const struct told *told)
{
    json_t *pool = json_pack("{s{si}s{si}soso}", "queue", "waiting", told->waiting, "overload",
                             "memory", 2, "run_us", times(told->ended), "wait_us", times(0));
    return json_pack("{sss{sis{siss}}s{si}s{so}}", "boot", told->boot, "jobs", "done", told->done,
                     "failed", "error", told->failed, "none", "x", "queue", "waiting",
                     told->waiting, "pools", told->pool ? told->pool : "default", pool);
}

static void take_at(uint64_t at_ms, const struct told *told)
{
    json_t *master = told ? stats(told) : NULL;
    history_take(history, at_ms, master, NULL);
    json_decref(master);
}

#define TAKE(at_ms, ...) take_at(at_ms, &(struct told){__VA_ARGS__})

START_TEST(test_empty)
{
    show(0);
    CHECK_SERIES("[]", "at_ms");
    CHECK_SERIES("[]", "master", "done");
    CHECK_SERIES("{}", "pools");
    CHECK_SERIES("5000", "interval_ms");
    CHECK_SERIES("720", "size");
}
END_TEST

START_TEST(test_differences)
{
    TAKE(1000, .boot = "a", .done = 10, .failed = 1, .waiting = 3);
    TAKE(6000, .boot = "a", .done = 15, .failed = 3, .waiting = 0);
    show(0);
    CHECK_SERIES("[1000,6000]", "at_ms");
    CHECK_SERIES("[1,1]", "master", "up");
    CHECK_SERIES("[null,5]", "master", "done");
    CHECK_SERIES("[null,2]", "master", "failed");
    CHECK_SERIES("[3,0]", "master", "waiting");
    CHECK_SERIES("[null,null]", "master", "rss");
    CHECK_SERIES("[3,0]", "pools", "default", "waiting");
    CHECK_SERIES("[null,0]", "pools", "default", "overload");
}
END_TEST

/* The percentiles are of the jobs between two samples. */
START_TEST(test_times)
{
    TAKE(1000, .boot = "a", .ended = 5);
    TAKE(6000, .boot = "a", .ended = 6);
    TAKE(11000, .boot = "a", .ended = 6);
    show(0);
    CHECK_SERIES("[null,1000,null]", "master", "run_p50_us");
    CHECK_SERIES("[null,null,null]", "master", "wait_p50_us");
    CHECK_SERIES("[null,1000,null]", "pools", "default", "run_p95_us");
    CHECK_SERIES("[null,1,0]", "pools", "default", "ended");
}
END_TEST

/* Neither a start nor a time away makes a difference of thousands. */
START_TEST(test_restart)
{
    TAKE(1000, .boot = "a", .done = 10);
    TAKE(6000, .boot = "b", .done = 2);
    TAKE(11000, .boot = "b", .done = 3);
    take_at(16000, NULL);
    TAKE(21000, .boot = "b", .done = 9);
    show(0);
    CHECK_SERIES("[null,null,1,null,null]", "master", "done");
    CHECK_SERIES("[0,0,0,null,0]", "master", "waiting");
    CHECK_SERIES("[1,1,1,0,1]", "master", "up");
    CHECK_SERIES("[0,0,0,null,0]", "pools", "default", "waiting");
}
END_TEST

START_TEST(test_since)
{
    for (uint64_t i = 1; i <= 3; i++)
        TAKE(i * 5000, .boot = "a", .waiting = (int)i);
    show(5000);
    CHECK_SERIES("[10000,15000]", "at_ms");
    CHECK_SERIES("[2,3]", "master", "waiting");
    show(15000);
    CHECK_SERIES("[]", "at_ms");
    CHECK_SERIES("[]", "pools", "default", "waiting");
}
END_TEST

/* The ring holds an hour. */
START_TEST(test_ring)
{
    for (uint64_t i = 1; i <= HISTORY_SIZE + 10; i++)
        TAKE(i, .boot = "a", .waiting = (int)i);
    show(0);
    const json_t *at_ms = json_object_get(shown, "at_ms");
    ck_assert_uint_eq(json_array_size(at_ms), HISTORY_SIZE);
    ck_assert_int_eq(json_integer_value(json_array_get(at_ms, 0)), 11);
    const json_t *waiting = json_object_get(json_object_get(shown, "master"), "waiting");
    ck_assert_uint_eq(json_array_size(waiting), HISTORY_SIZE);
    ck_assert_int_eq(json_integer_value(json_array_get(waiting, HISTORY_SIZE - 1)),
                     HISTORY_SIZE + 10);
    show(HISTORY_SIZE + 8);
    CHECK_SERIES("[729,730]", "master", "waiting");
}
END_TEST

/* A pool comes late, goes, and is forgotten after an hour. */
START_TEST(test_pools)
{
    TAKE(1, .boot = "a", .waiting = 1);
    TAKE(2, .boot = "a", .waiting = 2, .pool = "slow");
    TAKE(3, .boot = "a", .waiting = 3);
    show(0);
    CHECK_SERIES("[1,null,3]", "pools", "default", "waiting");
    CHECK_SERIES("[null,2,null]", "pools", "slow", "waiting");
    for (uint64_t i = 4; i < HISTORY_SIZE + 2; i++)
        TAKE(i, .boot = "a");
    show(0);
    ck_assert_uint_eq(json_object_size(json_object_get(shown, "pools")), 2);
    TAKE(HISTORY_SIZE + 2, .boot = "a");
    show(0);
    ck_assert_uint_eq(json_object_size(json_object_get(shown, "pools")), 1);
}
END_TEST

START_TEST(test_many_pools)
{
    for (int i = 0; i < 100; i++) {
        char name[16];
        snprintf(name, sizeof name, "p%d", i);
        TAKE((uint64_t)i, .boot = "a", .pool = name);
    }
    show(0);
    ck_assert_uint_eq(json_object_size(json_object_get(shown, "pools")), 65);
}
END_TEST

START_TEST(test_queue)
{
    json_t *queue = json_pack("{sss{sisi}s{sb}}", "boot", "q", "jobs", "delayed", 4, "done", 7,
                              "master", "connected", 1);
    history_take(history, 1, NULL, queue);
    json_object_set_new(json_object_get(queue, "jobs"), "done", json_integer(9));
    history_take(history, 2, NULL, queue);
    json_decref(queue);
    show(0);
    CHECK_SERIES("[4,4]", "queue", "delayed");
    CHECK_SERIES("[null,2]", "queue", "done");
    CHECK_SERIES("[1,1]", "queue", "master_up");
    CHECK_SERIES("[0,0]", "master", "up");
}
END_TEST

START_TEST(test_without_queue)
{
    history_free(history);
    history = history_new(false);
    TAKE(1, .boot = "a");
    show(0);
    CHECK_SERIES("null", "queue");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("history");
    TCase *tc = tcase_create("series");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, test_empty);
    tcase_add_test(tc, test_differences);
    tcase_add_test(tc, test_times);
    tcase_add_test(tc, test_restart);
    tcase_add_test(tc, test_since);
    tcase_add_test(tc, test_ring);
    tcase_add_test(tc, test_pools);
    tcase_add_test(tc, test_many_pools);
    tcase_add_test(tc, test_queue);
    tcase_add_test(tc, test_without_queue);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
