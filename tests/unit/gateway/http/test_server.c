/* test_server: requests and responses over a connection. */
#include "tests/unit/gateway/http/http_world.h"

/* --- whole requests --- */

START_TEST(test_get)
{
    say("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
    ck_assert_int_eq(strncmp(heard, "HTTP/1.1 200 OK\r\nDate: ", 23), 0);
    ck_heard("Content-Type: text/plain\r\n");
    ck_heard("Content-Length: 5\r\n");
    ck_heard("\r\n\r\nhello");
    ck_not_heard("Connection:");
    ck_logged("GET /hello 200 5;");
    ck_assert(!is_closed());
}
END_TEST

START_TEST(test_head)
{
    say("HEAD /hello HTTP/1.1\r\nHost: a\r\n\r\n");
    ck_heard("Content-Length: 5\r\n");
    ck_not_heard("hello");
    ck_logged("HEAD /hello 200 0;");
}
END_TEST

START_TEST(test_post)
{
    say("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nabcd");
    ck_heard("\r\n\r\nabcd");
    ck_logged("POST /echo 200 4;");
}
END_TEST

START_TEST(test_empty_body)
{
    say("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
    ck_heard("Content-Length: 0\r\n");
    ck_logged("POST /echo 200 0;");
}
END_TEST

START_TEST(test_byte_by_byte)
{
    static const char text[] =
        "\r\nPOST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n"
        "\r\n3;x=\"y\"\r\nabc\r\n02\r\nde\r\n0\r\nA: b\r\n\r\n"
        "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nxy";
    for (const char *at = text; *at; at++)
        say_bytes(at, 1);
    settle();
    ck_heard("\r\n\r\nabcde");
    ck_heard("\r\n\r\nxy");
    ck_assert_uint_eq(count_responses(), 2);
}
END_TEST

START_TEST(test_pipelined)
{
    say("GET /hello HTTP/1.1\r\nHost: a\r\n\r\nPOST /echo HTTP/1.1\r\nHost: a\r\n"
        "Content-Length: 3\r\n\r\nabcGET /nothing HTTP/1.1\r\nHost: a\r\n\r\n");
    ck_assert_uint_eq(count_responses(), 3);
    ck_logged("GET /hello 200 5;POST /echo 200 3;GET /nothing 404 122;");
}
END_TEST

/* The second request waits for the end of the first. */
START_TEST(test_one_at_a_time)
{
    say("GET /later HTTP/1.1\r\nHost: a\r\n\r\nGET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
    ck_told("begin run ");
    ck_assert_uint_eq(count_responses(), 0);
    http_respond(kept, 204, NULL, NULL, 0);
    settle();
    ck_assert_int_eq(strncmp(heard, "HTTP/1.1 204 No Content\r\n", 25), 0);
    ck_assert_uint_eq(count_responses(), 2);
    ck_heard("hello");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("gateway/http/server");
    TCase *requests = tcase_create("requests");
    tcase_add_checked_fixture(requests, open_world, close_world);
    tcase_add_test(requests, test_get);
    tcase_add_test(requests, test_head);
    tcase_add_test(requests, test_post);
    tcase_add_test(requests, test_empty_body);
    tcase_add_test(requests, test_byte_by_byte);
    tcase_add_test(requests, test_pipelined);
    tcase_add_test(requests, test_one_at_a_time);
    suite_add_tcase(suite, requests);
    return run_suite(suite);
}
