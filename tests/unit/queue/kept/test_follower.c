/* test_follower: who hears of a job; joins by a key. */
#include "tests/unit/queue/kept/kept_world.h"

START_TEST(test_events)
{
    SUBMIT('a', .wants = 15);
    settle();
    waits('b', 1);
    followers[1].follower.wants = KEPT_WANTS_PROGRESS;
    waits('c', 1);
    starts(1);
    kept_on_progress(keep_handed(keep, 1), "");
    ck_told("a accepted q1, submit q1, ok q1, ok q1, a started q1, b progress q1, a progress q1");
    kept_unfollow(&followers[2].follower);
    kept_unfollow(&followers[2].follower);
    done(1);
    ck_told("b done q1, a done q1");
}
END_TEST

static void leave_all(struct test_follower *follower, const struct kept_event *event)
{
    (void)follower, (void)event;
    for (size_t i = 0; i < FOLLOWERS; i++)
        kept_unfollow(&followers[i].follower);
}

/* Everybody leaves amid an event. */
START_TEST(test_leave_amid)
{
    SUBMIT('a', 0);
    settle();
    waits('b', 1);
    waits('c', 1);
    followers[1].follower.wants = followers[2].follower.wants = KEPT_WANTS_STARTED;
    hooks.event = leave_all;
    starts(1);
    ck_told("submit q1, ok q1, ok q1, c started q1");
    hooks.event = NULL;
    done(1);
    ck_told("");
    ck_assert_ptr_null(keep_find(keep, 1));
}
END_TEST

/* The submitter goes before its job is stored: the job goes on. */
START_TEST(test_leave_early)
{
    SUBMIT('a', .wants = 15);
    kept_unfollow(&followers[0].follower);
    settle();
    ck_told("submit q1");
    done(1);
    waits('b', 1);
    ck_told("ok q1, b done q1");
}
END_TEST

/* --- joins --- */

START_TEST(test_join)
{
    SUBMIT('a', .wish.key = "k", .wants = 15);
    SUBMIT('b', .wish.key = "k", .wants = 15);
    SUBMIT('c', .wish.key = "k", .wish.is_detached = true);
    SUBMIT('d', .wish.key = "k", .input = "other");
    SUBMIT('e', .wish.key = "k", .wish.owner = "else");
    settle();
    ck_told("a accepted q1, submit q1, d refused key-conflict q1, b accepted q1 joined, "
            "c accepted q1 joined, submit q5");
    starts(1);
    done(1);
    ck_told("b started q1, a started q1, b done q1, a done q1");
    SUBMIT('f', .wish.key = "k", .wants = 15); /* it has ended */
    settle();
    ck_told("f accepted q1 joined, f done q1");
    ck_assert_uint_eq(keep_counts(keep)->joined, 3);
    ck_assert_uint_eq(keep_counts(keep)->submitted, 2);
    ck_assert_uint_eq(keep_counts(keep)->waiting, 0);
}
END_TEST

START_TEST(test_no_join_of_a_failed_one)
{
    SUBMIT('a', .wish.key = "k");
    settle();
    fails(1, "error");
    SUBMIT('b', .wish.key = "k");
    settle();
    ck_told("submit q1, a failed q1 error, submit q2");
}
END_TEST

/* The other one is forgotten between the write and the reading. */
START_TEST(test_join_of_one_that_goes)
{
    SUBMIT('a', .wish.key = "k");
    settle();
    done(1);
    ck_told("submit q1, a done q1");
    SUBMIT('b', .wish.key = "k", .wants = 15);
    keep_turn(keep);
    fake_engine_answer(&engine); /* it joins, and the other one is to be read */
    fake_engine_remove(&engine, 1);
    settle();
    ck_told("b accepted q2, submit q2");
    done(2);
    ck_told("b done q2");
}
END_TEST

/* Forgotten by somebody while the join reads it: its end is told all the same. */
START_TEST(test_join_of_one_that_is_forgotten)
{
    struct kept_ask ask;
    SUBMIT('a', .wish.key = "k");
    settle();
    done(1);
    asks_in_flight(&ask, KEPT_ASK_FORGET, 1);
    SUBMIT('b', .wish.key = "k", .wants = 15);
    settle();
    ck_told("submit q1, a done q1, b accepted q1 joined, b done q1, ok q1");
}
END_TEST

/* --- withdrawals --- */

START_TEST(test_withdraw)
{
    SUBMIT('a', .wish.key = "k");
    SUBMIT('b', .wish.key = "k");
    settle();
    waits('c', 1);
    ck_assert(!kept_is_last(&followers[0].follower));
    ck_assert(!kept_withdraw(&followers[0].follower, false, ""));
    ck_assert_ptr_null(followers[0].follower.job);
    ck_assert(kept_is_last(&followers[1].follower)); /* a wait does not count */
    ck_assert(kept_withdraw(&followers[1].follower, false, ",\"by\":\"link\""));
    settle();
    ck_told("submit q1, ok q1, stop q1");
    fails(1, "cancelled");
    ck_told("c failed q1 cancelled, b failed q1 cancelled");
}
END_TEST

