/* options: the fields of a submit, from the query and from headers. */
#include "base/json_writer.h"
#include "gateway/api/options.h"
#include "tests/unit/gateway/api/fake_exchange.h"
#include "tests/unit/suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

struct option_case {
    const char *query;
    const char *header, *value; /* NULL: none */
    bool kept;
    const char *wanted; /* the members, or words of the refusal */
};

static const struct option_case good[] = {
    {"module=fib", NULL, NULL, false, ",\"module\":\"fib\""},
    {"module=fib&timeout_ms=100", NULL, NULL, false, ",\"module\":\"fib\",\"timeout_ms\":100"},
    {"module=fi%62", NULL, NULL, false, ",\"module\":\"fib\""},
    {"module=fib", "Taskmaster-Timeout-Ms", "0", false, ",\"module\":\"fib\",\"timeout_ms\":0"},
    {NULL, "TASKMASTER-MODULE", "fib", false, ",\"module\":\"fib\""},
    {"module=fib&service=a.b", NULL, NULL, false, ",\"module\":\"fib\",\"service\":\"a.b\""},
    {"module=fib&priority=9&retries=0", NULL, NULL, true,
     ",\"module\":\"fib\",\"priority\":9,\"retries\":0"},
    {"module=fib&retry_on=error,timeout", NULL, NULL, true,
     ",\"module\":\"fib\",\"retry_on\":[\"error\",\"timeout\"]"},
    {"module=fib&retry_on=", NULL, NULL, true, ",\"module\":\"fib\",\"retry_on\":[]"},
    {"module=fib&at=2030-01-01T00:00:00%2B01:00", NULL, NULL, true,
     ",\"module\":\"fib\",\"at\":\"2030-01-01T00:00:00+01:00\""},
    {"module=fib&at=%22,%22x%22:1", NULL, NULL, true,
     ",\"module\":\"fib\",\"at\":\"\\\",\\\"x\\\":1\""},
    {"module=fib", "Accept", "x", false, ",\"module\":\"fib\""},
};

static const struct option_case bad[] = {
    {NULL, NULL, NULL, false, "module is missing"},
    {"module=", NULL, NULL, false, "module is no module's name"},
    {"module=../x", NULL, NULL, false, "module is no module's name"},
    {"module=fib", "Taskmaster-Module", "fib", false, "module is given twice"},
    {"module=fib", "Taskmaster-Modules", "1", false, "header Taskmaster-Modules is unknown"},
    {"module=fib", "Taskmaster-", "1", false, "header Taskmaster- is unknown"},
    {"module=fib", "Taskmaster-Timeout_Ms", "1", false, "is unknown"},
    {"module=fib&timeout_ms=", NULL, NULL, false, "timeout_ms is \"\"; expected an integer"},
    {"module=fib&timeout_ms=1x", NULL, NULL, false, "timeout_ms is \"1x\"; expected an integer"},
    {"module=fib&timeout_ms=00", NULL, NULL, false, "timeout_ms is \"00\"; expected an integer"},
    {"module=fib&timeout_ms=12345678901234567", NULL, NULL, false,
     "timeout_ms is \"12345678901234567\"; expected an integer"},
    {"module=fib&timeout_ms=1%2C%22x%22:1", NULL, NULL, false,
     "timeout_ms is \"1,\"x\":1\"; expected an integer"},
    {"module=fib&priority=1", NULL, NULL, false, "priority is an option of kept jobs"},
    {"module=fib&service=a", NULL, NULL, true, "service is no option of a kept job"},
    {"module=fib&at=xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", NULL,
     NULL, true, "at is longer than 64 bytes"},
};

static bool read_case(const struct option_case *it, struct http_exchange *exchange,
                      struct options *options, struct json_writer *json)
{
    *exchange = (struct http_exchange){.public.request.query = it->query};
    if (it->header)
        fake_exchange_add_header(exchange, it->header, it->value);
    json_writer_open(json);
    return options_read(exchange, it->kept, options, json);
}

START_TEST(test_good)
{
    struct http_exchange exchange;
    struct options options;
    struct json_writer json;
    ck_assert_msg(read_case(&good[_i], &exchange, &options, &json), "%s", exchange.detail);
    char *text = json_writer_close(&json);
    ck_assert_str_eq(text, good[_i].wanted);
    ck_assert_str_eq(options.module, "fib");
    ck_assert_int_eq(options.for_service, strstr(text, "service") != NULL);
    free(text);
}
END_TEST

START_TEST(test_bad)
{
    struct http_exchange exchange;
    struct options options;
    struct json_writer json;
    ck_assert(!read_case(&bad[_i], &exchange, &options, &json));
    ck_assert_uint_eq(exchange.status, 400);
    ck_assert_str_eq(exchange.code, "bad-request");
    ck_assert_msg(strstr(exchange.detail, bad[_i].wanted) != NULL, "%s", exchange.detail);
    free(json.text);
}
END_TEST

/* The longest values of all, in a header that has to fit. */
START_TEST(test_length)
{
    char query[8192] = "module=";
    struct http_exchange exchange = {.public.request.query = query};
    struct options options;
    struct json_writer json;
    memset(query + 7, 'm', 64);
    strcpy(query + 71, "&timeout_ms=1234567890123456&soft_timeout_ms=1234567890123456"
                       "&max_wait_ms=1234567890123456&priority=1234567890123456"
                       "&retries=1234567890123456&retry_delay_ms=1234567890123456"
                       "&delay_ms=1234567890123456&ttl_ms=1234567890123456");
    for (size_t i = 0; i < 2; i++) {
        strcat(query, i ? "&retry_on=" : "&at=");
        for (size_t n = 0; n < 64; n++)
            strcat(query, "%01");
    }
    json_writer_open(&json);
    ck_assert_msg(options_read(&exchange, true, &options, &json), "%s", exchange.detail);
    ck_assert_uint_lt(json.len, 4096 - 128 * 6 - 200); /* behind it a key, `notify` and `id` */
    free(json.text);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("options");
    TCase *tc = tcase_create("options");
    tcase_add_loop_test(tc, test_good, 0, sizeof good / sizeof good[0]);
    tcase_add_loop_test(tc, test_bad, 0, sizeof bad / sizeof bad[0]);
    tcase_add_test(tc, test_length);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
