/* test_log_episode: the beginning, the length and the end of an episode. */
#include "base/log_episode.h"

#include "tests/unit/suite.h"

#include <check.h>

enum { SECOND = 1000000 };

static struct timers timers;
static struct log_episode episode;
static bool still; /* the condition holds when the timer asks */
static int fired, ended;

static void on_over(void *arg)
{
    (void)arg;
    fired++;
    ended += log_episode_over(&episode, &timers, still);
}

static void setup(void)
{
    timers_init(&timers, 10 * SECOND);
    episode = (struct log_episode){.on = false};
    timer_init(&episode.over, on_over, NULL);
    still = false;
    fired = ended = 0;
}

static void teardown(void)
{
    timers_free(&timers);
}

static void run_at(uint64_t now_us)
{
    timers_turn(&timers, now_us);
    timers_run(&timers);
}

static bool noticed_at(uint64_t now_us)
{
    timers_turn(&timers, now_us);
    return log_episode_noticed(&episode, &timers);
}

START_TEST(test_begins_once)
{
    ck_assert(noticed_at(10 * SECOND));
    ck_assert(!noticed_at(10 * SECOND + 1));
    ck_assert(!noticed_at(10 * SECOND + 2));
    ck_assert_uint_eq(episode.count, 3);
}
END_TEST

START_TEST(test_ends_a_second_after_the_last_notice)
{
    noticed_at(10 * SECOND);
    noticed_at(10 * SECOND + SECOND / 2);
    run_at(11 * SECOND);
    ck_assert_int_eq(fired, 1);
    ck_assert_int_eq(ended, 0);
    run_at(11 * SECOND + SECOND / 2);
    ck_assert_int_eq(ended, 1);
    ck_assert_uint_eq(timers_next(&timers), TIMERS_NEVER);
}
END_TEST

/* A lasting condition need not be noticed again. */
START_TEST(test_lasts_while_the_condition_holds)
{
    noticed_at(10 * SECOND);
    still = true;
    for (uint64_t at = 11; at <= 14; at++)
        run_at(at * SECOND);
    ck_assert_int_eq(ended, 0);
    still = false;
    run_at(15 * SECOND);
    ck_assert_int_eq(ended, 1);
    ck_assert_uint_eq(log_episode_seconds(&episode), 4);
}
END_TEST

START_TEST(test_begins_again_with_a_new_count)
{
    noticed_at(10 * SECOND);
    noticed_at(10 * SECOND);
    run_at(11 * SECOND);
    ck_assert_int_eq(ended, 1);
    ck_assert(noticed_at(20 * SECOND));
    ck_assert_uint_eq(episode.count, 1);
    ck_assert_uint_eq(log_episode_seconds(&episode), 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("log_episode");
    TCase *tc = tcase_create("log_episode");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, test_begins_once);
    tcase_add_test(tc, test_ends_a_second_after_the_last_notice);
    tcase_add_test(tc, test_lasts_while_the_condition_holds);
    tcase_add_test(tc, test_begins_again_with_a_new_count);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
