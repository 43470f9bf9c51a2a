/* test_redis_calls: calls there and back, again after a lost connection, and their deadlines. */
#include "tests/unit/queue/redis/redis_world.h"

static void open_up(void)
{
    server_listens(0);
    open_calls(1);
    server_greets(0);
    ck_told("up\n");
}

START_TEST(test_a_call_is_sent_and_answered)
{
    open_up();
    post(&patient, "a");
    redis_calls_flush(calls);
    ck_heard("EVALSHA 1111 1 q: 7 7:1 a\n");
    server_says("*2\r\n:5\r\n$2\r\nho\r\n");
    ck_told("a answered 5 ho\n");
    ck_assert_uint_eq(redis_calls_view(calls).unanswered, 0);
}
END_TEST

START_TEST(test_unflushed_calls_are_sent_in_the_next_turn)
{
    open_up();
    post(&patient, "a");
    ck_heard("EVALSHA 1111 1 q: 7 7:1 a\n");
}
END_TEST

START_TEST(test_unanswered_calls_are_sent_again_in_order)
{
    open_up();
    post(&patient, "a");
    post(&patient, "b");
    post(&patient, "c");
    ck_heard("EVALSHA 1111 1 q: 7 7:1 a\nEVALSHA 1111 1 q: 7 7:2 b\nEVALSHA 1111 1 q: 7 7:3 c\n");
    server_says("*1\r\n:0\r\n");
    server_ends();
    post(&patient, "d");
    ck_told("a answered 0\ndown: Redis closed the connection\n");
    pass_ms(100);
    server_greets(0);
    ck_told("up\n");
    ck_heard("EVALSHA 1111 1 q: 7 7:2 b\nEVALSHA 1111 1 q: 7 7:3 c\nEVALSHA 1111 1 q: 7 7:4 d\n");
    server_says("*1\r\n:0\r\n*1\r\n:1\r\n*1\r\n:2\r\n");
    ck_told("b answered 0\nc answered 1\nd answered 2\n");
}
END_TEST

#define OOM "-OOM command not allowed when used memory > 'maxmemory'.\r\n"

/* --- the connection --- */

START_TEST(test_posted_before_the_connection)
{
    open_calls(1);
    post(&patient, "a");
    redis_calls_flush(calls);
    pass_ms(2000);
    server_listens(0);
    pass_ms(5000);
    server_greets(0);
    ck_told("up\n");
    ck_heard("EVALSHA 1111 1 q: 7 7:1 a\n");
}
END_TEST

START_TEST(test_a_call_without_an_epoch_has_a_token_of_its_own)
{
    open_up();
    struct redis_call *call = redis_call_new(calls, &scripts[1], 0);
    redis_call_number(call, UINT64_MAX);
    redis_call_bytes(call, "\r\n", 2);
    redis_call_post(call, &patient, "a");
    ck_heard("EVALSHA 2222 1 q: 0 0000000000000000:1 18446744073709551615 \r\n\n");
}
END_TEST

START_TEST(test_payloads)
{
    static char bytes[300000];
    memset(bytes, 'p', sizeof bytes);
    open_up();
    struct payload *large = payload_from(&budget, bytes, sizeof bytes);
    struct payload *small = payload_from(&budget, "small", 5);
    struct redis_call *call = redis_call_new(calls, &scripts[0], 7);
    redis_call_payload(call, "wish", 4, large);
    redis_call_payload(call, NULL, 0, small);
    redis_call_payload(call, "alone", 5, NULL);
    redis_call_post(call, &patient, "a");
    payload_unref(large);
    payload_unref(small);
    char *expected = xasprintf("EVALSHA 1111 1 q: 7 7:1 wish%.196s small alone\n", bytes);
    ck_heard(expected);
    server_ends();
    pass_ms(100);
    server_greets(0);
    ck_heard(expected);
    server_says("*1\r\n:0\r\n");
    ck_told("down: Redis closed the connection\nup\na answered 0\n");
    free(expected);
}
END_TEST

START_TEST(test_a_cut_in_each_byte)
{
    static const char reply[] = "*3\r\n:5\r\n$2\r\nho\r\n$-1\r\n";
    open_up();
    for (size_t at = 0; at < sizeof reply - 1; at++) {
        post(&patient, "a");
        turns();
        server_says_bytes(reply, at);
        server_ends();
        ck_told("down: Redis closed the connection\n");
        pass_ms(5000);
        server_greets(0);
        ck_told("up\n");
        turns();
        server_says_bytes(reply, at);
        server_says_bytes(reply + at, sizeof reply - 1 - at);
        ck_told("a answered 5 ho \n");
    }
}
END_TEST

