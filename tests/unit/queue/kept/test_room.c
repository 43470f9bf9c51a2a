/* test_room: nothing is handed on without room for results, in the store and in memory. */
#include "tests/unit/queue/kept/kept_world.h"

enum { LARGE = 33 * 1024 * 1024 };

static struct payload *large_result(void)
{
    char *bytes = calloc(1, LARGE);
    struct payload *payload = payload_from(&budget, bytes, LARGE);
    free(bytes);
    return payload;
}

/* Two jobs of one module, and one of another. The first has ended with much. */
static void much_is_written(void)
{
    SUBMIT('a', .wants = 0);
    settle();
    ck_told("submit q1");
    kept_on_end(keep_handed(keep, 1),
                &(struct kept_end){.type = KEPT_END_DONE, .fields = "", .result = large_result()});
    keep_turn(keep);
    SUBMIT('b', .wants = 0);
    SUBMIT('c', .wish.module = "other");
    keep_turn(keep);
    ck_told("");
}

START_TEST(test_much_waits_to_be_written)
{
    much_is_written();
    while (fake_engine_answer(&engine) && !keep_has_work(keep))
        ;
    ck_told("a done q1");
    ck_assert_uint_eq(fake_engine_count(&engine, STORED_HANDED), 0);
    settle();
    ck_told("submit q2, submit q3");
}
END_TEST

/* Over store-max jobs wait for outcomes to go. Where none is there, waiting ones go one by one. */
START_TEST(test_over_store_max)
{
    engine.left = 0;
    SUBMIT('a', .wish.ttl_ms = 5000);
    SUBMIT('b', .wish.ttl_ms = 5000);
    settle();
    ck_told("submit q1");
    done(1);
    ck_told("a done q1");
    pass_ms(4000);
    ck_told("");
    pass_ms(4000);
    ck_told("submit q2");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("kept_room");
    TCase *tc = tcase_create("room");
    tcase_add_checked_fixture(tc, open_world, close_world);
    suite_add_tcase(suite, tc);
    tcase_add_test(tc, test_much_waits_to_be_written);
    tcase_add_test(tc, test_over_store_max);
    return run_suite(suite);
}
