/* test_timers: due deadlines fire in their order, whatever their functions do. */
#include "base/timers.h"

#include "tests/unit/support.h"

#include <signal.h>

enum { SOME = 8 };

static struct timers timers;
static struct timer some[SOME];
static int fired[64], fired_count;

static void note(void *arg)
{
    struct timer *timer = arg;
    ck_assert(!timer_is_set(timer)); /* unset before its function runs */
    ck_assert_uint_le(timer->due.key, timers.now_us);
    fired[fired_count++] = (int)(timer - some);
}

static void setup(void)
{
    timers_init(&timers, 1000);
    for (int i = 0; i < SOME; i++)
        timer_init(&some[i], note, &some[i]);
    fired_count = 0;
}

static void teardown(void)
{
    timers_free(&timers);
}

static void run_at(uint64_t now_us)
{
    fired_count = 0;
    timers_turn(&timers, now_us);
    timers_run(&timers);
}

START_TEST(test_nothing_set)
{
    ck_assert_uint_eq(timers_next(&timers), TIMERS_NEVER);
    run_at(UINT64_MAX);
    ck_assert_int_eq(fired_count, 0);
    ck_assert(!timer_is_set(&some[0]));
    timer_clear(&timers, &some[0]); /* nothing happens */
    ck_assert_uint_eq(timers_next(&timers), TIMERS_NEVER);
}
END_TEST

START_TEST(test_due_not_before)
{
    timer_set(&timers, &some[0], 5000);
    ck_assert(timer_is_set(&some[0]));
    ck_assert_uint_eq(timers_next(&timers), 5000);
    run_at(4999);
    ck_assert_int_eq(fired_count, 0);
    run_at(5000);
    ck_assert_int_eq(fired_count, 1);
    run_at(9000); /* once */
    ck_assert_int_eq(fired_count, 0);
    ck_assert_uint_eq(timers_next(&timers), TIMERS_NEVER);
}
END_TEST

static uint64_t clock_told_us;

static uint64_t told_clock(void)
{
    return clock_told_us += 1000;
}

static void count(void *arg)
{
    (void)arg;
    fired_count++;
}

/* Very many timers are due at once: some fire in this turn, the others in later ones. */
START_TEST(test_run_for)
{
    static struct timer many[1000];
    int before = 0, turns = 0;
    timers_turn(&timers, 9000);
    for (size_t i = 0; i < SUPPORT_COUNT(many); i++) {
        timer_init(&many[i], count, NULL);
        timer_set(&timers, &many[i], 8000 + i);
    }
    while (!timers_run_for(&timers, 3000, told_clock)) {
        ck_assert_int_gt(fired_count, before);
        ck_assert_int_le(fired_count, before + 64);
        before = fired_count;
        turns++;
    }
    ck_assert_int_eq(fired_count, SUPPORT_COUNT(many));
    ck_assert_int_gt(turns, 10);
    ck_assert_uint_eq(timers_next(&timers), TIMERS_NEVER);
}
END_TEST

/* Time passes only in timers_turn(): input read between the two calls is never late. */
START_TEST(test_turn_fires_nothing)
{
    timer_set(&timers, &some[0], 2000);
    timers_turn(&timers, 9000);
    ck_assert_uint_eq(timers.now_us, 9000);
    ck_assert_int_eq(fired_count, 0);
    timers_run(&timers);
    ck_assert_int_eq(fired_count, 1);
}
END_TEST

START_TEST(test_never_back)
{
    timers_turn(&timers, 5000);
    timers_turn(&timers, 4000);
    ck_assert_uint_eq(timers.now_us, 5000);
    timer_set(&timers, &some[0], 4500); /* in the past: due at once */
    timers_run(&timers);
    ck_assert_int_eq(fired_count, 1);
}
END_TEST

START_TEST(test_ms_from_now)
{
    timers_turn(&timers, 7000);
    timer_set_ms(&timers, &some[0], 3);
    ck_assert_uint_eq(timers_next(&timers), 10000);
    timer_set_ms(&timers, &some[0], 0);
    ck_assert_uint_eq(timers_next(&timers), 7000);
    /* The longest configurable limit does not wrap. */
    timer_set_ms(&timers, &some[0], UINT32_MAX);
    ck_assert_uint_eq(timers_next(&timers), 7000 + UINT32_MAX * UINT64_C(1000));
}
END_TEST

