/* test_ask: requests about one job, in each of its states. */
#include "tests/unit/queue/kept/kept_world.h"

START_TEST(test_waiting)
{
    keep_pause(keep, NULL, true, NULL, NULL);
    SUBMIT('a', 0);
    SUBMIT('b', .wish.is_detached = true); /* not in memory but for the window */
    settle();
    ck_told("b accepted q2");
    asks(KEPT_ASK_FORGET, 1);
    asks(KEPT_ASK_RETRY, 2);
    asks(KEPT_ASK_LOOK, 2);
    ck_told("not-yet q1, not-yet q2, ok q2");
    asks(KEPT_ASK_CANCEL, 1);
    asks(KEPT_ASK_KILL, 2);
    ck_told("ok q1, a failed q1 cancelled, ok q2");
    asks(KEPT_ASK_CANCEL, 1);
    asks(KEPT_ASK_CANCEL, 3);
    ck_told("unknown, unknown");
    keep_pause(keep, NULL, false, NULL, NULL);
    settle();
    ck_told("");
}
END_TEST

START_TEST(test_delayed)
{
    SUBMIT('a', .delay_ms = 1000, .wish.is_detached = true);
    settle();
    ck_assert_ptr_null(keep_find(keep, 1));
    asks(KEPT_ASK_LOOK, 1);
    asks(KEPT_ASK_CANCEL, 1);
    ck_told("a accepted q1, ok q1, ok q1");
    pass_ms(2000);
    ck_told("");
}
END_TEST

START_TEST(test_running)
{
    SUBMIT('a', 0);
    settle();
    starts(1);
    asks(KEPT_ASK_CANCEL, 1);
    asks(KEPT_ASK_CANCEL, 1);
    asks(KEPT_ASK_KILL, 1);
    ck_told("submit q1, stop q1, ok q1, stop q1, ok q1, kill q1, ok q1");
    ck_assert_uint_eq(engine.counts[STORE_MARK], 1);
    fails(1, "cancelled");
    ck_told("a failed q1 cancelled");
}
END_TEST

START_TEST(test_forget)
{
    SUBMIT('a', 0);
    settle();
    done(1);
    asks(KEPT_ASK_FORGET, 1);
    asks(KEPT_ASK_FORGET, 1);
    ck_told("submit q1, a done q1, ok q1, unknown");
    ck_assert_ptr_null(row(1));
    ck_assert_uint_eq(keep_counts(keep)->ended, 0);
}
END_TEST

START_TEST(test_retry)
{
    SUBMIT('a', .wish.max_wait_ms = 1000);
    settle();
    fails(1, "error");
    pass_ms(5000);
    ck_told("submit q1, a failed q1 error");
    asks(KEPT_ASK_RETRY, 1);
    ck_told("ok q1, submit q1 again 2");
    waits('b', 1);
    done(1);
    ck_told("ok q1, b done q1");
    asks(KEPT_ASK_RETRY, 1);
    ck_told("not-failed q1");
}
END_TEST

START_TEST(test_retry_of_a_cancelled_one)
{
    SUBMIT('a', 0);
    settle();
    asks(KEPT_ASK_CANCEL, 1);
    fails(1, "cancelled");
    asks(KEPT_ASK_RETRY, 1);
    ck_told("submit q1, stop q1, ok q1, a failed q1 cancelled, ok q1, submit q1 again 2");
    asks(KEPT_ASK_CANCEL, 1); /* the mark is of the job, not of its outcome before */
    ck_assert(row(1)->run.is_cancelled);
    keep_master_gone(keep);
    settle();
    ck_told("stop q1, ok q1");
    ck_assert_int_eq(row(1)->run.state, STORED_ENDED);
}
END_TEST

/* The result of the failure is in memory for a reader, and goes: close_world() looks for it. */
START_TEST(test_retry_amid_a_wait)
{
    struct test_follower *follower = &followers[1];
    struct kept_ask wait, again;
    SUBMIT('a', 0);
    settle();
    ends(1, (struct kept_end){.type = KEPT_END_FAILED,
                              .reason = "module",
                              .result = payload_from(&budget, "reply", 5)});
    asks_in_flight(&wait, KEPT_ASK_FOLLOW, 1);
    wait.follower = &follower->follower;
    asks_in_flight(&again, KEPT_ASK_RETRY, 1);
    settle();
    ck_told("submit q1, a failed q1 module, ok q1, b failed q1 module, ok q1, submit q1 again 2");
    ck_assert_ptr_null(keep_find(keep, 1)->result);
    done(1);
}
END_TEST

START_TEST(test_retry_with_a_key)
{
    SUBMIT('a', .wish.key = "k");
    settle();
    fails(1, "error");
    SUBMIT('b', .wish.key = "k");
    settle();
    asks(KEPT_ASK_RETRY, 1);
    ck_told("submit q1, a failed q1 error, submit q2, key-conflict q2");
    ck_assert_int_eq(row(1)->run.state, STORED_ENDED);
    ck_assert_uint_eq(keep_counts(keep)->waiting, 0);
    fails(2, "error");
    asks(KEPT_ASK_RETRY, 1);
    ck_told("b failed q2 error, ok q1, submit q1 again 2");
}
END_TEST

