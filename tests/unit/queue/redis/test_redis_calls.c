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

int main(void)
{
    Suite *suite = suite_create("redis_calls");
    TCase *tc = tcase_create("calls");
    tcase_add_checked_fixture(tc, setup, teardown);
    suite_add_tcase(suite, tc);
    tcase_add_test(tc, test_a_call_is_sent_and_answered);
    tcase_add_test(tc, test_unflushed_calls_are_sent_in_the_next_turn);
    tcase_add_test(tc, test_unanswered_calls_are_sent_again_in_order);
    return run_suite(suite);
}