START_TEST(test_withdraw_from_a_detached_one)
{
    SUBMIT('a', .wish.key = "k", .wish.is_detached = true);
    SUBMIT('b', .wish.key = "k");
    settle();
    ck_assert(!kept_withdraw(&followers[1].follower, false, ""));
    SUBMIT('c', .wish.key = "l");
    SUBMIT('d', .wish.key = "l", .wish.is_detached = true);
    settle();
    ck_assert(!kept_withdraw(&followers[2].follower, false, ""));
    ck_assert(row(3)->wish.is_detached);
    settle();
    ck_told("a accepted q1, submit q1, submit q3, d accepted q3 joined");
}
END_TEST

/* Before it is stored, and the connection goes at once. */
START_TEST(test_withdraw_early)
{
    SUBMIT('a', 0);
    ck_assert(kept_withdraw(&followers[0].follower, false, ""));
    kept_unfollow(&followers[0].follower);
    settle();
    ck_told("submit q1, stop q1");
    keep_pause(keep, NULL, true, NULL, NULL);
    SUBMIT('a', 0);
    ck_assert(kept_withdraw(&followers[0].follower, false, ""));
    settle();
    ck_told("a failed q2 cancelled");
}
END_TEST

/* Asks about a submit that is being stored, and joins another job. */
START_TEST(test_asks_amid_a_join)
{
    struct kept_ask look, cancel;
    SUBMIT('a', .wish.key = "k");
    settle();
    SUBMIT('b', .wish.key = "k");
    asks_in_flight(&look, KEPT_ASK_LOOK, 2);
    asks_in_flight(&cancel, KEPT_ASK_CANCEL, 2);
    settle();
    ck_told("submit q1, ok q1, b left q1,\"by\":\"client\", ok q1");
    ck_assert(!row(1)->run.is_cancelled);
    kept_unfollow(&followers[0].follower);
    SUBMIT('c', .wish.key = "k", .wants = 15); /* the only one */
    asks_in_flight(&cancel, KEPT_ASK_CANCEL, 3);
    settle();
    ck_told("c accepted q1 joined, stop q1, ok q1");
    fails(1, "cancelled");
    ck_told("c failed q1 cancelled");
}
END_TEST

START_TEST(test_withdraw_amid_a_join)
{
    SUBMIT('a', .wish.key = "k");
    settle();
    SUBMIT('b', .wish.key = "k");
    ck_assert(kept_withdraw(&followers[1].follower, false, ",\"by\":\"link\""));
    settle();
    ck_told("submit q1, b left q1,\"by\":\"link\"");
    SUBMIT('c', .wish.key = "k");
    keep_turn(keep);
    fake_engine_answer(&engine); /* it joins, and the other one is to be read */
    ck_assert(kept_withdraw(&followers[2].follower, false, ",\"by\":\"link\""));
    settle();
    ck_told("c left q1,\"by\":\"link\"");
    SUBMIT('d', .wish.key = "k");
    ck_assert(kept_withdraw(&followers[3].follower, false, ""));
    kept_unfollow(&followers[3].follower); /* the connection is lost, too */
    settle();
    done(1);
    ck_told("a done q1");
}
END_TEST

/* It has ended: the end is told, as ever. */
START_TEST(test_cancel_amid_a_join_of_an_ended_one)
{
    struct kept_ask cancel;
    SUBMIT('a', .wish.key = "k");
    settle();
    done(1);
    SUBMIT('b', .wish.key = "k");
    asks_in_flight(&cancel, KEPT_ASK_CANCEL, 2);
    settle();
    ck_told("submit q1, a done q1, b done q1, unknown");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("follower");
    TCase *tests = tcase_create("all");
    tcase_add_checked_fixture(tests, open_world, close_world);
    tcase_add_test(tests, test_events);
    tcase_add_test(tests, test_leave_amid);
    tcase_add_test(tests, test_leave_early);
    tcase_add_test(tests, test_join);
    tcase_add_test(tests, test_no_join_of_a_failed_one);
    tcase_add_test(tests, test_join_of_one_that_goes);
    tcase_add_test(tests, test_join_of_one_that_is_forgotten);
    tcase_add_test(tests, test_withdraw);
    tcase_add_test(tests, test_withdraw_from_a_detached_one);
    tcase_add_test(tests, test_withdraw_early);
    tcase_add_test(tests, test_asks_amid_a_join);
    tcase_add_test(tests, test_withdraw_amid_a_join);
    tcase_add_test(tests, test_cancel_amid_a_join_of_an_ended_one);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
