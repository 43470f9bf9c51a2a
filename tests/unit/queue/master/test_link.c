/* test_link: the link to the master: connecting, hello, jobs there and back, and the end. */
#include "tests/unit/queue/master/link_world.h"

START_TEST(test_hello_then_up)
{
    master_listens();
    turns();
    ck_assert(master_accepts());
    ck_written("{\"op\":\"hello\",\"protocol\":1,\"client\":\"taskqueued/0.2.0\"}\n");
    ck_assert(!master_link_view(link_).is_up);
    ck_told("");
    master_says(HELLO);
    ck_told("up b1 payload_max 1000 job_max 9 kill_grace 5000\n");
    ck_assert(master_link_view(link_).is_up);
    ck_assert_str_eq(master_link_view(link_).boot, "b1");
}
END_TEST

START_TEST(test_the_first_token_is_told)
{
    token_set_add(&settings.tokens, "first-\"token");
    token_set_add(&settings.tokens, "second-token");
    master_listens();
    turns();
    ck_assert(master_accepts());
    ck_written("{\"op\":\"hello\",\"protocol\":1,\"client\":\"taskqueued/0.2.0\","
               "\"token\":\"first-\\\"token\"}\n");
    token_set_free(&settings.tokens);
}
END_TEST

START_TEST(test_a_job_there_and_back)
{
    struct kept *job = new_job(5, &plain_wish);
    master_listens();
    master_greets();
    job->input = payload_from(&budget, "hi", 2);
    submit(job);
    ck_written("{\"op\":\"submit\",\"id\":5,\"module\":\"echo\",\"link\":true,"
               "\"notify\":[\"started\",\"progress\"],\"origin\":\"q5\",\"attempt\":1,"
               "\"size\":2}\nhi");
    master_says("{\"event\":\"started\",\"id\":5,\"job\":\"b1-1\",\"worker\":1,"
                "\"pool\":\"default\",\"order\":3}\n");
    ck_told("started 5 ,\"worker\":1,\"pool\":\"default\",\"order\":3\n");
    master_says("{\"event\":\"done\",\"id\":5,\"job\":\"b1-1\",\"size\":2,\"order\":3,"
                "\"wait_us\":10,\"run_us\":120}\nho");
    ck_told("done 5 reason '' message '' fields ',\"order\":3,\"wait_us\":10,\"run_us\":120' order"
            " after 0 run 120 delay -1 result 'ho'\n");
}
END_TEST

/* The protocol's integers end at 2^53 - 1. */
START_TEST(test_great_numbers_are_texts)
{
    struct kept *job = new_job(5, &plain_wish);
    master_listens();
    master_greets();
    job->stored->seq = 9007199254740992;
    submit(job);
    master_link_ops.stop(link_, job, false);
    ck_written("{\"op\":\"submit\",\"id\":\"9007199254740992\",\"module\":\"echo\",\"link\":true,"
               "\"notify\":[\"started\",\"progress\"],\"origin\":\"q9007199254740992\","
               "\"attempt\":1}\n"
               "{\"op\":\"cancel\",\"target\":\"9007199254740992\"}\n");
}
END_TEST

START_TEST(test_all_wishes_are_handed_on)
{
    struct kept *job = new_job(6, &(struct stored_wish){.module = "echo",
                                                        .owner = "w\"eb",
                                                        .id = "1",
                                                        .context = "{}",
                                                        .wants_usage = true,
                                                        .timeout_ms = 300,
                                                        .soft_timeout_ms = 200});
    job->stored->run.attempt = 3;
    job->stored->run.expires_ms = 77;
    master_listens();
    master_greets();
    submit(job);
    ck_written("{\"op\":\"submit\",\"id\":6,\"module\":\"echo\",\"link\":true,"
               "\"notify\":[\"started\",\"progress\",\"usage\"],\"origin\":\"q6\",\"attempt\":3,"
               "\"for\":\"w\\\"eb\",\"timeout_ms\":300,\"soft_timeout_ms\":200,"
               "\"max_wait_ms\":77}\n");
}
END_TEST

