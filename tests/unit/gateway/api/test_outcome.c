/* outcome: the last event of a job as a response. */
#include "base/json_writer.h"
#include "base/payload.h"
#include "gateway/api/outcome.h"
#include "gateway/upstream/upstream_internal.h"
#include "tests/unit/gateway/api/fake_exchange.h"
#include "tests/unit/suite.h"

#include <check.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static struct payload_budget budget = {.max = 1 << 20};
static struct upstream_reading reading;
static struct http_exchange exchange;
static char body[1024];        /* of the response: the members of a problem */
static char told_headers[512]; /* "NAME: VALUE;" each */
static unsigned status;
static bool is_reason;
static uint64_t retry_after_ms;

void http_exchange_label(struct http_exchange *its_exchange, const char *label)
{
    (void)its_exchange, (void)label;
}

void http_header_uint(struct http_exchange *its_exchange, const char *name, uint64_t value)
{
    size_t len = strlen(told_headers);
    (void)its_exchange;
    snprintf(told_headers + len, sizeof told_headers - len, "%s: %" PRIu64 ";", name, value);
}

void http_respond(struct http_exchange *its_exchange, unsigned its_status, const char *type,
                  const void *bytes, size_t len)
{
    (void)its_exchange, (void)type;
    status = its_status;
    snprintf(body, sizeof body, "%.*s", (int)len, (const char *)bytes);
}

void http_respond_payload(struct http_exchange *its_exchange, unsigned its_status, const char *type,
                          struct payload *payload)
{
    char bytes[1024];
    size_t len = payload_copy(payload, 0, bytes, sizeof bytes);
    http_respond(its_exchange, its_status, type, bytes, len);
}

void http_problem(struct http_exchange *its_exchange, const struct http_problem *problem)
{
    status = problem->status;
    is_reason = problem->is_reason;
    retry_after_ms = problem->retry_after_ms;
    snprintf(its_exchange->code, sizeof its_exchange->code, "%s", problem->code);
    snprintf(its_exchange->detail, sizeof its_exchange->detail, "%s", problem->detail);
    snprintf(body, sizeof body, "%.*s", (int)problem->members_len, problem->members);
}

static void respond(const char *header, const char *payload)
{
    struct payload *bytes = payload ? payload_from(&budget, payload, strlen(payload)) : NULL;
    told_headers[0] = body[0] = '\0';
    retry_after_ms = 0;
    ck_assert_ptr_null(upstream_read(&reading, header, strlen(header)));
    reading.event.payload = bytes;
    outcome_respond(&exchange, &reading.event);
    payload_unref(bytes);
    upstream_read_end(&reading);
}

static void expect_problem(unsigned its_status, const char *code, const char *members)
{
    ck_assert_uint_eq(status, its_status);
    ck_assert_str_eq(exchange.code, code);
    ck_assert_str_eq(body, members);
}

START_TEST(test_done)
{
    respond("{\"event\":\"done\",\"id\":1,\"job\":\"k-1\",\"wait_us\":31,\"run_us\":7,\"size\":2}",
            "hi");
    ck_assert_uint_eq(status, 200);
    ck_assert_str_eq(body, "hi");
    ck_assert_str_eq(told_headers, "Taskmaster-Wait-Us: 31;Taskmaster-Run-Us: 7;");
    respond("{\"event\":\"done\",\"id\":1,\"job\":\"q1\",\"size\":0,\"attempt\":2}", NULL);
    ck_assert_uint_eq(status, 200);
    ck_assert_str_eq(body, "");
    ck_assert_str_eq(told_headers, "Taskmaster-Attempt: 2;");
}
END_TEST