START_TEST(test_earliest_first)
{
    static const uint64_t at[SOME] = {6000, 2000, 8000, 1500, 7000, 3000, 5000, 4000};
    static const int order[SOME] = {3, 1, 5, 7, 6, 0, 4, 2};
    for (int i = 0; i < SOME; i++)
        timer_set(&timers, &some[i], at[i]);
    run_at(6500);
    ck_assert_int_eq(fired_count, 6);
    ck_assert_mem_eq(fired, order, 6 * sizeof order[0]);
    ck_assert_uint_eq(timers_next(&timers), 7000);
    run_at(8000);
    ck_assert_int_eq(fired_count, 2);
    ck_assert_mem_eq(fired, order + 6, 2 * sizeof order[0]);
}
END_TEST

START_TEST(test_moved)
{
    timer_set(&timers, &some[0], 2000);
    timer_set(&timers, &some[1], 3000);
    timer_set(&timers, &some[0], 4000); /* later */
    ck_assert_uint_eq(timers_next(&timers), 3000);
    timer_set(&timers, &some[1], 5000);
    timer_set(&timers, &some[1], 1500); /* earlier */
    ck_assert_uint_eq(timers_next(&timers), 1500);
    run_at(9000);
    ck_assert_int_eq(fired_count, 2);
    ck_assert_int_eq(fired[0], 1);
    ck_assert_int_eq(fired[1], 0);
}
END_TEST

START_TEST(test_cleared)
{
    for (int i = 0; i < SOME; i++)
        timer_set(&timers, &some[i], 2000 + (uint64_t)i);
    timer_clear(&timers, &some[0]);
    timer_clear(&timers, &some[4]);
    timer_clear(&timers, &some[SOME - 1]);
    timer_clear(&timers, &some[4]);
    ck_assert(!timer_is_set(&some[4]));
    ck_assert_uint_eq(timers_next(&timers), 2001);
    run_at(9000);
    ck_assert_int_eq(fired_count, SOME - 3);
    for (int i = 0; i < fired_count; i++)
        ck_assert(fired[i] != 0 && fired[i] != 4 && fired[i] != SOME - 1);
}
END_TEST

/* --- functions that set and clear --- */

static int rounds;

static void set_itself(void *arg)
{
    note(arg);
    if (++rounds < 3)
        timer_set_ms(&timers, arg, 1);
}

START_TEST(test_sets_itself)
{
    rounds = 0;
    timer_init(&some[0], set_itself, &some[0]);
    timer_set(&timers, &some[0], 2000);
    run_at(2000);
    ck_assert_int_eq(fired_count, 1);
    ck_assert_uint_eq(timers_next(&timers), 3000);
    run_at(3000);
    run_at(4000);
    ck_assert_int_eq(rounds, 3);
    ck_assert(!timer_is_set(&some[0]));
}
END_TEST

static void set_itself_next(void *arg)
{
    note(arg);
    timer_set_next(&timers, arg);
}

START_TEST(test_next_turn)
{
    timer_init(&some[0], set_itself_next, &some[0]);
    timer_set_next(&timers, &some[0]);
    run_at(timers.now_us); /* of the turn in which it was set */
    ck_assert_int_eq(fired_count, 0);
    for (uint64_t now_us = timers.now_us + 1; now_us < 1004; now_us++) {
        run_at(now_us);
        ck_assert_int_eq(fired_count, 1);
    }
    timer_clear(&timers, &some[0]);
}
END_TEST

static void clear_next(void *arg)
{
    note(arg);
    timer_clear(&timers, (struct timer *)arg + 1);
}

/* Two timers are due, and the first one's function clears the second. */
START_TEST(test_clears_a_due_one)
{
    timer_init(&some[2], clear_next, &some[2]);
    timer_set(&timers, &some[2], 2000);
    timer_set(&timers, &some[3], 2001);
    timer_set(&timers, &some[4], 2002);
    run_at(3000);
    ck_assert_int_eq(fired_count, 2);
    ck_assert_int_eq(fired[0], 2);
    ck_assert_int_eq(fired[1], 4);
}
END_TEST

static void set_due(void *arg)
{
    note(arg);
    timer_set(&timers, &some[5], timers.now_us);
}

START_TEST(test_sets_a_due_one)
{
    timer_init(&some[0], set_due, &some[0]);
    timer_set(&timers, &some[0], 2000);
    run_at(2000);
    ck_assert_int_eq(fired_count, 2);
    ck_assert_int_eq(fired[1], 5);
}
END_TEST

/* --- against a model --- */

enum { MANY = 500, STEPS = 200000 };

static struct {
    struct timer timer;
    uint64_t at_us; /* TIMERS_NEVER when not set */
} many[MANY];
static struct chance chance;
static uint64_t last_fired_us;
static size_t fires;