START_TEST(test_limits_stay_in_the_protocol)
{
    struct kept *job = new_job(6, &plain_wish);
    master_listens();
    master_greets();
    job->stored->run.attempt = 2000000;
    job->stored->run.expires_ms = 1;
    submit(job);
    ck_written("{\"op\":\"submit\",\"id\":6,\"module\":\"echo\",\"link\":true,"
               "\"notify\":[\"started\",\"progress\"],\"origin\":\"q6\",\"attempt\":1000000,"
               "\"max_wait_ms\":1}\n");
    job->stored->run.attempt = 1;
    job->stored->run.expires_ms = UINT64_C(31536000000);
    submit(job);
    ck_written("{\"op\":\"submit\",\"id\":6,\"module\":\"echo\",\"link\":true,"
               "\"notify\":[\"started\",\"progress\"],\"origin\":\"q6\",\"attempt\":1,"
               "\"max_wait_ms\":2147483647}\n");
}
END_TEST

START_TEST(test_cancel_and_kill)
{
    struct kept *job = new_job(4, &plain_wish);
    master_listens();
    master_greets();
    master_link_ops.stop(link_, job, false);
    master_link_ops.stop(link_, job, true);
    ck_written("{\"op\":\"cancel\",\"target\":4}\n{\"op\":\"kill\",\"target\":4}\n");
    master_says(
        "{\"event\":\"ok\",\"op\":\"cancel\",\"job\":\"b1-2\",\"state\":\"running\"}\n"
        "{\"event\":\"error\",\"op\":\"kill\",\"code\":\"unknown-job\",\"message\":\"m\"}\n");
    ck_told("");
}
END_TEST

static void ck_end(const char *event, const char *expected)
{
    master_says(event);
    ck_told(expected);
}

START_TEST(test_ends)
{
    new_job(1, &plain_wish);
    master_listens();
    master_greets();
    ck_end(
        "{\"event\":\"failed\",\"id\":1,\"job\":\"b1-1\",\"reason\":\"module\",\"code\":\"busy\","
        "\"message\":\"a \\\"b\\\"\",\"retry_after_ms\":40,\"order\":2,\"size\":1}\nx",
        "failed 1 reason 'module' message 'a \"b\"' fields ',\"code\":\"busy\","
        "\"message\":\"a \\\"b\\\"\",\"retry_after_ms\":40,\"order\":2' order after 0 run 0"
        " delay 40 result 'x'\n");
    ck_end("{\"event\":\"failed\",\"id\":1,\"job\":\"b1-1\",\"reason\":\"unavailable\","
           "\"message\":\"m\",\"retry_after_ms\":50}\n",
           "failed 1 reason 'unavailable' message 'm' fields ',\"message\":\"m\","
           "\"retry_after_ms\":50' after 50 run 0 delay -1 result ''\n");
    ck_end("{\"event\":\"failed\",\"id\":1,\"job\":\"b1-1\",\"reason\":\"error\",\"message\":\"m\","
           "\"signal\":\"SIGSEGV\",\"order\":1,\"size\":2}\n{}",
           "failed 1 reason 'error' message 'm' fields ',\"message\":\"m\",\"signal\":\"SIGSEGV\","
           "\"order\":1' order crash after 0 run 0 delay -1 result '{}'\n");
    ck_end("{\"event\":\"failed\",\"id\":1,\"job\":\"b1-1\",\"reason\":\"error\",\"message\":\"m\","
           "\"by\":\"operator\",\"order\":1}\n",
           "failed 1 reason 'error' message 'm' fields ',\"message\":\"m\",\"by\":\"operator\","
           "\"order\":1' order after 0 run 0 delay -1 result ''\n");
    ck_end("{\"event\":\"overload\",\"id\":1,\"reason\":\"queue-full\",\"pool\":\"default\","
           "\"queued\":1,\"running\":2,\"retry_after_ms\":60}\n",
           "overload 1 reason 'queue-full' message '' fields ',\"pool\":\"default\",\"queued\":1,"
           "\"running\":2,\"retry_after_ms\":60' after 60 run 0 delay -1 result ''\n");
    ck_end(
        "{\"event\":\"error\",\"op\":\"submit\",\"id\":1,\"code\":\"denied\",\"message\":\"m\"}\n",
        "error 1 reason 'denied' message 'm' fields ',\"code\":\"denied\",\"message\":\"m\"'"
        " after 0 run 0 delay -1 result ''\n");
    ck_end("{\"event\":\"progress\",\"id\":1,\"job\":\"b1-1\",\"fraction\":0.5}\n",
           "progress 1 ,\"fraction\":0.5\n");
}
END_TEST

