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

/* --- bodies --- */

#define HEAD(method, path) method " " path " HTTP/1.1\r\nHost: a\r\n"
#define CHUNKED            "Transfer-Encoding: chunked\r\n\r\n"

/* Says a POST of `len` bytes, in chunks of `chunk` bytes. */
static void say_chunked(const char *head, size_t len, size_t chunk)
{
    char line[32], *data = malloc(chunk);
    memset(data, 'x', chunk);
    say_bytes(head, strlen(head));
    for (size_t n; len; len -= n) {
        n = chunk < len ? chunk : len;
        snprintf(line, sizeof line, "%zx\r\n", n);
        say_bytes(line, strlen(line));
        say_bytes(data, n);
        say_bytes("\r\n", 2);
    }
    say("0\r\n\r\n");
    free(data);
}

START_TEST(test_large_body)
{
    static char body[100000];
    memset(body, 'x', sizeof body);
    say(HEAD("POST", "/echo") "Content-Length: 100000\r\n\r\n");
    say_bytes(body, sizeof body);
    settle();
    ck_logged("POST /echo 200 100000;");
    ck_assert_uint_gt(heard_len, 100000);
}
END_TEST

START_TEST(test_large_chunked_body)
{
    static const size_t chunks[] = {1, 1000, 70000, 100000};
    say_chunked(HEAD("POST", "/echo") CHUNKED, chunks[_i] == 1 ? 5000 : 100000, chunks[_i]);
    ck_logged(chunks[_i] == 1 ? "POST /echo 200 5000;" : "POST /echo 200 100000;");
    say(HEAD("GET", "/hello") "\r\n");
    ck_heard("hello");
}
END_TEST

START_TEST(test_empty_chunked_body)
{
    say(HEAD("POST", "/echo") CHUNKED "0\r\n\r\n");
    ck_heard("Content-Length: 0\r\n");
}
END_TEST

START_TEST(test_continue)
{
    say(HEAD("POST", "/echo") "Expect: 100-continue\r\nContent-Length: 2\r\n\r\n");
    ck_assert_str_eq(heard, "HTTP/1.1 100 Continue\r\n\r\n");
    say("ab");
    ck_heard("\r\n\r\nab");
}
END_TEST