START_TEST(test_garbage_ends_the_connection)
{
    static const char *const garbage[] = {
        "HTTP/1.1 400 Bad Request\r\n",
        "*1\r\n?\r\n",
        "*2147483647\r\n",
        "*4294967297\r\n*4294967297\r\n",
        "*-7\r\n",
        "$-9\r\n",
        "$9223372036854775807\r\n$9",
        ":99999999999999999999999\r\n",
        "*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n:1\r\n",
        "*1\r\n:1\r\n*1\r\n:1\r\n",
    };
    server_listens(0);
    open_calls(1);
    for (size_t i = 0; i < SUPPORT_COUNT(garbage); i++) {
        pass_ms(5000);
        server_greets(0);
        ck_told("up\n");
        server_hides(0);
        post(&asking, "a");
        turns();
        server_says(garbage[i]);
        pass_ms(1000);
        told_len = 0;
        ck_closed();
        server_listens(0);
    }
}
END_TEST

START_TEST(test_a_server_that_says_nothing_is_given_up)
{
    open_up();
    pass_ms(60000);
    ck_told("");
    post(&patient, "a");
    turns();
    pass_ms(999);
    ck_told("");
    pass_ms(1);
    ck_told("down: no answer within 1000 ms\n");
    ck_closed();
    pass_ms(100);
    server_greets(0);
    ck_heard("EVALSHA 1111 1 q: 7 7:1 a\n");
    server_says("*1\r\n:0\r\n");
    ck_told("up\na answered 0\n");
    pass_ms(60000);
    ck_told("");
}
END_TEST

/* New calls each half second do not put off the deadline of a server without answers. */
START_TEST(test_calls_put_no_deadline_off)
{
    open_up();
    post(&patient, "a");
    turns();
    pass_ms(500);
    post(&patient, "b");
    turns();
    pass_ms(500);
    ck_told("down: no answer within 1000 ms\n");
}
END_TEST

/* --- deadlines --- */

START_TEST(test_deadlines_of_unsent_calls)
{
    open_calls(1);
    post(&asking, "a");
    post(&putting, "b");
    post(&patient, "c");
    pass_ms(500);
    post(&asking, "d");
    pass_ms(499);
    ck_told("");
    pass_ms(1);
    ck_told("a unsent\nb unsent\n");
    pass_ms(500);
    ck_told("d unsent\n");
    ck_assert_uint_eq(redis_calls_view(calls).unanswered, 1);
}
END_TEST

/* A slow server answers, but too late for these. */
START_TEST(test_deadlines_of_sent_calls)
{
    open_up();
    post(&asking, "a");
    post(&putting, "b");
    post(&patient, "c");
    turns();
    pass_ms(900);
    server_says("*");
    pass_ms(100);
    ck_told("a late\nb late, more\n");
    server_says("1\r\n:0\r\n*1\r\n:1\r\n*1\r\n:2\r\n");
    ck_told("b answered 1\nc answered 2\n");
}
END_TEST

START_TEST(test_a_late_change_is_repeated_and_a_late_ask_is_not)
{
    open_up();
    post(&asking, "a");
    post(&putting, "b");
    turns();
    pass_ms(1000);
    ck_told("a late\nb late, more\ndown: no answer within 1000 ms\n");
    ck_closed();
    pass_ms(100);
    server_greets(0);
    ck_heard("EVALSHA 1111 1 q: 7 7:2 b\n");
    server_says("*1\r\n:0\r\n");
    ck_told("up\nb answered 0\n");
}
END_TEST

START_TEST(test_late_after_a_lost_connection)
{
    open_up();
    post(&asking, "a");
    post(&putting, "b");
    turns();
    server_ends();
    server_hides(0);
    post(&putting, "c");
    pass_ms(1000);
    ck_told("down: Redis closed the connection\na late\nb late, more\nc unsent\n");
    redis_calls_free(calls);
    calls = NULL;
    ck_told("b late\n");
}
END_TEST

START_TEST(test_the_end_answers_all)
{
    open_up();
    post(&patient, "a");
    post(&putting, "b");
    turns();
    server_says("*1\r\n:0\r");
    post(&asking, "c");
    redis_calls_free(calls);
    calls = NULL;
    ck_told("a late\nb late\nc unsent\n");
}
END_TEST