START_TEST(test_failed)
{
    respond(
        "{\"event\":\"failed\",\"id\":1,\"job\":\"k-1\",\"reason\":\"module\",\"code\":\"busy\","
        "\"message\":\"later \\u00e9\",\"retry_after_ms\":1500}",
        "so far");
    expect_problem(422, "module", ",\"job\":\"k-1\",\"code\":\"busy\",\"payload\":\"so far\"");
    ck_assert(is_reason);
    ck_assert_str_eq(exchange.detail, "later \xc3\xa9");
    ck_assert_uint_eq(retry_after_ms, 1500);
    respond(
        "{\"event\":\"failed\",\"id\":1,\"job\":\"k-1\",\"reason\":\"timeout\",\"message\":\"x\","
        "\"step\":\"sigterm\",\"order\":3}",
        NULL);
    expect_problem(504, "timeout", ",\"job\":\"k-1\",\"step\":\"sigterm\",\"order\":3");
    ck_assert_uint_eq(retry_after_ms, 0);
    respond(
        "{\"event\":\"failed\",\"id\":1,\"job\":\"k-1\",\"reason\":\"shutdown\",\"message\":\"x\"}",
        NULL);
    expect_problem(503, "shutdown", ",\"job\":\"k-1\"");
    ck_assert_uint_eq(retry_after_ms, 1000);
}
END_TEST

START_TEST(test_crash)
{
    static const char header[] =
        "{\"event\":\"failed\",\"id\":1,\"job\":\"k-1\",\"reason\":\"error\","
        "\"message\":\"x\",\"signal\":\"SIGSEGV\"}";
    respond(header, "{\"crash\":{\"fingerprint\":\"5d1c9a02\"},\"output\":\"\"}");
    expect_problem(502, "error",
                   ",\"job\":\"k-1\",\"signal\":\"SIGSEGV\",\"fingerprint\":\"5d1c9a02\"");
    respond(header, "no JSON");
    expect_problem(502, "error", ",\"job\":\"k-1\",\"signal\":\"SIGSEGV\"");
    respond(header, "{\"crash\":7}");
    expect_problem(502, "error", ",\"job\":\"k-1\",\"signal\":\"SIGSEGV\"");
}
END_TEST

START_TEST(test_refused)
{
    respond("{\"event\":\"overload\",\"id\":1,\"reason\":\"queue-full\",\"pool\":\"default\","
            "\"queued\":1,\"running\":2,\"retry_after_ms\":50}",
            NULL);
    expect_problem(503, "overload",
                   ",\"reason\":\"queue-full\",\"pool\":\"default\",\"queued\":1,\"running\":2");
    ck_assert(!is_reason);
    ck_assert_uint_eq(retry_after_ms, 50);
    respond("{\"event\":\"overload\",\"id\":1,\"reason\":\"client-quota\"}", NULL);
    expect_problem(429, "overload", ",\"reason\":\"client-quota\"");
    respond("{\"event\":\"overload\",\"id\":1,\"reason\":\"a-newer-one\"}", NULL);
    ck_assert_str_eq(exchange.detail, "there is no room for the job");
    respond(
        "{\"event\":\"error\",\"op\":\"submit\",\"id\":1,\"code\":\"key-conflict\",\"job\":\"q7\","
        "\"message\":\"x\"}",
        NULL);
    expect_problem(422, "key-conflict", ",\"job\":\"q7\"");
    respond("{\"event\":\"error\",\"id\":1}", NULL); /* of a daemon that tells little */
    expect_problem(502, "error", "");
}
END_TEST

START_TEST(test_lost)
{
    outcome_lost(&exchange, "the connection was lost", true);
    ck_assert_uint_eq(exchange.status, 502);
    ck_assert_str_eq(exchange.code, "lost");
    outcome_lost(&exchange, "connection refused", false);
    ck_assert_uint_eq(status, 503);
    ck_assert_str_eq(exchange.code, "unavailable");
    ck_assert_uint_gt(retry_after_ms, 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("outcome");
    TCase *tc = tcase_create("outcome");
    tcase_add_test(tc, test_done);
    tcase_add_test(tc, test_failed);
    tcase_add_test(tc, test_crash);
    tcase_add_test(tc, test_refused);
    tcase_add_test(tc, test_lost);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
