/* test_problem: the JSON of errors. */
#include "tests/unit/gateway/http/http_world.h"

static const struct http_problem *problem;

static void run_problem(struct http_exchange *exchange)
{
    http_problem(exchange, problem);
}

static const struct http_handler on_problem = {.run = run_problem};

static void ask(const struct http_problem *about)
{
    problem = about;
    headers_handler = &on_problem;
    say("GET /headers HTTP/1.1\r\nHost: a\r\n\r\n");
}

START_TEST(test_members)
{
    static const char members[] = ",\"job\":\"k-1\",\"step\":2";
    ask(&(struct http_problem){.status = 502,
                               .code = "error",
                               .detail = "it \"broke\"\n\xff",
                               .members = members,
                               .members_len = sizeof members - 1});
    ck_heard("HTTP/1.1 502 Bad Gateway\r\n");
    ck_heard("Content-Type: application/problem+json\r\n");
    ck_heard(
        "\r\n\r\n{\"type\":\"/problems/error\",\"title\":\"Bad Gateway\",\"status\":502,"
        "\"detail\":\"it \\\"broke\\\"\\u000a?\",\"code\":\"error\",\"job\":\"k-1\",\"step\":2}");
    ck_not_heard("Retry-After");
}
END_TEST

START_TEST(test_title)
{
    ask(&(struct http_problem){.status = 599, .code = "x", .title = "Own", .detail = ""});
    ck_heard("HTTP/1.1 599 Unknown\r\n");
    ck_heard("\"title\":\"Own\"");
}
END_TEST

/* Rounded up: nobody comes back too early. */
START_TEST(test_retry_after)
{
    static const struct {
        uint64_t ms;
        const char *line;
    } cases[] = {{1, "Retry-After: 1\r\n"},
                 {1000, "Retry-After: 1\r\n"},
                 {1001, "Retry-After: 2\r\n"},
                 {60000, "Retry-After: 60\r\n"}};
    ask(&(struct http_problem){
        .status = 503, .code = "overload", .detail = "", .retry_after_ms = cases[_i].ms});
    ck_heard(cases[_i].line);
}
END_TEST

/* The answer to HEAD has the length of the body that it leaves out. */
START_TEST(test_problem_of_head)
{
    problem = &(struct http_problem){.status = 404, .code = "x", .detail = ""};
    headers_handler = &on_problem;
    say("HEAD /headers HTTP/1.1\r\nHost: a\r\n\r\n");
    ck_heard("Content-Length: 78\r\n");
    ck_not_heard("{");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("gateway/http/problem");
    TCase *tc = tcase_create("problem");
    tcase_add_checked_fixture(tc, open_world, close_world);
    tcase_add_test(tc, test_members);
    tcase_add_test(tc, test_title);
    tcase_add_loop_test(tc, test_retry_after, 0, 4);
    tcase_add_test(tc, test_problem_of_head);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
