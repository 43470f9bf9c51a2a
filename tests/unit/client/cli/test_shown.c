/* Values and rows for people. */
#include "client/cli/shown.h"
#include "tests/unit/suite.h"

#include <check.h>
#include <stdlib.h>

static json_t *load(const char *text)
{
    json_t *value = json_loads(text, JSON_DECODE_ANY, NULL);
    ck_assert_ptr_nonnull(value);
    return value;
}

/* Takes the value. */
static void assert_json(json_t *value, const char *expected)
{
    char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
    ck_assert_str_eq(text, expected);
    free(text);
    json_decref(value);
}

START_TEST(objects)
{
    json_t *object =
        load("{\"job\":\"k-1\",\"wait_ms\":0,\"run_us\":3400,\"size\":2048,\"count\":7,"
             "\"a_ms\":null,\"b_ms\":-1,\"_ms\":1,\"big_ms\":9223372036854775807,"
             "\"progress\":{\"fraction\":0.3,\"age_ms\":1500},\"fraction\":1}");
    assert_json(shown_object(object),
                "{\"job\":\"k-1\",\"wait\":\"0ms\",\"run\":\"3.4ms\",\"size\":\"2.0K\",\"count\":7,"
                "\"a\":null,\"b\":-1,\"_ms\":1,\"big\":\"213503982d08h\","
                "\"progress\":{\"fraction\":\"30%\",\"age\":\"1.5s\"},\"fraction\":\"100%\"}");
    json_decref(object);
}
END_TEST

/* A column is left out if no row has a value for it. */
START_TEST(rows)
{
    static const struct shown columns[] = {
        {NULL, "job", "job"},        {NULL, "none", "none"}, {"client", "id", "client"},
        {NULL, "wait_ms", "waited"}, {"progress", "x", "x"}, {0},
    };
    json_t *list = load("[{\"wait_ms\":5,\"job\":\"a\",\"client\":null},"
                        "{\"job\":\"b\",\"none\":null,\"client\":{\"id\":3},\"more\":1},7]");
    assert_json(shown_rows(list, columns), "[{\"job\":\"a\",\"client\":null,\"waited\":\"5.0ms\"},"
                                           "{\"job\":\"b\",\"client\":3,\"waited\":null},"
                                           "{\"job\":null,\"client\":null,\"waited\":null}]");
    json_decref(list);
    list = json_array();
    assert_json(shown_rows(list, columns), "[]");
    json_decref(list);
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("shown");
    tcase_add_test(tcase, objects);
    tcase_add_test(tcase, rows);
    Suite *suite = suite_create("client shown");
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
