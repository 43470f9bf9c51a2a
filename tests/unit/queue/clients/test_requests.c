/*
 * test_requests: headers of taskqueued's own requests, and the verdicts on them. Those of the
 * shared fields are in tests/unit/protocol/headers.
 */
#include "queue/clients/ops/ops.h"

#include "tests/unit/support.h"

#include <string.h>

static const struct protocol protocol = {
    .operations = queue_ops,
    .request = &queue_ops_request.peer.base,
    .request_size = sizeof queue_ops_request,
};

static enum verdict parse(const char *line)
{
    return request_parse(&protocol, line, strlen(line), 1 << 24);
}

/* --- the values of submit --- */

#define SUBMIT(fields) "{\"op\":\"submit\",\"id\":1," fields "}"

static const struct queue_request *submit(const char *line)
{
    ck_assert_msg(parse(line) == VERDICT_FINE, "%s: %s", line, queue_ops_request.peer.base.message);
    return &queue_ops_request;
}

START_TEST(test_values)
{
    ck_assert_uint_eq(submit(SUBMIT("\"delay_ms\":31536000000"))->delay_ms, 31536000000u);
    ck_assert_uint_eq(submit(SUBMIT("\"delay_ms\":0"))->delay_ms, 0);
    ck_assert_uint_eq(submit(SUBMIT("\"at\":\"1970-01-01T00:00:01Z\""))->at_ms, 1000);
    ck_assert_uint_eq(submit(SUBMIT("\"max_wait_ms\":4294967296"))->max_wait_ms, 4294967296u);
    ck_assert_uint_eq(submit(SUBMIT("\"ttl_ms\":2592000000"))->ttl_ms, 2592000000u);
    ck_assert_uint_eq(submit(SUBMIT("\"priority\":9"))->priority, 9);
    ck_assert_uint_eq(submit(SUBMIT("\"retries\":100"))->retries, 100);
    ck_assert_uint_eq(submit(SUBMIT("\"retry_delay_ms\":86400000"))->retry_delay_ms, 86400000);
    ck_assert_uint_eq(submit(SUBMIT("\"retry_on\":[\"module\",\"error\"]"))->retry_on,
                      RETRY_ON_MODULE | RETRY_ON_ERROR);
    ck_assert_uint_eq(submit(SUBMIT("\"retry_on\":[\"expired\",\"timeout\"]"))->retry_on,
                      RETRY_ON_EXPIRED | RETRY_ON_TIMEOUT);
    ck_assert_uint_eq(submit(SUBMIT("\"link\":true"))->link, TIE_ALWAYS);
    ck_assert_uint_eq(submit(SUBMIT("\"link\":false"))->link, TIE_NONE);
    ck_assert_uint_eq(submit(SUBMIT("\"link\":\"on-failure\""))->link, TIE_ON_FAILURE);
    ck_assert_str_eq(submit(SUBMIT("\"key\":\"\\u00fc1\""))->key.text, "\xc3\xbc"
                                                                       "1");
    ck_assert(submit(SUBMIT("\"detach\":true,\"size\":3"))->detach);
}
END_TEST

/* --- refusals --- */

