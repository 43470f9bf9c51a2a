/* test_sweep: how long outcomes are kept. */
#include "tests/unit/queue/kept/kept_world.h"

enum { HOUR_MS = 3600000, DAY_MS = 24 * HOUR_MS };

static void run(struct wish wish, bool is_done)
{
    silent = true;
    submit_as('a', wish);
    settle();
    if (is_done)
        done(keep_last_seq(keep));
    else
        fails(keep_last_seq(keep), "error");
    silent = false;
}
#define RUN(is_done, ...) run((struct wish){__VA_ARGS__}, is_done)

START_TEST(test_ttl)
{
    RUN(true, 0);
    RUN(false, 0);
    RUN(true, .wish.ttl_ms = 5000);
    ck_assert_uint_eq(keep_counts(keep)->ended, 3);
    pass_ms(4900);
    ck_assert_ptr_nonnull(row(3));
    pass_ms(300);
    ck_assert_ptr_null(row(3));
    pass_ms(DAY_MS - 10000);
    ck_assert_ptr_nonnull(row(1));
    pass_ms(10000);
    ck_assert_ptr_null(row(1));
    pass_ms(6 * (uint64_t)DAY_MS - 10000);
    ck_assert_ptr_nonnull(row(2));
    pass_ms(10000);
    ck_assert_ptr_null(row(2));
    ck_assert_uint_eq(keep_counts(keep)->ended, 0);
}
END_TEST

START_TEST(test_acknowledged)
{
    RUN(true, 0);
    RUN(true, .wish.key = "k");
    RUN(true, .wish.ttl_ms = 5000);
    for (uint64_t seq = 1; seq <= 3; seq++)
        kept_acknowledge(keep, seq);
    pass_ms(5200);
    ck_assert_ptr_null(row(3)); /* not longer than its time */
    pass_ms(54000);
    ck_assert_ptr_nonnull(row(1));
    pass_ms(1500);
    ck_assert_ptr_null(row(1));
    pass_ms(DAY_MS - 70000);
    ck_assert_ptr_nonnull(row(2)); /* the key's time */
    pass_ms(10000);
    ck_assert_ptr_null(row(2));
    kept_acknowledge(keep, 1); /* of none */
    settle();
}
END_TEST

START_TEST(test_notes_gather)
{
    RUN(true, 0);
    RUN(true, 0);
    kept_acknowledge(keep, 1);
    kept_acknowledge(keep, 2);
    settle();
    ck_assert_uint_eq(engine.counts[STORE_MARK], 0);
    RUN(true, 0); /* its operations take the notes along */
    ck_assert_uint_eq(engine.counts[STORE_MARK], 2);
    kept_acknowledge(keep, 3);
    pass_ms(1100);
    ck_assert_uint_eq(engine.counts[STORE_MARK], 3);
    kept_acknowledge(keep, 3);
    keep_drain(keep);
    settle();
    ck_assert_uint_eq(engine.counts[STORE_MARK], 4);
    kept_acknowledge(keep, 3); /* freed with the keep */
}
END_TEST

START_TEST(test_batches)
{
    enum { N = 2500 };
    for (size_t i = 0; i < N; i++)
        RUN(true, .wish.ttl_ms = 10000);
    pass_ms(11000);
    ck_assert_uint_eq(keep_counts(keep)->ended, 0);
    ck_assert_uint_le(engine.counts[STORE_SWEEP], 10);
}
END_TEST

START_TEST(test_jump)
{
    RUN(true, 0);
    wall_offset_ms = 2 * DAY_MS;
    pass_ms(595000);
    ck_assert_ptr_nonnull(row(1)); /* perhaps it is a mistake */
    pass_ms(70000);
    ck_assert_ptr_null(row(1));
}
END_TEST

START_TEST(test_jump_and_back)
{
    RUN(true, 0);
    wall_offset_ms = 2 * DAY_MS;
    pass_ms(300000);
    wall_offset_ms = 0;
    pass_ms(3 * HOUR_MS);
    ck_assert_ptr_nonnull(row(1));
    pass_ms(DAY_MS);
    ck_assert_ptr_null(row(1));
}
END_TEST

/* Swept between the question and the look at it. */
START_TEST(test_swept_amid_an_ask)
{
    struct kept_ask ask;
    RUN(true, .wish.ttl_ms = 1000);
    timers_turn(&timers, timers.now_us + 1200000);
    asks_in_flight(&ask, KEPT_ASK_FORGET, 1);
    keep_turn(keep);
    timers_run(&timers); /* the sweep is posted behind the reading */
    settle();
    ck_told("unknown");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("sweep");
    TCase *tests = tcase_create("all");
    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, open_world, close_world);
    tcase_add_test(tests, test_ttl);
    tcase_add_test(tests, test_acknowledged);
    tcase_add_test(tests, test_notes_gather);
    tcase_add_test(tests, test_batches);
    tcase_add_test(tests, test_jump);
    tcase_add_test(tests, test_jump_and_back);
    tcase_add_test(tests, test_swept_amid_an_ask);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
