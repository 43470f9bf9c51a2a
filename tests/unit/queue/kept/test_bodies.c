/* test_bodies: inputs and results that are read for those who wait for them, a few at a time. */
#include "tests/unit/queue/kept/kept_world.h"

#include "common/xmalloc.h"

#include <stdlib.h>
#include <string.h>

enum { LARGE = 1024 * 1024, JOBS = 20, AT_A_TIME = 16 };

static struct payload *large(void)
{
    char *bytes = xcalloc(1, LARGE);
    struct payload *payload = payload_from(&budget, bytes, LARGE);
    free(bytes);
    return payload;
}

/* Ended jobs, with large results in the store. */
static void end_jobs(int count)
{
    for (int i = 1; i <= count; i++) {
        SUBMIT('z', .wish.key = i == 1 ? "k" : NULL);
        settle();
        ends((uint64_t)i, (struct kept_end){.type = KEPT_END_DONE, .result = large()});
    }
    ck_assert_uint_eq(keep_record_count(keep), 0);
    ck_assert(budget.held < LARGE);
}

static void follow(struct kept_ask *ask, char name, uint64_t seq)
{
    asks_in_flight(ask, KEPT_ASK_FOLLOW, seq);
    ask->follower = &followers[name - 'a'].follower;
    ask->follower->is_submit = ask->follower->is_detached = false;
}

START_TEST(test_a_few_at_a_time)
{
    struct kept_ask waiting[JOBS];
    silent = true;
    end_jobs(JOBS);
    for (int i = 0; i < JOBS; i++)
        follow(&waiting[i], (char)('a' + i), (uint64_t)i + 1);
    turn();
    turn(); /* their rows are read */
    ck_assert_uint_eq(keep_busy_count(keep), AT_A_TIME);
    settle();
    for (int i = 0; i < JOBS; i++)
        ck_assert_uint_eq(followers[i].ends, 1);
    silent = false;
}
END_TEST

START_TEST(test_followers_leave_the_line)
{
    struct kept_ask waiting[JOBS];
    silent = true;
    end_jobs(JOBS);
    for (int i = 0; i < JOBS; i++)
        follow(&waiting[i], (char)('a' + i), (uint64_t)i + 1);
    turn();
    turn();
    for (int i = 1; i < JOBS; i++)
        kept_unfollow(&followers[i].follower);
    settle();
    ck_assert_uint_eq(followers[0].ends, 1);
    ck_assert_uint_eq(keep_record_count(keep), 0);
    silent = false;
}
END_TEST

/* The end is told before the outcome may go. */
START_TEST(test_asks_wait_for_followers)
{
    struct kept_ask wait, forget;
    silent = true;
    end_jobs(1);
    silent = false;
    follow(&wait, 'b', 1);
    asks_in_flight(&forget, KEPT_ASK_FORGET, 1);
    settle();
    ck_told("ok q1, b done q1, ok q1");
}
END_TEST

START_TEST(test_a_join_of_an_ended_one)
{
    silent = true;
    end_jobs(1);
    silent = false;
    SUBMIT('b', .wish.key = "k", .wants = 15);
    settle();
    ck_told("b accepted q1 joined, b done q1");
}
END_TEST

/* It is swept between the row and the result. */
START_TEST(test_an_outcome_goes)
{
    struct kept_ask wait;
    silent = true;
    end_jobs(1);
    silent = false;
    follow(&wait, 'b', 1);
    keep_turn(keep);
    fake_engine_answer(&engine);
    fake_engine_remove(&engine, 1);
    settle();
    ck_told("ok q1, b gone");
    ck_assert_uint_eq(keep_record_count(keep), 0);
}
END_TEST

START_TEST(test_peek)
{
    keep_pause(keep, NULL, true, NULL, NULL);
    char *input = xcalloc(1, LARGE);
    memset(input, 'x', LARGE - 1);
    SUBMIT('a', .input = input, .delay_ms = 1000);
    free(input);
    settle();
    asks(KEPT_ASK_LOOK, 1);
    asks(KEPT_ASK_CANCEL, 1);
    asks(KEPT_ASK_LOOK, 1);
    ck_told("ok q1, ok q1, a failed q1 cancelled, ok q1");
    SUBMIT('b', 0);
    keep_pause(keep, NULL, false, NULL, NULL);
    settle();
    done(2);
    asks(KEPT_ASK_LOOK, 2); /* its input is gone */
    ck_told("submit q2, b done q2, ok q2");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("bodies");
    TCase *tests = tcase_create("all");
    tcase_add_checked_fixture(tests, open_world, close_world);
    tcase_add_test(tests, test_a_few_at_a_time);
    tcase_add_test(tests, test_followers_leave_the_line);
    tcase_add_test(tests, test_asks_wait_for_followers);
    tcase_add_test(tests, test_a_join_of_an_ended_one);
    tcase_add_test(tests, test_an_outcome_goes);
    tcase_add_test(tests, test_peek);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