/* Of an older client nothing is expected; without a body nothing is to go on. */
START_TEST(test_no_continue)
{
    say("POST /echo HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
    ck_assert_str_eq(heard, "");
    say("ab");
    ck_heard("\r\n\r\nab");
    ck_not_heard("100 Continue");
}
END_TEST

START_TEST(test_continue_without_a_body)
{
    say(HEAD("GET", "/hello") "Expect: 100-continue\r\n\r\n");
    ck_not_heard("100 Continue");
}
END_TEST

/* --- bodies that are not read --- */

/* A small body of a refused request is passed over, and the next request is served. */
START_TEST(test_refused_before_the_body)
{
    say(HEAD("POST", "/refused") "Content-Length: 3\r\n\r\n");
    ck_heard("HTTP/1.1 403 Forbidden");
    say("abc" HEAD("POST", "/refused") CHUNKED
        "3\r\nabc\r\n0\r\n\r\n" HEAD("GET", "/hello") "\r\n");
    ck_logged("POST /refused 403 95;POST /refused 403 95;GET /hello 200 5;");
}
END_TEST

static const struct {
    const char *request;
    const char *status;
} closing[] = {
    {HEAD("POST", "/refused") "Content-Length: 70000\r\n\r\n", "403"},
    {HEAD("POST", "/nothing") "Content-Length: 70000\r\n\r\n", "404"},
    {HEAD("POST", "/refused") "Expect: 100-continue\r\nContent-Length: 3\r\n\r\n", "403"},
    {HEAD("POST", "/echo") "Content-Length: 100001\r\n\r\n", "413"},
    {HEAD("POST", "/echo") "Expect: 100-continue\r\nContent-Length: 100001\r\n\r\n", "413"},
    {HEAD("POST", "/echo") "Content-Length: 99999999999999999999999\r\n\r\n", "413"},
    {HEAD("POST", "/echo") CHUNKED "186a1\r\n", "413"},
    {HEAD("POST", "/echo") CHUNKED "ffffffffffffffffff\r\n", "413"},
    {HEAD("POST", "/echo") CHUNKED "3\r\nabc\r\n1869e\r\n", "413"},
    {HEAD("POST", "/echo") CHUNKED "0x3\r\n", "400"},
    {HEAD("POST", "/echo") CHUNKED "3\nabc\r\n", "400"},
    {HEAD("POST", "/echo") CHUNKED "3\r\nabcd\r\n", "400"},
    {HEAD("POST", "/echo") CHUNKED "3\r\nabc\nx", "400"},
    {HEAD("POST", "/echo") CHUNKED "0\r\nA b\r\n\r\n", "400"},
    {HEAD("POST", "/echo") CHUNKED "0\r\n\n", "400"},
    {"GET / HTTP/1.1\n", "400"},
    {"\n", "400"},
    {"\r\n\r\n", "400"},
    {"\x16\x03\x01", "400"},
    {"GET / HTTP/2.0\r\n\r\n", "505"},
};

/* One answer, then the end; what follows is thrown away. */
/* The handler has forgotten the exchange, and has freed whatever belonged to it. */
START_TEST(test_a_broken_body_behind_a_refusal)
{
    say("POST /refused HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
    ck_heard("HTTP/1.1 403 ");
    say("no size\r\n");
    ck_told("");
    ck_assert_uint_eq(count_responses(), 1);
    ck_assert(is_closed());
}
END_TEST

START_TEST(test_a_slow_body_behind_a_refusal)
{
    say("POST /refused HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab");
    pass_ms(60000);
    pass_ms(10);
    ck_told("");
    ck_assert_uint_eq(count_responses(), 1);
    ck_assert(is_closed());
}
END_TEST

START_TEST(test_one_answer_then_closed)
{
    char status[32];
    snprintf(status, sizeof status, "HTTP/1.1 %s ", closing[_i].status);
    say(closing[_i].request);
    say(HEAD("GET", "/hello") "\r\n");
    ck_heard(status);
    ck_heard("Connection: close\r\n");
    ck_heard("Content-Type: application/problem+json\r\n");
    ck_assert_uint_eq(count_responses(), 1);
    ck_assert(is_closed());
    ck_assert_uint_eq(http_server_connections(server), 1); /* it lingers */
    pass_ms(1001);
    ck_assert_uint_eq(http_server_connections(server), 0);
}
END_TEST

START_TEST(test_head_too_long)
{
    static char name[9000];
    memset(name, 'a', sizeof name - 1);
    say(HEAD("GET", "/hello"));
    say(name);
    ck_heard("HTTP/1.1 431 ");
    ck_heard("header-too-long");
    ck_logged("  431 156;");
    ck_assert(is_closed());
}
END_TEST

START_TEST(test_no_memory_for_bodies)
{
    bodies.max = 10000;
    if (_i)
        say_chunked(HEAD("POST", "/later") CHUNKED, 90000, 9000);
    else
        say(HEAD("POST", "/later") "Content-Length: 90000\r\n\r\nx");
    char rest[90000];
    memset(rest, 'x', sizeof rest);
    say_bytes(rest, sizeof rest);
    ck_heard("HTTP/1.1 503 ");
    ck_heard("Retry-After: 1\r\n");
    ck_heard("\"code\":\"overload\"");
    ck_told("begin gone ");
}
END_TEST

/* --- ends of clients --- */

START_TEST(test_close_is_kept)
{
    say(HEAD("GET", "/hello") "Connection: close\r\n\r\n" HEAD("GET", "/hello") "\r\n");
    ck_heard("Connection: close\r\n");
    ck_assert_uint_eq(count_responses(), 1);
    ck_assert(is_closed());
    hang_up();
    settle();
    ck_assert_uint_eq(http_server_connections(server), 0);
}
END_TEST

START_TEST(test_old_clients)
{
    say("GET /hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    ck_heard("Connection: keep-alive\r\n");
    say("GET /hello HTTP/1.0\r\n\r\n");
    ck_heard("Connection: close\r\n");
    ck_assert_uint_eq(count_responses(), 2);
    ck_assert(is_closed());
}
END_TEST

/* The end of input behind a whole request counts as the client's end, while it waits. */
START_TEST(test_gone_while_it_runs)
{
    say(HEAD("GET", "/later") "\r\n");
    if (_i == 1)
        say(HEAD("GET", "/hello") "\r\n"); /* it is held */
    if (_i == 2)
        shutdown(client, SHUT_WR);
    else
        hang_up();
    settle();
    ck_told("begin run gone ");
    ck_logged("GET /later 499 gone 0;");
    ck_assert_uint_eq(http_server_connections(server), 0);
}
END_TEST

START_TEST(test_gone_in_the_body)
{
    say(HEAD("POST", "/later") "Content-Length: 3\r\n\r\na");
    hang_up();
    settle();
    ck_told("begin gone ");
    ck_logged("POST /later 499 gone 0;");
}
END_TEST

START_TEST(test_gone_in_the_head)
{
    say("GET /hel");
    hang_up();
    settle();
    ck_logged("");
    ck_assert_uint_eq(http_server_connections(server), 0);
}
END_TEST

/* A response that is written goes out, though the client says no more. */
START_TEST(test_half_closed)
{
    say_bytes(HEAD("GET", "/hello") "\r\n", strlen(HEAD("GET", "/hello") "\r\n"));
    shutdown(client, SHUT_WR);
    settle();
    ck_heard("hello");
    ck_assert_uint_eq(http_server_connections(server), 0);
}
END_TEST

/* --- time --- */

START_TEST(test_idle)
{
    pass_ms(30000);
    say(HEAD("GET", "/hello") "\r\n");
    pass_ms(59000);
    ck_assert(!is_closed());
    pass_ms(2000);
    ck_assert(is_closed());
    ck_assert_uint_eq(count_responses(), 1);
}
END_TEST

/* A running request is not idle. */
START_TEST(test_long_request)
{
    say(HEAD("GET", "/later") "\r\n");
    for (int i = 0; i < 5; i++)
        pass_ms(59000);
    http_respond(kept, 200, NULL, NULL, 0);
    settle();
    ck_heard("HTTP/1.1 200 ");
    pass_ms(59000);
    ck_assert(!is_closed());
}
END_TEST

static const char *const halves[] = {
    "GET /hello HTTP/1.1\r\n",
    HEAD("POST", "/later") "Content-Length: 3\r\n\r\na",
    HEAD("POST", "/later") CHUNKED "3\r\na",
    HEAD("POST", "/later") CHUNKED,
    HEAD("POST", "/later") CHUNKED "3",
    HEAD("POST", "/later") CHUNKED "0\r\nA:",
};

START_TEST(test_slow)
{
    say(halves[_i]);
    pass_ms(9999);
    ck_assert_uint_eq(count_responses(), 0);
    pass_ms(50002);
    ck_heard("HTTP/1.1 408 ");
    ck_heard("\"code\":\"too-slow\"");
    ck_assert_uint_eq(count_responses(), 1);
    ck_assert(is_closed());
    ck_told(_i ? "begin gone " : "");
}
END_TEST

START_TEST(test_slow_head)
{
    say("GET /hello HTTP/1.1\r\n");
    pass_ms(9990);
    say("Host: ");
    pass_ms(20);
    ck_heard("HTTP/1.1 408 ");
}
END_TEST

/* --- too many, drained --- */

START_TEST(test_too_many)
{
    int first = client;
    settings.connection_max = 1;
    connect_client();
    settle();
    ck_heard("HTTP/1.1 503 ");
    ck_heard("too-many-clients");
    ck_heard("Retry-After: 1\r\n");
    ck_assert(is_closed());
    hang_up();
    settle();
    ck_assert_uint_eq(http_server_connections(server), 1);
    client = first;
    say(HEAD("GET", "/hello") "\r\n");
    ck_heard("hello");
}
END_TEST

START_TEST(test_far_too_many)
{
    int first = client;
    settings.connection_max = 1;
    for (int i = 0; i < 100; i++)
        connect_client();
    ck_assert_uint_eq(http_server_connections(server), 65);
    client = first;
}
END_TEST

START_TEST(test_a_drain_answers_requests_that_are_on_their_way)
{
    settle();
    http_server_drain(server);
    settle();
    say(HEAD("GET", "/hello") "\r\n");
    ck_heard("hello");
    ck_assert(is_closed());
}
END_TEST

START_TEST(test_a_drain_ends_what_is_idle_for_long)
{
    settle();
    pass_ms(1000);
    http_server_drain(server);
    ck_assert(is_closed());
}
END_TEST

START_TEST(test_drain)
{
    say(HEAD("GET", "/later") "\r\n");
    int busy = client;
    connect_client();
    settle();
    http_server_drain(server);
    ck_assert(!is_closed()); /* a request may be on its way */
    pass_ms(1000);
    ck_assert(is_closed());
    hang_up();
    client = busy;
    ck_assert(!is_closed());
    http_respond(kept, 200, NULL, NULL, 0);
    settle();
    ck_heard("Connection: close\r\n");
    ck_assert(is_closed());
}
END_TEST

/* A request that was sent before the drain is served. */
START_TEST(test_drain_behind_a_request)
{
    static const char request[] = HEAD("GET", "/hello") "\r\n";
    settle();
    ck_assert_int_eq(send(client, request, sizeof request - 1, 0), sizeof request - 1);
    http_server_drain(server);
    settle();
    ck_heard("hello");
    ck_heard("Connection: close\r\n");
    ck_assert(is_closed());
}
END_TEST

/* --- streams --- */

START_TEST(test_stream)
{
    say(HEAD("GET", "/stream") "\r\n");
    ck_heard("Transfer-Encoding: chunked\r\n");
    http_stream_write(kept, "abc", 3);
    http_stream_write(kept, "", 0);
    http_stream_write(kept, "0123456789abcdefg", 17);
    settle();
    http_stream_end(kept);
    settle();
    ck_heard("\r\n\r\n3\r\nabc\r\n11\r\n0123456789abcdefg\r\n0\r\n\r\n");
    ck_logged("GET /stream 200 20;");
    say(HEAD("GET", "/hello") "\r\n");
    ck_heard("hello");
}
END_TEST

START_TEST(test_stream_for_old_clients)
{
    say("GET /stream HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    http_stream_write(kept, "abc", 3);
    http_stream_end(kept);
    settle();
    ck_heard("Connection: close\r\n");
    ck_heard("\r\n\r\nabc");
    ck_not_heard("chunked");
    ck_assert(is_closed());
}
END_TEST

/* The handler of a stream learns that nobody wants it, and the connection goes on. */
START_TEST(test_head_of_a_stream)
{
    say(HEAD("HEAD", "/stream") "\r\n" HEAD("GET", "/hello") "\r\n");
    ck_told("taken gone ");
    ck_heard("Transfer-Encoding: chunked\r\n");
    ck_heard("hello");
    ck_logged("HEAD /stream 200 0;GET /hello 200 5;");
}
END_TEST

START_TEST(test_broken_stream)
{
    say(HEAD("GET", "/stream") "\r\n");
    http_stream_write(kept, "abc", 3);
    settle();
    http_stream_break(kept);
    settle();
    ck_told("taken taken ");
    ck_logged("GET /stream 200 gone 3;");
    ck_not_heard("\r\n0\r\n");
    ck_assert_uint_eq(http_server_connections(server), 0);
}
END_TEST

START_TEST(test_gone_in_a_stream)
{
    say(HEAD("GET", "/stream") "\r\n");
    hang_up();
    settle();
    ck_told("taken gone ");
    ck_logged("GET /stream 200 gone 0;");
}
END_TEST

/* A reader that takes nothing is told apart by its unread bytes, and goes after a time. */
START_TEST(test_stalled_stream)
{
    static char data[256 * 1024];
    int bytes = 4096;
    setsockopt(client, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
    say(HEAD("GET", "/stream") "\r\n");
    for (int i = 0; i < 4; i++) {
        http_stream_write(kept, data, sizeof data);
        turn();
    }
    ck_assert_uint_gt(http_stream_unread(kept), 100000);
    listen_to_server();
    turn();
    ck_assert_ptr_nonnull(strstr(told, "taken "));
    turn();
    timers_turn(&timers, timers.now_us + 60001000);
    turn();
    ck_assert_ptr_nonnull(strstr(told, "gone "));
    ck_assert_ptr_null(kept);
}
END_TEST

/* --- headers --- */

static void run_headers(struct http_exchange *exchange)
{
    bool twice;
    const char *value = http_request_header(exchange, "accept", &twice);
    ck_assert_str_eq(value, "a, b, c");
    ck_assert(!twice);
    ck_assert_str_eq(http_request_header(exchange, "Taskmaster-Id", &twice), "1");
    ck_assert(twice);
    ck_assert_ptr_null(http_request_header(exchange, "Origin", &twice));
    ck_assert(!twice);
    http_header(exchange, "X-One", "a\r\nb\x7f");
    http_header_uint(exchange, "X-Two", UINT64_MAX);
    http_exchange_label(exchange, "j1");
    http_exchange_label(exchange, "j2");
    ck_assert_str_eq(http_exchange_public(exchange)->label, "j2");
    ck_assert_str_eq(http_exchange_peer(exchange), "unix");
    ck_assert(http_exchange_is_local(exchange));
    http_respond(exchange, 200, NULL, NULL, 0);
}

START_TEST(test_headers)
{
    static const struct http_handler on_headers = {.run = run_headers};
    headers_handler = &on_headers;
    say(HEAD("GET", "/headers") "Accept: a\r\nACCEPT: b\r\naccept: c\r\n"
                                "Taskmaster-Id: 1\r\ntaskmaster-id: 2\r\n\r\n");
    ck_heard("X-One: a??b?\r\n");
    ck_heard("X-Two: 18446744073709551615\r\n");
}
END_TEST

static TCase *whole_tests(void)
{
    TCase *tc = tcase_create("whole");
    tcase_add_checked_fixture(tc, open_world, close_world);
    tcase_add_test(tc, test_get);
    tcase_add_test(tc, test_head);
    tcase_add_test(tc, test_post);
    tcase_add_test(tc, test_empty_body);
    tcase_add_test(tc, test_byte_by_byte);
    tcase_add_test(tc, test_pipelined);
    tcase_add_test(tc, test_one_at_a_time);
    return tc;
}

static TCase *bodies_tests(void)
{
    TCase *tc = tcase_create("bodies");
    tcase_add_checked_fixture(tc, open_world, close_world);
    tcase_add_test(tc, test_large_body);
    tcase_add_loop_test(tc, test_large_chunked_body, 0, 4);
    tcase_add_test(tc, test_empty_chunked_body);
    tcase_add_test(tc, test_continue);
    tcase_add_test(tc, test_no_continue);
    tcase_add_test(tc, test_continue_without_a_body);
    return tc;
}

static TCase *refusals_tests(void)
{
    TCase *tc = tcase_create("refusals");
    tcase_add_checked_fixture(tc, open_world, close_world);
    tcase_add_test(tc, test_refused_before_the_body);
    tcase_add_test(tc, test_a_broken_body_behind_a_refusal);
    tcase_add_test(tc, test_a_slow_body_behind_a_refusal);
    tcase_add_loop_test(tc, test_one_answer_then_closed, 0, SUPPORT_COUNT(closing));
    tcase_add_test(tc, test_head_too_long);
    tcase_add_loop_test(tc, test_no_memory_for_bodies, 0, 2);
    return tc;
}

static TCase *ends_tests(void)
{
    TCase *tc = tcase_create("ends");
    tcase_add_checked_fixture(tc, open_world, close_world);
    tcase_add_test(tc, test_close_is_kept);
    tcase_add_test(tc, test_old_clients);
    tcase_add_loop_test(tc, test_gone_while_it_runs, 0, 3);
    tcase_add_test(tc, test_gone_in_the_body);
    tcase_add_test(tc, test_gone_in_the_head);
    tcase_add_test(tc, test_half_closed);
    return tc;
}

static TCase *time_tests(void)
{
    TCase *tc = tcase_create("time");
    tcase_add_checked_fixture(tc, open_world, close_world);
    tcase_add_test(tc, test_idle);
    tcase_add_test(tc, test_long_request);
    tcase_add_loop_test(tc, test_slow, 0, SUPPORT_COUNT(halves));
    tcase_add_test(tc, test_slow_head);
    return tc;
}

static TCase *many_tests(void)
{
    TCase *tc = tcase_create("many");
    tcase_add_checked_fixture(tc, open_world, close_world);
    tcase_add_test(tc, test_too_many);
    tcase_add_test(tc, test_far_too_many);
    tcase_add_test(tc, test_a_drain_answers_requests_that_are_on_their_way);
    tcase_add_test(tc, test_a_drain_ends_what_is_idle_for_long);
    tcase_add_test(tc, test_drain);
    tcase_add_test(tc, test_drain_behind_a_request);
    return tc;
}

static TCase *streams_tests(void)
{
    TCase *tc = tcase_create("streams");
    tcase_add_checked_fixture(tc, open_world, close_world);
    tcase_add_test(tc, test_stream);
    tcase_add_test(tc, test_stream_for_old_clients);
    tcase_add_test(tc, test_head_of_a_stream);
    tcase_add_test(tc, test_broken_stream);
    tcase_add_test(tc, test_gone_in_a_stream);
    tcase_add_test(tc, test_stalled_stream);
    return tc;
}

static TCase *headers_tests(void)
{
    TCase *tc = tcase_create("headers");
    tcase_add_checked_fixture(tc, open_world, close_world);
    tcase_add_test(tc, test_headers);
    return tc;
}

int main(void)
{
    Suite *suite = suite_create("gateway/http/server");
    suite_add_tcase(suite, whole_tests());
    suite_add_tcase(suite, bodies_tests());
    suite_add_tcase(suite, refusals_tests());
    suite_add_tcase(suite, ends_tests());
    suite_add_tcase(suite, time_tests());
    suite_add_tcase(suite, many_tests());
    suite_add_tcase(suite, streams_tests());
    suite_add_tcase(suite, headers_tests());
    return run_suite(suite);
}
