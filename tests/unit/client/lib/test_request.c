/* Requests as they are sent, and faults refused before. */
#include "client/lib/request.h"
#include "tests/unit/suite.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

static struct tmc_failure failure;

static struct tmc_request request;

static void assert_line(tm_client_status status, const char *expected)
{
    ck_assert_int_eq(status, TM_CLIENT_OK);
    ck_assert_uint_eq(request.len, strlen(expected));
    ck_assert_mem_eq(request.line, expected, request.len);
}

START_TEST(hello)
{
    const tm_client_options options = {.token = "s\"ecret", .name = "thumbs/1.2", .module = "fib"};
    assert_line(tmc_request_hello(&request, NULL, &failure), "{\"op\":\"hello\",\"protocol\":1}\n");
    assert_line(tmc_request_hello(&request, &options, &failure),
                "{\"op\":\"hello\",\"protocol\":1,\"client\":\"thumbs/1.2\",\"module\":\"fib\","
                "\"token\":\"s\\\"ecret\"}\n");
}
END_TEST

START_TEST(submit)
{
    const tm_client_submit_options options = {
        .context = " {\"row\" : 7} ",
        .timeout_ms = 500,
        .notify = TM_CLIENT_NOTIFY_ACCEPTED | TM_CLIENT_NOTIFY_STARTED,
        .link = true,
    };
    assert_line(tmc_request_submit(&request, 3, NULL, 0, NULL, &failure),
                "{\"op\":\"submit\",\"id\":3,\"size\":0}\n");
    assert_line(tmc_request_submit(&request, 3, "fib", 2, &options, &failure),
                "{\"op\":\"submit\",\"id\":3,\"module\":\"fib\","
                "\"notify\":[\"accepted\",\"started\"],\"timeout_ms\":500,\"link\":true,"
                "\"size\":2,\"context\":{\"row\":7}}\n");
}
END_TEST

START_TEST(submit_of_live_jobs)
{
    const tm_client_relay relay = {.origin = "q-7", .owner = "shop", .attempt = 2};
    const tm_client_submit_options options = {
        .notify = TM_CLIENT_NOTIFY_PROGRESS | TM_CLIENT_NOTIFY_PART | TM_CLIENT_NOTIFY_USAGE,
        .soft_timeout_ms = 7,
        .max_wait_ms = 8,
        .link_on_failure = true,
        .relay = &relay,
    };
    const tm_client_submit_options detached = {.detach = true}, served = {.service = "mail"};
    const tm_client_submit_options retried = {.notify = TM_CLIENT_NOTIFY_RETRY};
    assert_line(tmc_request_submit(&request, 3, "fib", 0, &options, &failure),
                "{\"op\":\"submit\",\"id\":3,\"module\":\"fib\","
                "\"notify\":[\"progress\",\"part\",\"usage\"],\"soft_timeout_ms\":7,"
                "\"max_wait_ms\":8,\"link\":\"on-failure\",\"origin\":\"q-7\",\"for\":\"shop\","
                "\"attempt\":2,\"size\":0}\n");
    assert_line(tmc_request_submit(&request, 3, "fib", 0, &detached, &failure),
                "{\"op\":\"submit\",\"id\":3,\"module\":\"fib\",\"detach\":true,\"size\":0}\n");
    assert_line(
        tmc_request_submit(&request, 3, "fib", 0, &served, &failure),
        "{\"op\":\"submit\",\"id\":3,\"module\":\"fib\",\"service\":\"mail\",\"size\":0}\n");
    assert_line(
        tmc_request_submit(&request, 3, "fib", 0, &retried, &failure),
        "{\"op\":\"submit\",\"id\":3,\"module\":\"fib\",\"notify\":[\"retry\"],\"size\":0}\n");
}
END_TEST

static tm_client_status any(const char *op, const char *fields, size_t size, bool *detached)
{
    return tmc_request_any(&request, op, 4, fields, size, detached, &failure);
}

