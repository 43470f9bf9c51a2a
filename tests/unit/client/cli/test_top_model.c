/* test_top_model: rows, rates, sorting and filters of `top`. */
#include "client/cli/top_model.h"

#include "tests/unit/client/cli/top_world.h"

static struct top_model model;

static void set_up(void)
{
    top_model_init(&model);
}

static void tear_down(void)
{
    top_model_free(&model);
}

static const char *first_name(json_t *list, const char *key)
{
    static char text[64];
    const char *name = json_string_value(json_object_get(json_array_get(list, 0), key));
    snprintf(text, sizeof text, "%s", name ? name : "none");
    json_decref(list);
    return text;
}

START_TEST(test_empty)
{
    for (int section = 0; section < TOP_SECTIONS; section++) {
        json_t *list = top_model_select(&model, (enum top_section)section, "", 0, false);
        ck_assert_uint_eq(json_array_size(list), 0);
        json_decref(list);
    }
    ck_assert_uint_eq(top_model_figure(&model, "jobs.running"), 0);
    ck_assert_uint_eq(top_model_sum(&model, "failed"), 0);
}
END_TEST

START_TEST(test_rates)
{
    json_t *after = world_stats(3);
    world_take(&model, world_stats(3), NULL, json_array(), 1000);
    ck_assert(model.rate == 0 && model.cpu < 0);
    json_object_set_new(json_object_get(after, "jobs"), "done", json_integer(123456 + 3000));
    json_object_set_new(json_object_get(after, "process"), "cpu_us", json_integer(6000000));
    json_object_set_new(json_object_get(json_object_get(after, "modules"), "module_01"), "done",
                        json_integer(1000 + 50));
    world_take(&model, after, NULL, json_array(), 3000);
    ck_assert(model.rate > 1499 && model.rate < 1501);
    ck_assert(model.cpu > 0.49 && model.cpu < 0.51);
    json_t *list = top_model_select(&model, TOP_MODULES, "", top_tables[TOP_MODULES].sort, false);
    const json_t *row = json_array_get(list, 0);
    ck_assert_str_eq(json_string_value(json_object_get(row, "name")), "module_01");
    ck_assert(json_number_value(json_object_get(row, "rate")) == 25);
    json_decref(list);
}
END_TEST

/* A server that counts from 0 again has no rate below 0. */
START_TEST(test_counts_from_zero)
{
    world_take(&model, world_stats(3), NULL, json_array(), 1000);
    world_take(&model, json_pack("{s{si}}", "jobs", "done", 1), NULL, json_array(), 2000);
    ck_assert(model.rate == 0);
}
END_TEST

START_TEST(test_sort)
{
    world_take(&model, world_stats(9), world_jobs(20), world_workers(20), 1000);
    ck_assert_str_eq(first_name(top_model_select(&model, TOP_JOBS, "", 4, false), "job"),
                     "k3f9-20");
    ck_assert_str_eq(first_name(top_model_select(&model, TOP_JOBS, "", 4, true), "job"), "k3f9-1");
    ck_assert_str_eq(first_name(top_model_select(&model, TOP_WORKERS, "", 4, false), "job"),
                     "k3f9-20");
    ck_assert_str_eq(first_name(top_model_select(&model, TOP_POOLS, "", 0, false), "name"),
                     "default");
    ck_assert_str_eq(first_name(top_model_select(&model, TOP_POOLS, "", 0, true), "name"), "slow");
}
END_TEST

/* The open breaker of module_07 is to be seen, whatever the order of the others. */
START_TEST(test_alarms_come_first)
{
    world_take(&model, world_stats(9), world_jobs(20), world_workers(20), 1000);
    for (int reverse = 0; reverse <= 1; reverse++) {
        json_t *list = top_model_select(&model, TOP_MODULES, "", 0, reverse);
        const char *first = json_string_value(json_object_get(json_array_get(list, 0), "name"));
        const char *second = json_string_value(json_object_get(json_array_get(list, 1), "name"));
        ck_assert_str_eq(first, "module_07");
        ck_assert_str_eq(second, reverse ? "module_08" : "module_00");
        json_decref(list);
    }
}
END_TEST

static json_int_t figure(enum top_section section, const char *path)
{
    json_t *list = top_model_select(&model, section, "", 0, false);
    const json_t *value = top_value(json_array_get(list, 0), path);
    json_int_t figure = value ? json_integer_value(value) : -1;
    json_decref(list);
    return figure;
}