START_TEST(test_a_foreign_job_is_nothing)
{
    master_listens();
    master_greets();
    master_says("{\"event\":\"done\",\"id\":7,\"job\":\"b1-1\",\"size\":2}\nho"
                "{\"event\":\"failed\",\"id\":\"x\",\"reason\":\"error\",\"size\":1}\nx"
                "{\"event\":\"started\",\"id\":99999}\n{\"event\":\"news\",\"size\":2}\nxx");
    ck_told("");
    ck_assert(master_link_view(link_).is_up);
}
END_TEST

START_TEST(test_the_end_of_the_connection)
{
    master_listens();
    master_greets();
    master_ends();
    ck_told("gone\n");
    ck_assert_str_eq(master_link_view(link_).why, "the master closed the connection");
    pass_ms(100);
    ck_assert(master_accepts());
}
END_TEST

START_TEST(test_attempts_pause_for_up_to_five_seconds)
{
    static const unsigned pauses[] = {100, 200, 400, 800, 1600, 3200, 5000, 5000};
    turns();
    for (size_t i = 0; i < SUPPORT_COUNT(pauses); i++) {
        pass_ms(pauses[i] - 2);
        master_listens();
        turns();
        ck_assert_msg(!master_accepts(), "too early: %u", pauses[i]);
        master_hides();
        pass_ms(2);
    }
    master_listens();
    pass_ms(5000);
    master_greets();
    pass_ms(10000);
    master_ends();
    ck_told("gone\n");
    pass_ms(100);
    ck_assert_msg(master_accepts(), "the pause is short again");
}
END_TEST

START_TEST(test_a_master_that_ends_at_once_is_tried_less_and_less)
{
    static const unsigned pauses[] = {100, 200, 400, 800};
    master_listens();
    turns();
    for (size_t i = 0; i < SUPPORT_COUNT(pauses); i++) {
        master_greets();
        master_ends();
        ck_told("gone\n");
        pass_ms(pauses[i] - 2);
        ck_assert_msg(!master_accepts(), "too early: %u", pauses[i]);
        pass_ms(2);
    }
    ck_assert(master_accepts());
}
END_TEST

START_TEST(test_an_unfit_master_is_refused)
{
    master_listens();
    turns();
    ck_assert(master_accepts());
    master_says("{\"event\":\"hello\",\"protocol\":1,\"boot\":\"b1\",\"rights\":[\"submit\"],"
                "\"features\":[\"cancel\",\"link\",\"origin\",\"for\"]}\n");
    ck_told("");
    ck_closed();
    ck_assert_str_eq(master_link_view(link_).why,
                     "the master lacks notify-started, attempt; our token lacks the right relay");
}
END_TEST

START_TEST(test_a_draining_master_is_tried_again_later)
{
    master_listens();
    turns();
    ck_assert(master_accepts());
    master_says("{\"event\":\"hello\",\"boot\":\"b1\",\"draining\":true," RIGHTS "," FEATURES
                "}\n");
    ck_told("");
    ck_closed();
    ck_assert_str_eq(master_link_view(link_).why, "the master drains");
    pass_ms(100);
    ck_assert(master_accepts());
}
END_TEST

START_TEST(test_a_refused_hello)
{
    master_listens();
    turns();
    ck_assert(master_accepts());
    master_says("{\"event\":\"error\",\"code\":\"unauthorized\",\"message\":\"no token\","
                "\"fatal\":true}\n");
    ck_closed();
    ck_assert_str_eq(master_link_view(link_).why, "no token");
}
END_TEST

START_TEST(test_a_silent_master_is_given_up)
{
    master_listens();
    turns();
    ck_assert(master_accepts());
    pass_ms(10001);
    ck_closed();
    ck_assert_str_eq(master_link_view(link_).why, "hello was not answered");
}
END_TEST

