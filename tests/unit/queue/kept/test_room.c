/* test_room: nothing is handed on without room for results, in the store and in memory. */
#include "tests/unit/queue/kept/kept_world.h"

#include <string.h>

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

/* Each end gives back what it takes: so jobs of a full store go on, one at a time. */
START_TEST(test_large_inputs_go_on_without_room)
{
    SUBMIT('a', 0);
    settle();
    engine.left = 0;
    SUBMIT('b', .input = "a large one");
    SUBMIT('c', .input = "a large one");
    settle();
    ck_told("submit q1");
    done(1);
    ck_told("a done q1, submit q2");
    done(2);
    ck_told("b done q2, submit q3");
}
END_TEST

static void done_with(uint64_t seq, const char *result)
{
    ends(seq, (struct kept_end){.type = KEPT_END_DONE,
                                .fields = "",
                                .result = payload_from(&budget, result, strlen(result))});
}

/* Over store-max jobs wait for outcomes to go. Where none is there, waiting ones go one by one. */
START_TEST(test_over_store_max)
{
    engine.left = 0;
    SUBMIT('a', .wish.ttl_ms = 5000);
    SUBMIT('b', .wish.ttl_ms = 5000);
    settle();
    ck_told("submit q1");
    done_with(1, "a large one");
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
    tcase_add_test(tc, test_large_inputs_go_on_without_room);
    tcase_add_test(tc, test_over_store_max);
    return run_suite(suite);
}