/* Percentiles of jobs between two looks; none of the first look, and none without jobs. */
START_TEST(test_recent_times)
{
    json_t *after = world_stats(1);
    world_take(&model, world_stats(1), NULL, json_array(), 1000);
    ck_assert_int_eq(figure(TOP_POOLS, "run_us.p50"), -1);
    json_t *times =
        json_object_get(json_object_get(json_object_get(after, "pools"), "default"), "run_us");
    json_object_set_new(times, "counts", json_pack("[i i i i]", 1, 2, 3, 8));
    world_take(&model, json_incref(after), NULL, json_array(), 2000);
    ck_assert_int_ge(figure(TOP_POOLS, "run_us.p50"), 8);
    ck_assert_int_le(figure(TOP_POOLS, "run_us.p99"), 15);
    ck_assert_int_eq(figure(TOP_POOLS, "wait_us.p50"), -1);
    for (int ms = 3000; ms <= 7000; ms += 1000)
        world_take(&model, json_incref(after), NULL, json_array(), ms);
    ck_assert_int_eq(figure(TOP_POOLS, "run_us.p50"), -1);
    json_decref(after);
}
END_TEST

START_TEST(test_times_since_the_start)
{
    model.since_start = true;
    world_take(&model, world_stats(1), NULL, json_array(), 1000);
    world_take(&model, world_stats(1), NULL, json_array(), 1500);
    ck_assert_int_eq(figure(TOP_POOLS, "run_us.p50"), 2500);
}
END_TEST

START_TEST(test_filter)
{
    world_take(&model, world_stats(9), world_jobs(20), world_workers(20), 1000);
    ck_assert_str_eq(first_name(top_model_select(&model, TOP_MODULES, "E_07", 0, false), "name"),
                     "module_07");
    ck_assert_str_eq(first_name(top_model_select(&model, TOP_JOBS, "thumbs", 4, false), "job"),
                     "k3f9-20");
    ck_assert_str_eq(first_name(top_model_select(&model, TOP_JOBS, "nobody", 4, false), "job"),
                     "none");
}
END_TEST

/* Of a server without the request jobs, the workers tell. */
START_TEST(test_jobs_of_workers)
{
    world_take(&model, world_stats(1), NULL, world_workers(5), 1000);
    json_t *list = top_model_select(&model, TOP_JOBS, "", 4, false);
    ck_assert_uint_eq(json_array_size(list), 5);
    ck_assert_int_eq(json_integer_value(json_object_get(json_array_get(list, 0), "run_ms")), 50);
    json_decref(list);
}
END_TEST

/* A server may send anything. */
START_TEST(test_nonsense)
{
    json_t *stats =
        json_pack("{s[i] s{si s{ss} sn} s{si} si si}", "pools", 1, "modules", "a", 1, "b", "run_us",
                  "x", "c", "jobs", "done", -5, "process", 3, "server", 4);
    world_take(&model, stats, json_pack("[i s n {sn}]", 1, "x", "job"), json_pack("[[]]"), 1000);
    json_t *list = top_model_select(&model, TOP_MODULES, "", 0, false);
    ck_assert_uint_eq(json_array_size(list), 1);
    json_decref(list);
    list = top_model_select(&model, TOP_JOBS, "", 4, false);
    ck_assert_uint_eq(json_array_size(list), 1);
    json_decref(list);
}
END_TEST

START_TEST(test_cells)
{
    char text[TOP_CELL_MAX];
    json_t *row = json_pack("{ss ss si si sf s{si}}", "empty", "", "nasty", "a\033[2Jb\xc2\x9b",
                            "us", 4200, "big", 123456, "part", 0.999, "run_us", "max", 9000);
    ck_assert_str_eq(top_cell(text, &(struct top_column){"", "nothing", TOP_TEXT, 1, 0}, row), "-");
    ck_assert_str_eq(top_cell(text, &(struct top_column){"", "empty", TOP_TEXT, 1, 0}, row), "-");
    ck_assert_str_eq(top_cell(text, &(struct top_column){"", "nasty", TOP_TEXT, 1, 0}, row),
                     "a?[2Jb??");
    ck_assert_str_eq(top_cell(text, &(struct top_column){"", "big", TOP_COUNT, 1, 0}, row), "123k");
    ck_assert_str_eq(top_cell(text, &(struct top_column){"", "big", TOP_ID, 1, 0}, row), "123456");
    ck_assert_str_eq(top_cell(text, &(struct top_column){"", "us", TOP_MS, 1, 0}, row), "4.2s");
    ck_assert_str_eq(top_cell(text, &(struct top_column){"", "run_us.max", TOP_US, 1, 0}, row),
                     "9.0ms");
    ck_assert_str_eq(top_cell(text, &(struct top_column){"", "part", TOP_PART, 1, 0}, row), "99%");
    ck_assert_str_eq(top_cell(text, &(struct top_column){"", "us", TOP_KB, 1, 0}, row), "4.1M");
    json_decref(row);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("top_model");
    TCase *tc = tcase_create("top_model");
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_test(tc, test_empty);
    tcase_add_test(tc, test_rates);
    tcase_add_test(tc, test_counts_from_zero);
    tcase_add_test(tc, test_sort);
    tcase_add_test(tc, test_alarms_come_first);
    tcase_add_test(tc, test_recent_times);
    tcase_add_test(tc, test_times_since_the_start);
    tcase_add_test(tc, test_filter);
    tcase_add_test(tc, test_jobs_of_workers);
    tcase_add_test(tc, test_nonsense);
    tcase_add_test(tc, test_cells);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