static void model_fires(void *arg)
{
    size_t i = (size_t)((char *)arg - (char *)&many[0].timer) / sizeof many[0];
    hot_assert_msg(many[i].at_us != TIMERS_NEVER, "timer %zu fired and was not set", i);
    hot_assert(many[i].timer.due.key == many[i].at_us);
    hot_assert(many[i].at_us <= timers.now_us);
    hot_assert(many[i].at_us >= last_fired_us);
    last_fired_us = many[i].at_us;
    many[i].at_us = TIMERS_NEVER;
    fires++;
    if (chance_percent(&chance, 50)) { /* itself or another, in the future */
        size_t k = chance_percent(&chance, 50) ? i : chance_below(&chance, MANY);
        many[k].at_us = timers.now_us + 1 + chance_below(&chance, 5000);
        timer_set(&timers, &many[k].timer, many[k].at_us);
    }
    if (chance_percent(&chance, 10)) {
        size_t k = chance_below(&chance, MANY);
        many[k].at_us = TIMERS_NEVER;
        timer_clear(&timers, &many[k].timer);
    }
}

static uint64_t model_next(void)
{
    uint64_t next = TIMERS_NEVER;
    for (size_t i = 0; i < MANY; i++)
        if (many[i].at_us < next)
            next = many[i].at_us;
    return next;
}

static void model_step(void)
{
    size_t i = chance_below(&chance, MANY);
    switch (chance_below(&chance, 8)) {
    case 0:
        many[i].at_us = TIMERS_NEVER;
        timer_clear(&timers, &many[i].timer);
        break;
    case 1:
        last_fired_us = 0;
        timers_turn(&timers, timers.now_us + chance_below(&chance, 300));
        timers_run(&timers);
        break;
    default: /* few different times: many are equal */
        many[i].at_us = timers.now_us - 10 + chance_below(&chance, 2000);
        timer_set(&timers, &many[i].timer, many[i].at_us);
    }
}

START_TEST(test_model)
{
    chance_init(&chance, "timers");
    for (size_t i = 0; i < MANY; i++) {
        timer_init(&many[i].timer, model_fires, &many[i].timer);
        many[i].at_us = TIMERS_NEVER;
    }
    for (int step = 0; step < STEPS; step++) {
        model_step();
        if (step % 16 == 0)
            hot_assert(timers_next(&timers) == model_next());
        for (size_t i = (size_t)step % 50; i < MANY; i += 50)
            hot_assert(timer_is_set(&many[i].timer) == (many[i].at_us != TIMERS_NEVER));
    }
    ck_assert_uint_gt(fires, STEPS / 50);
}
END_TEST

START_TEST(test_put_off)
{
    timer_set(&timers, &some[0], 3000);
    timer_set(&timers, &some[1], 2000);
    timers_put_off(&timers, 500);
    ck_assert_uint_eq(timers_next(&timers), 2500);
    ck_assert(timer_is_set(&some[0]));
    timer_set(&timers, &some[2], 2200);
    ck_assert_uint_eq(timers_next(&timers), 2200);
    timer_clear(&timers, &some[2]);
    ck_assert_uint_eq(timers_next(&timers), 2500);
    timer_clear(&timers, &some[1]);
    ck_assert_uint_eq(timers_next(&timers), 3500);
    timer_clear(&timers, &some[0]);
    timers_turn(&timers, 4000);
    timers_put_off(&timers, 700);
    ck_assert_uint_eq(timers_next(&timers), TIMERS_NEVER);
    ck_assert_uint_eq(timers_put_off_since(&timers, 3999), 700);
    ck_assert_uint_eq(timers_put_off_since(&timers, 4000), 0);
}
END_TEST

/* --- our own bugs --- */

START_TEST(test_foreign)
{
    struct timers others;
    timers_init(&others, 0);
    hush();
    timer_set(&timers, &some[0], 2000);
    timer_clear(&others, &some[0]);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("timers");
    TCase *tc = tcase_create("timers");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, test_nothing_set);
    tcase_add_test(tc, test_due_not_before);
    tcase_add_test(tc, test_turn_fires_nothing);
    tcase_add_test(tc, test_run_for);
    tcase_add_test(tc, test_never_back);
    tcase_add_test(tc, test_ms_from_now);
    tcase_add_test(tc, test_earliest_first);
    tcase_add_test(tc, test_moved);
    tcase_add_test(tc, test_cleared);
    tcase_add_test(tc, test_sets_itself);
    tcase_add_test(tc, test_next_turn);
    tcase_add_test(tc, test_clears_a_due_one);
    tcase_add_test(tc, test_sets_a_due_one);
    tcase_add_test(tc, test_put_off);
    tcase_add_test(tc, test_model);
    tcase_add_test_raise_signal(tc, test_foreign, SIGABRT);
    tcase_set_timeout(tc, 60);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