/* To the letter, but for the blanks between tokens. */
START_TEST(any_request)
{
    bool detached;
    assert_line(any("status", " { \"job\" : \"k}1\" } ", 0, &detached),
                "{\"op\":\"status\",\"id\":4,\"job\":\"k}1\"}\n");
    ck_assert(!detached);
    assert_line(any("x", "{\"a\":1.10,\"b\":{}}\n", 3, &detached),
                "{\"op\":\"x\",\"id\":4,\"size\":3,\"a\":1.10,\"b\":{}}\n");
    assert_line(any("bye", NULL, 0, &detached), "{\"op\":\"bye\",\"id\":4}\n");
    assert_line(any("clients", "{ }", 0, &detached), "{\"op\":\"clients\",\"id\":4}\n");
    assert_line(any("submit", "{\"detach\":true}", 0, &detached),
                "{\"op\":\"submit\",\"id\":4,\"detach\":true}\n");
    ck_assert(detached);
    ck_assert_int_eq(any("submit", "{\"service\":\"mail\"}", 0, &detached), TM_CLIENT_OK);
    ck_assert(detached);
}
END_TEST

START_TEST(any_request_refused)
{
    static const struct {
        const char *op, *fields, *words;
    } cases[] = {
        {"hello", NULL, "the hello is the library's own"},
        {"x", "[1]", "the fields are no JSON object"},
        {"x", "{\"a\":1", "the fields are not JSON: "},
        {"x", "{\"a\":1,\"a\":2}", "the fields are not JSON: "},
        {"x", "{\"id\":7}", "the field id is the library's own"},
        {"x", "{\"op\":\"y\"}", "the field op is the library's own"},
        {"x", "{\"size\":1}", "the field size is the library's own"},
        {"\xff", NULL, "the op is not UTF-8 text"},
        {"x", "{\"a\":[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]}",
         "the fields nest 17 deep; at most 16 levels are allowed"},
    };
    bool detached;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ck_assert_int_eq(any(cases[i].op, cases[i].fields, 0, &detached), TM_CLIENT_INVALID);
        ck_assert_msg(strncmp(failure.text, cases[i].words, strlen(cases[i].words)) == 0, "%s",
                      failure.text);
    }
}
END_TEST

/* The longest header, and one byte more. */
START_TEST(fields_fill_the_header)
{
    const char rest[] = "{\"op\":\"x\",\"id\":4,\"a\":\"\"}\n";
    bool detached;
    for (int over = -3; over <= 3; over++) {
        char fields[2 * HEADER_MAX];
        snprintf(fields, sizeof fields, "{\"a\":\"%0*d\"}", HEADER_MAX - (int)strlen(rest) + over,
                 0);
        ck_assert_int_eq(any("x", fields, 0, &detached),
                         over > 0 ? TM_CLIENT_INVALID : TM_CLIENT_OK);
        if (over <= 0)
            ck_assert_uint_eq(request.len, (size_t)(HEADER_MAX + over));
    }
}
END_TEST

START_TEST(plain)
{
    const struct tmc_request_field job[] = {{.key = "job", .text = "k-1"}, {0}};
    const struct tmc_request_field two[] = {{.key = "job"}, {.key = "target", .number = 2}, {0}};
    assert_line(tmc_request_plain(&request, "ping", 1, NULL, &failure),
                "{\"op\":\"ping\",\"id\":1}\n");
    assert_line(tmc_request_plain(&request, "cancel", 2, job, &failure),
                "{\"op\":\"cancel\",\"id\":2,\"job\":\"k-1\"}\n");
    assert_line(tmc_request_plain(&request, "kill", 3, two, &failure),
                "{\"op\":\"kill\",\"id\":3,\"target\":2}\n");
}
END_TEST

static tm_client_status submit_context(const char *context)
{
    const tm_client_submit_options options = {.context = context};
    return tmc_request_submit(&request, 1, "fib", 0, &options, &failure);
}

/* To the letter, but for the blanks between tokens. */
START_TEST(context_as_it_stands)
{
    ck_assert_int_eq(submit_context("[ 1.10,\n\t-0 ,1E2,\"\\u0061 \\/ \\\" b\" , { } ]\r\n"),
                     TM_CLIENT_OK);
    assert_line(TM_CLIENT_OK, "{\"op\":\"submit\",\"id\":1,\"module\":\"fib\",\"size\":0,"
                              "\"context\":[1.10,-0,1E2,\"\\u0061 \\/ \\\" b\",{}]}\n");
}
END_TEST