START_TEST(test_nonsense_ends_the_connection)
{
    static const char *const lines[] = {"{\"event\":\n", "[]\n", "\n", "{\"op\":\"hello\"}\n",
                                        "{\"event\":\"done\",\"size\":9999999999}\n"};
    master_listens();
    for (size_t i = 0; i < SUPPORT_COUNT(lines); i++) {
        master_greets();
        master_says(lines[i]);
        ck_told("gone\n");
        ck_closed();
        pass_ms(5000);
    }
}
END_TEST

START_TEST(test_a_fatal_error_is_the_reason)
{
    master_listens();
    master_greets();
    master_says("{\"event\":\"error\",\"code\":\"unauthorized\",\"message\":\"revoked\","
                "\"fatal\":true}\n");
    ck_told("");
    master_ends();
    ck_told("gone\n");
    ck_assert_str_eq(master_link_view(link_).why, "revoked");
}
END_TEST

START_TEST(test_draining_is_told)
{
    new_job(1, &plain_wish);
    master_listens();
    master_greets();
    master_says("{\"event\":\"draining\"}\n");
    ck_told("draining\n");
    master_says("{\"event\":\"done\",\"id\":1,\"size\":0}\n");
    ck_told("done 1 reason '' message '' fields '' after 0 run 0 delay -1 result ''\n");
}
END_TEST

START_TEST(test_a_large_result)
{
    static char bytes[300000];
    struct kept *job = new_job(1, &plain_wish);
    (void)job;
    memset(bytes, 'r', sizeof bytes);
    master_listens();
    master_greets();
    master_says("{\"event\":\"done\",\"id\":1,\"size\":300000}\n");
    for (size_t at = 0; at < sizeof bytes; at += 10000)
        master_says_bytes(bytes + at, 10000);
    ck_told("done 1 reason '' message '' fields '' after 0 run 0 delay -1 result "
            "'rrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrr'\n");
}
END_TEST

START_TEST(test_a_master_that_does_not_read)
{
    static char bytes[9 * 1024 * 1024];
    struct kept *job = new_job(1, &plain_wish);
    master_listens();
    master_greets();
    ck_assert(!master_link_ops.is_full(link_));
    job->input = payload_from(&budget, bytes, sizeof bytes);
    submit(job);
    turns();
    ck_assert(master_link_ops.is_full(link_));
    ck_told("");
    for (size_t got = 0; got < sizeof bytes; turn()) {
        static char room[1 << 20];
        ssize_t n = recv(master, room, sizeof room, 0);
        got += n > 0 ? (size_t)n : 0;
    }
    turns();
    ck_told("reads\n");
    ck_assert(!master_link_ops.is_full(link_));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("master_link");
    TCase *tc = tcase_create("link");
    tcase_add_checked_fixture(tc, setup, teardown);
    suite_add_tcase(suite, tc);
    tcase_add_test(tc, test_hello_then_up);
    tcase_add_test(tc, test_the_first_token_is_told);
    tcase_add_test(tc, test_a_job_there_and_back);
    tcase_add_test(tc, test_great_numbers_are_texts);
    tcase_add_test(tc, test_all_wishes_are_handed_on);
    tcase_add_test(tc, test_limits_stay_in_the_protocol);
    tcase_add_test(tc, test_cancel_and_kill);
    tcase_add_test(tc, test_ends);
    tcase_add_test(tc, test_a_foreign_job_is_nothing);
    tcase_add_test(tc, test_the_end_of_the_connection);
    tcase_add_test(tc, test_attempts_pause_for_up_to_five_seconds);
    tcase_add_test(tc, test_a_master_that_ends_at_once_is_tried_less_and_less);
    tcase_add_test(tc, test_an_unfit_master_is_refused);
    tcase_add_test(tc, test_a_draining_master_is_tried_again_later);
    tcase_add_test(tc, test_a_refused_hello);
    tcase_add_test(tc, test_a_silent_master_is_given_up);
    tcase_add_test(tc, test_nonsense_ends_the_connection);
    tcase_add_test(tc, test_a_fatal_error_is_the_reason);
    tcase_add_test(tc, test_draining_is_told);
    tcase_add_test(tc, test_a_large_result);
    tcase_add_test(tc, test_a_master_that_does_not_read);
    return run_suite(suite);
}