/* --- errors --- */

START_TEST(test_full)
{
    open_up();
    post(&putting, "a");
    post(&patient, "b");
    turns();
    server_says(OOM OOM);
    ck_told("a full 'OOM command not allowed when used memory > 'maxmemory'.'\n");
    ck_heard("EVALSHA 1111 1 q: 7 7:1 a\nEVALSHA 1111 1 q: 7 7:2 b\n");
    pass_ms(99);
    ck_heard("");
    pass_ms(1);
    ck_heard("EVALSHA 1111 1 q: 7 7:2 b\n");
    server_says("*1\r\n:0\r\n");
    ck_told("b answered 0\n");
}
END_TEST

START_TEST(test_errors_that_pass)
{
    static const unsigned pauses[] = {100, 200, 400, 800, 1000, 1000};
    open_up();
    post(&patient, "a");
    ck_heard("EVALSHA 1111 1 q: 7 7:1 a\n");
    for (size_t i = 0; i < SUPPORT_COUNT(pauses); i++) {
        server_says(i % 2 ? "-BUSY Redis is busy running a script.\r\n"
                          : "-NOREPLICAS Not enough good replicas to write.\r\n");
        pass_ms(pauses[i] - 1);
        ck_heard("");
        pass_ms(1);
        ck_heard("EVALSHA 1111 1 q: 7 7:1 a\n");
    }
    server_says("*1\r\n:0\r\n");
    ck_told("a answered 0\n");
    post(&patient, "b");
    turns();
    server_says("-BUSY\r\n");
    ck_heard("EVALSHA 1111 1 q: 7 7:2 b\n");
    pass_ms(100);
    ck_heard("EVALSHA 1111 1 q: 7 7:2 b\n");
}
END_TEST

START_TEST(test_a_script_is_loaded_again)
{
    open_up();
    post(&patient, "a");
    post(&patient, "b");
    turns();
    server_says("-NOSCRIPT No matching script. Please use EVAL.\r\n"
                "-NOSCRIPT No matching script. Please use EVAL.\r\n");
    ck_heard("EVALSHA 1111 1 q: 7 7:1 a\nEVALSHA 1111 1 q: 7 7:2 b\n");
    pass_ms(100);
    ck_heard("SCRIPT LOAD return 1\nSCRIPT LOAD return 2\nEVALSHA 1111 1 q: 7 7:1 a\n"
             "EVALSHA 1111 1 q: 7 7:2 b\n");
    server_says("+1111\r\n+2222\r\n*1\r\n:0\r\n*1\r\n:0\r\n");
    ck_told("a answered 0\nb answered 0\n");
}
END_TEST

START_TEST(test_a_fault_of_a_script)
{
    open_up();
    post(&putting, "a");
    post(&patient, "b");
    post(&patient, "c");
    turns();
    server_says("-WRONGTYPE Operation against a key\r\n+OK\r\n*1\r\n$1\r\n0\r\n");
    ck_told("a failed 'WRONGTYPE Operation against a key'\nb failedOK\nc failed\n");
}
END_TEST

START_TEST(test_a_late_change_that_was_not_done_ends)
{
    open_up();
    post(&putting, "a");
    turns();
    pass_ms(900);
    server_says("-");
    pass_ms(100);
    ck_told("a late, more\n");
    server_says("BUSY\r\n");
    ck_told("a unsent\n");
    pass_ms(5000);
    ck_heard("EVALSHA 1111 1 q: 7 7:1 a\n");
}
END_TEST

START_TEST(test_a_server_that_became_a_replica_is_left)
{
    server_listens(0);
    server_listens(1);
    open_calls(2);
    server_greets(0);
    ck_told("up\n");
    pass_ms(3000);
    post(&patient, "a");
    turns();
    server_says("-READONLY You can't write against a read only replica.\r\n");
    ck_told("down: READONLY You can't write against a read only replica.\n");
    ck_closed();
    server_greets(1);
    ck_heard("EVALSHA 1111 1 q: 7 7:1 a\n");
    server_says("*1\r\n:0\r\n");
    ck_told("up\na answered 0\n");
    ck_assert_str_eq(redis_calls_view(calls).server, addresses[1]);
    ck_assert_uint_eq(redis_calls_view(calls).reconnects, 1);
}
END_TEST

/* --- replicas --- */