/* The server sets numbers no bounds; nor do we. */
START_TEST(context_numbers)
{
    static const char *const contexts[] = {"100000000000000000000", "1e309", "[-1e400,0e999]",
                                           "{\"1e400\":9223372036854775808}"};
    for (size_t i = 0; i < sizeof contexts / sizeof contexts[0]; i++) {
        char expected[256];
        snprintf(expected, sizeof expected,
                 "{\"op\":\"submit\",\"id\":1,\"module\":\"fib\",\"size\":0,\"context\":%s}\n",
                 contexts[i]);
        assert_line(submit_context(contexts[i]), expected);
    }
    ck_assert_int_eq(submit_context("01e400"), TM_CLIENT_INVALID);
    ck_assert_int_eq(submit_context("1e400e"), TM_CLIENT_INVALID);
}
END_TEST

/* The longest context with the longest module, and one byte more. */
START_TEST(context_fills_the_header)
{
    char context[CONTEXT_MAX + 1], module[HEADER_MAX];
    const tm_client_submit_options options = {.context = context};
    const char rest[] = "{\"op\":\"submit\",\"id\":1,\"module\":\"\",\"size\":0,\"context\":}\n";
    for (int over = -20; over <= 20; over++) {
        memset(context, '1', CONTEXT_MAX);
        context[CONTEXT_MAX] = '\0';
        context[0] = context[CONTEXT_MAX - 1] = '"';
        size_t len = (size_t)(HEADER_MAX - CONTEXT_MAX - (int)strlen(rest) + over);
        memset(module, 'm', len);
        module[len] = '\0';
        ck_assert_int_eq(tmc_request_submit(&request, 1, module, 0, &options, &failure),
                         over <= 0 ? TM_CLIENT_OK : TM_CLIENT_INVALID);
        if (over <= 0)
            ck_assert_uint_eq(request.len, (size_t)(HEADER_MAX + over));
    }
}
END_TEST

START_TEST(context_limits)
{
    char text[CONTEXT_MAX + 8];
    for (size_t len = CONTEXT_MAX; len <= CONTEXT_MAX + 1; len++) {
        memset(text, 'x', len);
        text[0] = text[len - 1] = '"';
        text[len] = '\0';
        ck_assert_int_eq(submit_context(text),
                         len == CONTEXT_MAX ? TM_CLIENT_OK : TM_CLIENT_INVALID);
    }
    for (int depth = HEADER_DEPTH_MAX - 1; depth <= HEADER_DEPTH_MAX; depth++) {
        memset(text, '[', (size_t)depth);
        memset(text + depth, ']', (size_t)depth);
        text[2 * depth] = '\0';
        ck_assert_int_eq(submit_context(text),
                         depth < HEADER_DEPTH_MAX ? TM_CLIENT_OK : TM_CLIENT_INVALID);
    }
    ck_assert_int_eq(submit_context("\"[[[[[[[[[[[[[[[[[[[[ \\\" [\""), TM_CLIENT_OK);
    ck_assert_int_eq(submit_context("null"), TM_CLIENT_OK);
    ck_assert_int_eq(submit_context("{"), TM_CLIENT_INVALID);
    ck_assert_int_eq(submit_context(""), TM_CLIENT_INVALID);
    ck_assert_int_eq(submit_context("1 2"), TM_CLIENT_INVALID);
    ck_assert_int_eq(submit_context("\"\\u0000\""), TM_CLIENT_INVALID);
}
END_TEST

START_TEST(what_would_break_the_framing)
{
    char module[HEADER_MAX + 1];
    const tm_client_submit_options options = {.notify = 64};
    memset(module, 'm', HEADER_MAX);
    module[HEADER_MAX] = '\0';
    ck_assert_int_eq(tmc_request_submit(&request, 1, module, 0, NULL, &failure), TM_CLIENT_INVALID);
    ck_assert_int_eq(tmc_request_submit(&request, 1, "\xff", 0, NULL, &failure), TM_CLIENT_INVALID);
    ck_assert_str_eq(failure.text, "the module is not UTF-8 text");
    ck_assert_int_eq(tmc_request_submit(&request, 1, "m", 0, &options, &failure),
                     TM_CLIENT_INVALID);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        hello,
        submit,
        plain,
        context_as_it_stands,
        context_numbers,
        context_fills_the_header,
        context_limits,
        what_would_break_the_framing,
        any_request,
        submit_of_live_jobs,
        any_request_refused,
        fields_fill_the_header,
    };
    TCase *tcase = tcase_create("request");
    tcase_set_timeout(tcase, 120);
    for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++)
        tcase_add_test(tcase, tests[i]);
    Suite *suite = suite_create("client request");
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
