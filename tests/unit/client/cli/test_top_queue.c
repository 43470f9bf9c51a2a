/* The figures of taskqueued, in the shape of taskmasterd's. */
#include "client/cli/top_model.h"
#include "client/cli/top_queue.h"
#include "tests/unit/client/cli/top_world.h"

static const char figures[] =
    "{\"server\":\"taskqueued/"
    "0.2.0\",\"jobs\":{\"waiting\":7,\"running\":2,\"done\":30,\"failed\":4,"
    "\"refused\":5},\"modules\":{\"a\":{\"waiting\":1,\"paused\":true,\"held_ms\":5},"
    "\"b\":{\"paused\":false,\"held_ms\":9},\"c\":{\"paused\":false,\"held_ms\":0}},"
    "\"payloads\":{\"bytes\":11,\"bytes_max\":12},\"master\":{\"pool\":{\"busy\":3,\"max\":8}}}";

static const char *state(const struct top_model *model, size_t row)
{
    return json_string_value(
        json_object_get(json_array_get(model->rows[TOP_MODULES], row), "state"));
}

START_TEST(figures_of_a_queue)
{
    struct top_model model;
    json_t *stats = json_loads(figures, 0, NULL);
    ck_assert_ptr_nonnull(stats);
    top_model_init(&model);
    top_model_take_stats(&model, stats, 1000);
    ck_assert_uint_eq(top_model_figure(&model, "queue.waiting"), 7);
    ck_assert_uint_eq(top_model_figure(&model, "queue.bytes"), 11);
    ck_assert_uint_eq(top_model_figure(&model, "queue.bytes_max"), 12);
    ck_assert_uint_eq(top_model_figure(&model, "jobs.running"), 2);
    ck_assert_uint_eq(top_model_figure(&model, "jobs.done"), 30);
    ck_assert_uint_eq(top_model_sum(&model, "failed"), 4);
    ck_assert_uint_eq(top_model_sum(&model, "overload"), 5);
    ck_assert_uint_eq(top_model_figure(&model, "pool.busy"), 3);
    ck_assert_uint_eq(top_model_figure(&model, "pool.max"), 8);
    ck_assert_str_eq(state(&model, 0), "paused");
    ck_assert_str_eq(state(&model, 1), "held");
    ck_assert_str_eq(state(&model, 2), "");
    /* The answer itself is as it was. */
    ck_assert_int_eq(json_integer_value(json_object_get(json_object_get(stats, "jobs"), "failed")),
                     4);
    json_decref(stats);
    top_model_free(&model);
}
END_TEST

START_TEST(others_stay)
{
    json_t *stats = world_stats(2), *shape = top_queue_shape(stats);
    ck_assert_ptr_eq(stats, shape);
    json_decref(shape);
    json_decref(stats);
}
END_TEST

/* A server is not trusted. */
START_TEST(nonsense)
{
    static const char *const texts[] = {
        "{\"server\":\"taskqueued/1\"}",
        "{\"server\":\"taskqueued/1\",\"jobs\":1,\"modules\":[],\"payloads\":\"\",\"master\":null}",
        "{\"server\":\"taskqueued/1\",\"jobs\":{\"failed\":{}},\"modules\":{\"a\":1,\"b\":{}}}",
        "{\"server\":1}",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        json_t *stats = json_loads(texts[i], 0, NULL), *shape = top_queue_shape(stats);
        ck_assert_ptr_nonnull(shape);
        json_decref(shape);
        json_decref(stats);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("top_queue");
    TCase *tc = tcase_create("top_queue");
    tcase_add_test(tc, figures_of_a_queue);
    tcase_add_test(tc, others_stay);
    tcase_add_test(tc, nonsense);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