/* The store compares keys: it must not look at an input that has gone from memory. */
START_TEST(test_retry_amid_the_end)
{
    struct kept_ask retry;
    struct kept *job;
    SUBMIT('a', .wish.key = "k");
    settle();
    job = keep_find(keep, 1);
    kept_on_end(job, &(struct kept_end){.type = KEPT_END_FAILED,
                                        .reason = "error",
                                        .message = "",
                                        .fields = "",
                                        .delay_ms = -1});
    asks_in_flight(&retry, KEPT_ASK_RETRY, 1);
    turn();
    ck_assert(!job->input && !job->stored->input.payload);
    settle();
    ck_told("submit q1, a failed q1 error, ok q1, submit q1 again 2");
}
END_TEST

static bool never(struct kept_ask *ask, const struct kept *job)
{
    (void)ask, (void)job;
    return false;
}

START_TEST(test_denied)
{
    struct kept_ask ask;
    SUBMIT('a', .delay_ms = 1000, .wish.is_detached = true);
    settle();
    asks_in_flight(&ask, KEPT_ASK_CANCEL, 1);
    ask.permits = never;
    settle();
    ck_told("a accepted q1, denied q1");
    ck_assert_int_eq(row(1)->run.state, STORED_DELAYED);
}
END_TEST

static void look(struct kept_ask *ask, enum kept_answer answer, struct kept *job)
{
    char input[16] = "";
    ck_assert_int_eq(answer, KEPT_ANSWER_OK);
    ck_assert_ptr_nonnull(job->input);
    payload_copy(job->input, 0, input, sizeof input);
    ck_assert_str_eq(input, "hi");
    ck_assert_int_eq(ask->state, job->state);
    ask->with_input = false; /* it was answered */
}

/* The input is read from the store where it is not in memory. */
START_TEST(test_peek)
{
    struct kept_ask ask;
    keep_pause(keep, NULL, true, NULL, NULL);
    SUBMIT('a', .delay_ms = 100);
    settle();
    for (size_t i = 0; i < 3; i++) {
        asks_in_flight(&ask, KEPT_ASK_LOOK, 1);
        ask.answered = look;
        settle();
        ck_assert(!ask.with_input);
        if (i == 0)
            pass_ms(200); /* then it is due */
        if (i == 1)
            asks(KEPT_ASK_CANCEL, 1);
    }
    ck_told("ok q1, a failed q1 cancelled");
}
END_TEST

/* The job is due, or its outcome over, while its bodies are read. */
START_TEST(test_changed_amid_a_peek)
{
    struct kept_ask ask;
    SUBMIT('a', .delay_ms = 100);
    settle();
    timers_turn(&timers, timers.now_us + 200000);
    timers_run(&timers); /* the due jobs are asked for, */
    asks_in_flight(&ask, KEPT_ASK_LOOK, 1);
    keep_turn(keep); /* and then the input */
    settle();
    ck_told("ok q1, submit q1");
    done(1);
    ck_told("a done q1");
}
END_TEST

/* The asker goes: what was begun is done. */
START_TEST(test_asker_goes)
{
    struct kept_ask first, second;
    SUBMIT('a', .delay_ms = 1000, .wish.is_detached = true);
    settle();
    asks_in_flight(&first, KEPT_ASK_CANCEL, 1);
    keep_turn(keep);
    keep_ask_forget(&first); /* the job is being read */
    settle();
    ck_assert_int_eq(row(1)->run.state, STORED_DELAYED);
    asks_in_flight(&second, KEPT_ASK_CANCEL, 1);
    keep_turn(keep);
    fake_engine_answer(&engine);
    keep_turn(keep);
    keep_ask_forget(&second); /* its end is being written */
    keep_ask_forget(&second);
    settle();
    ck_told("a accepted q1");
    ck_assert_int_eq(row(1)->run.state, STORED_ENDED);
}
END_TEST

/* Several asks of one job are done one after the other. */
START_TEST(test_in_turn)
{
    struct kept_ask asked[4];
    SUBMIT('a', .delay_ms = 1000, .wish.is_detached = true);
    settle();
    asks_in_flight(&asked[0], KEPT_ASK_CANCEL, 1);
    asks_in_flight(&asked[1], KEPT_ASK_CANCEL, 1);
    asks_in_flight(&asked[2], KEPT_ASK_FORGET, 1);
    asks_in_flight(&asked[3], KEPT_ASK_LOOK, 1);
    settle();
    ck_told("a accepted q1, ok q1, unknown, ok q1, unknown");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("ask");
    TCase *tests = tcase_create("all");
    tcase_add_checked_fixture(tests, open_world, close_world);
    tcase_add_test(tests, test_waiting);
    tcase_add_test(tests, test_delayed);
    tcase_add_test(tests, test_running);
    tcase_add_test(tests, test_forget);
    tcase_add_test(tests, test_retry);
    tcase_add_test(tests, test_retry_of_a_cancelled_one);
    tcase_add_test(tests, test_retry_amid_a_wait);
    tcase_add_test(tests, test_retry_with_a_key);
    tcase_add_test(tests, test_retry_amid_the_end);
    tcase_add_test(tests, test_denied);
    tcase_add_test(tests, test_peek);
    tcase_add_test(tests, test_changed_amid_a_peek);
    tcase_add_test(tests, test_asker_goes);
    tcase_add_test(tests, test_in_turn);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