START_TEST(test_an_answer_waits_for_replicas)
{
    settings.replicas = 2;
    open_up();
    post(&patient, "a");
    post(&prompt, "b");
    ck_heard("EVALSHA 1111 1 q: 7 7:1 a\nEVALSHA 1111 1 q: 7 7:2 b\nPUBLISH q:wait \n"
             "WAIT 2 250\n");
    post(&patient, "c");
    server_says("*1\r\n:0\r\n*1\r\n:0\r\n:0\r\n");
    ck_told("b answered 0\n");
    ck_heard("");
    server_says(":1\r\n");
    ck_told("");
    ck_heard("EVALSHA 1111 1 q: 7 7:3 c\nWAIT 2 250\n");
    server_says("*1\r\n:1\r\n:2\r\n");
    ck_told("a answered 0\nc answered 1\n");
    ck_heard("");
    post(&prompt, "d");
    ck_heard("EVALSHA 1111 1 q: 7 7:4 d\n");
    server_says("*1\r\n:0\r\n");
    ck_told("d answered 0\n");
}
END_TEST

START_TEST(test_what_replicas_may_lack_is_called_again)
{
    settings.replicas = 1;
    open_up();
    post(&putting, "a");
    turns();
    server_says("*1\r\n:0\r\n:0\r\n");
    ck_told("");
    server_ends();
    ck_told("down: Redis closed the connection\n");
    pass_ms(100);
    server_greets(0);
    ck_heard("EVALSHA 1111 1 q: 7 7:1 a\nPUBLISH q:wait \nWAIT 1 250\n");
    server_says("*1\r\n:0\r\n:0\r\n:1\r\n");
    ck_told("up\na answered 0\n");
}
END_TEST

START_TEST(test_too_few_replicas_make_a_put_late)
{
    settings.replicas = 1;
    open_up();
    post(&putting, "a");
    post(&asking, "b");
    turns();
    server_says("*1\r\n:0\r\n*1\r\n:0\r\n:0\r\n");
    for (int i = 0; i < 4; i++) {
        pass_ms(250);
        server_says(":0\r\n");
    }
    ck_told("a late, more\nb late\n");
    server_says(":1\r\n");
    ck_told("a answered 0\n");
}
END_TEST

START_TEST(test_an_error_of_wait_ends_the_connection)
{
    settings.replicas = 1;
    open_up();
    post(&putting, "a");
    turns();
    server_says("*1\r\n:0\r\n:0\r\n-UNBLOCKED force unblock from blocking operation\r\n");
    ck_told("down: UNBLOCKED force unblock from blocking operation\n");
    ck_closed();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("redis_calls");
    TCase *tc = tcase_create("calls");
    tcase_add_checked_fixture(tc, setup, teardown);
    suite_add_tcase(suite, tc);
    tcase_add_test(tc, test_a_call_is_sent_and_answered);
    tcase_add_test(tc, test_unflushed_calls_are_sent_in_the_next_turn);
    tcase_add_test(tc, test_unanswered_calls_are_sent_again_in_order);
    tcase_add_test(tc, test_posted_before_the_connection);
    tcase_add_test(tc, test_a_call_without_an_epoch_has_a_token_of_its_own);
    tcase_add_test(tc, test_payloads);
    tcase_add_test(tc, test_a_cut_in_each_byte);
    tcase_add_test(tc, test_garbage_ends_the_connection);
    tcase_add_test(tc, test_a_server_that_says_nothing_is_given_up);
    tcase_add_test(tc, test_calls_put_no_deadline_off);
    tcase_add_test(tc, test_deadlines_of_unsent_calls);
    tcase_add_test(tc, test_deadlines_of_sent_calls);
    tcase_add_test(tc, test_a_late_change_is_repeated_and_a_late_ask_is_not);
    tcase_add_test(tc, test_late_after_a_lost_connection);
    tcase_add_test(tc, test_the_end_answers_all);
    tcase_add_test(tc, test_full);
    tcase_add_test(tc, test_errors_that_pass);
    tcase_add_test(tc, test_a_script_is_loaded_again);
    tcase_add_test(tc, test_a_fault_of_a_script);
    tcase_add_test(tc, test_a_late_change_that_was_not_done_ends);
    tcase_add_test(tc, test_a_server_that_became_a_replica_is_left);
    tcase_add_test(tc, test_an_answer_waits_for_replicas);
    tcase_add_test(tc, test_what_replicas_may_lack_is_called_again);
    tcase_add_test(tc, test_too_few_replicas_make_a_put_late);
    tcase_add_test(tc, test_an_error_of_wait_ends_the_connection);
    return run_suite(suite);
}
