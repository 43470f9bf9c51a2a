/* Faults of pools and their lines. */
#include "tests/unit/client/doctor/exam_world.h"

enum { LOOK_MAX = 512 };

/* One pool with 4 workers and a line of 100. */
static char *look(char text[LOOK_MAX], int busy, int waiting, int ended, const char *more)
{
    snprintf(text, LOOK_MAX,
             "{\"pools\":{\"a\":{\"pool\":{\"max\":4,\"idle\":%d,\"busy\":%d%s},\"queue\":{"
             "\"max\":100,\"waiting\":%d},\"run_us\":{\"counts\":[%d,1]}}}}",
             busy ? 4 - busy : 0, busy, more, waiting, ended);
    return text;
}

static void assert_pool(const char *first, const char *last, const char *expected)
{
    world_check(doctor_pools, &(struct world_answers){.first = first, .last = last}, expected);
}

START_TEST(fine)
{
    char a[LOOK_MAX], b[LOOK_MAX];
    assert_pool(look(a, 2, 0, 0, ""), look(b, 4, 0, 9, ""), "");
    assert_pool(look(a, 4, 3, 0, ""), look(b, 3, 3, 9, ""), "");
    assert_pool("{}", NULL, "");
    assert_pool("{\"pools\":{}}", look(b, 4, 9, 9, ""), "");
}
END_TEST

START_TEST(lines)
{
    char a[LOOK_MAX], b[LOOK_MAX];
    assert_pool(look(a, 3, 1, 0, ""), look(b, 3, 9, 1, ""), "critical line-grows pool a");
    assert_pool(look(a, 3, 9, 0, ""), look(b, 3, 9, 1, ""), "");
    assert_pool(look(a, 3, 9, 0, ""), look(b, 3, 1, 1, ""), "");
    assert_pool(look(a, 3, 90, 0, ""), look(b, 3, 100, 1, ""), "critical line-full pool a");
}
END_TEST

/* A rate of 2.5 jobs a second, and a line of a million. */
START_TEST(a_line_with_much_room)
{
    assert_pool("{\"pools\":{\"a\":{\"pool\":{\"idle\":1,\"max\":1},\"queue\":{\"max\":1000000,"
                "\"waiting\":0,\"oldest_ms\":0}}}}",
                "{\"pools\":{\"a\":{\"pool\":{\"idle\":1,\"max\":1},\"queue\":{\"max\":1000000,"
                "\"waiting\":5,\"oldest_ms\":60000}}}}",
                "warning line-grows pool a; warning line-old pool a");
}
END_TEST

START_TEST(workers)
{
    char a[LOOK_MAX];
    assert_pool(look(a, 4, 1, 0, ""), NULL, "warning pool-full pool a");
    assert_pool(look(a, 0, 1, 0, ""), NULL, "critical pool-without-workers pool a");
    assert_pool(look(a, 0, 1, 0, ",\"starting\":1"), NULL, "");
    assert_pool(look(a, 2, 0, 0, ",\"dead\":1"), NULL, "warning pool-dead-workers pool a");
}
END_TEST

START_TEST(a_paused_pool)
{
    assert_pool("{\"pools\":{\"a\":{\"paused\":true,\"pool\":{\"max\":1,\"busy\":1},\"queue\":{"
                "\"max\":9,\"waiting\":1,\"oldest_ms\":70000}}}}",
                NULL, "warning pool-paused pool a");
}
END_TEST

/* What the figure of workers is for two loads: a line that grows, and jobs that do not end. */
START_TEST(the_figure)
{
    static const struct {
        int waiting, ended;
        const char *figure;
    } cases[] = {{9, 8, "set pool-max of the pool to 10,"},
                 {5, 0, "set pool-max of the pool to 8,"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char a[LOOK_MAX], b[LOOK_MAX];
        struct findings findings;
        json_t *first = world_load(look(a, 4, 1, 0, ""));
        json_t *last = world_load(look(b, 4, cases[i].waiting, cases[i].ended, ""));
        struct exam exam = {.looks = {first, last, last, last, last}, .span_us = 1000000000};
        findings_open(&findings);
        doctor_pools(&exam, &findings);
        json_t *full = json_array_get(findings.list, json_array_size(findings.list) - 1);
        const char *advice = json_string_value(json_object_get(full, "advice"));
        ck_assert_msg(strstr(advice, cases[i].figure) != NULL, "%s", advice);
        findings_close(&findings);
        json_decref(first);
        json_decref(last);
    }
}
END_TEST

static void examine_all(const char *first, const char *last)
{
    struct findings findings;
    json_t *looks[] = {world_load(first), world_load(last)};
    struct exam exam = {.release = "taskmasterd/0.0.1",
                        .looks = {looks[0], looks[1], looks[1], looks[1], looks[1]},
                        .span_us = 1};
    findings_open(&findings);
    doctor_pools(&exam, &findings);
    doctor_queue(&exam, &findings);
    doctor_clients(&exam, &findings);
    ck_assert_int_le(findings_status(&findings), 2);
    findings_close(&findings);
    json_decref(looks[0]);
    json_decref(looks[1]);
}

/* Every figure is as large, or as small, as JSON has it. */
START_TEST(figures_of_a_liar)
{
    static const char *const figures[] = {"9223372036854775807", "-9223372036854775808", "-1", "0"};
    for (size_t i = 0; i < 16; i++) {
        char looks[2][LOOK_MAX];
        for (size_t k = 0; k < 2; k++) {
            const char *f = figures[k ? i / 4 : i % 4];
            snprintf(
                looks[k], LOOK_MAX,
                "{\"pools\":{\"a\":{\"pool\":{\"max\":%s,\"busy\":%s,\"idle\":%s,\"starting\":%s,"
                "\"dead\":%s},\"queue\":{\"max\":%s,\"waiting\":%s,\"oldest_ms\":%s},"
                "\"run_us\":{\"counts\":[%s,%s]}}},\"jobs\":{\"max\":%s,\"waiting\":%s,"
                "\"running\":%s},\"clients\":{\"connected\":%s,\"max\":%s}}",
                f, f, f, f, f, f, f, f, f, f, f, f, f, f, f);
        }
        examine_all(looks[0], looks[1]);
    }
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("pools");
    tcase_add_test(tcase, fine);
    tcase_add_test(tcase, lines);
    tcase_add_test(tcase, a_line_with_much_room);
    tcase_add_test(tcase, workers);
    tcase_add_test(tcase, a_paused_pool);
    tcase_add_test(tcase, the_figure);
    tcase_add_test(tcase, figures_of_a_liar);
    Suite *suite = suite_create("doctor pools");
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