static const struct {
    const char *line, *code, *says;
} refused[] = {
    {"{\"op\":\"submit\",\"module\":\"m\"}", "bad-request", "id"},
    {SUBMIT("\"delay_ms\":31536000001"), "bad-request", "0 to 31536000000"},
    {SUBMIT("\"delay_ms\":1.5"), "bad-request", "delay_ms is 1.5"},
    {SUBMIT("\"delay_ms\":18446744073709551616"), "bad-request", "delay_ms"},
    {SUBMIT("\"at\":\"soon\""), "bad-request", "field at is \"soon\"; expected a time like"},
    {SUBMIT("\"at\":\"2026-11-30T08:15:00Z\",\"delay_ms\":1"), "bad-request", "delay_ms"},
    {SUBMIT("\"max_wait_ms\":0"), "bad-request", "1 to 31536000000"},
    {SUBMIT("\"priority\":10"), "bad-request", "0 to 9"},
    {SUBMIT("\"retries\":101"), "bad-request", "0 to 100"},
    {SUBMIT("\"retry_on\":[\"cancelled\"]"), "bad-request", "retry_on"},
    {SUBMIT("\"retry_delay_ms\":86400001"), "bad-request", "0 to 86400000"},
    {SUBMIT("\"key\":\"\""), "bad-request", "1 to 128 bytes"},
    {SUBMIT("\"ttl_ms\":2592000001"), "bad-request", "1 to 2592000000"},
    {SUBMIT("\"detach\":true,\"link\":true"), "bad-request", "link"},
    {SUBMIT("\"detach\":true,\"notify\":[]"), "bad-request", "notify"},
    {SUBMIT("\"notify\":[\"part\"]"), "bad-request", "notify"},
    {SUBMIT("\"service\":\"x\""), "bad-request", "service"},
    {SUBMIT("\"origin\":\"x\""), "bad-request", "origin"},
    {"{\"op\":\"wait\",\"job\":\"q1\"}", "bad-request", "id"},
    {"{\"op\":\"wait\",\"id\":1}", "bad-request", "job"},
    {"{\"op\":\"wait\",\"id\":1,\"target\":1}", "bad-request", "target"},
    {"{\"op\":\"wait\",\"id\":1,\"job\":\"q1\",\"size\":1}", "bad-request", "payload"},
    {"{\"op\":\"forget\"}", "bad-request", "job"},
    {"{\"op\":\"retry\"}", "bad-request", "select"},
    {"{\"op\":\"retry\",\"select\":{\"state\":\"failed\"}}", "bad-request", "state"},
    {"{\"op\":\"cancel\",\"select\":{\"state\":\"done\"}}", "bad-request", "stopping"},
    {"{\"op\":\"cancel\",\"select\":{\"pool\":\"p\"}}", "bad-request", "pool"},
    {"{\"op\":\"kill\",\"worker\":1}", "bad-request", "worker"},
    {"{\"op\":\"jobs\",\"pool\":\"p\"}", "bad-request", "pool"},
    {"{\"op\":\"jobs\",\"client\":1}", "bad-request", "client"},
    {"{\"op\":\"pause\",\"pool\":\"p\"}", "bad-request", "pool"},
    {"{\"op\":\"backup\"}", "bad-request", "path"},
    {"{\"op\":\"monitor\",\"ref\":1,\"pool\":\"p\"}", "bad-request", "pool"},
    {"{\"op\":\"watch\",\"what\":[\"workers\"]}", "bad-request", "what"},
    {"{\"op\":\"resize\"}", "unknown-op", "resize"},
    {"{\"op\":\"register\",\"name\":\"x\"}", "unknown-op", "register"},
};

START_TEST(test_refused)
{
    const struct request *request = &queue_ops_request.peer.base;
    ck_assert_msg(parse(refused[_i].line) == VERDICT_REFUSED, "%s", refused[_i].line);
    ck_assert_str_eq(request->code, refused[_i].code);
    ck_assert_msg(strstr(request->message, refused[_i].says), "%s: %s", refused[_i].line,
                  request->message);
}
END_TEST

/* --- fine ones --- */

static const char *const fine[] = {
    "{\"op\":\"hello\",\"protocol\":1,\"module\":\"m\"}",
    "{\"op\":\"wait\",\"id\":\"w\",\"job\":\"q1\",\"timeout_ms\":0,\"notify\":[\"retry\"]}",
    "{\"op\":\"retry\",\"select\":{\"module\":\"m\",\"owner\":\"o\",\"reason\":\"poison\"}}",
    "{\"op\":\"cancel\",\"select\":{\"state\":\"delayed\"}}",
    "{\"op\":\"kill\",\"target\":7}",
    "{\"op\":\"jobs\",\"state\":\"done\",\"reason\":\"error\",\"limit\":1000,\"after\":\"17\"}",
    "{\"op\":\"peek\",\"job\":\"q1\"}",
    "{\"op\":\"resume\"}",
    "{\"op\":\"backup\",\"path\":\"/var/backups/queue\"}",
    "{\"op\":\"monitor\",\"ref\":\"r\",\"client\":4}",
    "{\"op\":\"demonitor\",\"ref\":\"r\"}",
    "{\"op\":\"unwatch\"}",
    "{\"op\":\"reload\"}",
    "{\"op\":\"drain\"}",
};

START_TEST(test_fine)
{
    ck_assert_msg(parse(fine[_i]) == VERDICT_FINE, "%s: %s", fine[_i],
                  queue_ops_request.peer.base.message);
}
END_TEST

/* The bit of each row has its place, and no name is there twice. */
START_TEST(test_tables)
{
    for (const struct operation *const *at = queue_ops; *at; at++) {
        size_t rows = 0;
        for (const struct field *row = (*at)->fields; row && row->name; row++)
            rows++;
        ck_assert_uint_le(rows, 32);
        for (const struct operation *const *other = at + 1; *other; other++)
            ck_assert_str_ne((*at)->name, (*other)->name);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("requests");
    TCase *tc = tcase_create("requests");
    suite_add_tcase(suite, tc);
    tcase_add_test(tc, test_values);
    tcase_add_loop_test(tc, test_refused, 0, (int)(sizeof refused / sizeof *refused));
    tcase_add_loop_test(tc, test_fine, 0, (int)(sizeof fine / sizeof *fine));
    tcase_add_test(tc, test_tables);
    return run_suite(suite);
}
