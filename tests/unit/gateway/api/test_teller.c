/* teller: payloads in pieces, at the pace of the reader. */
#include "base/payload.h"
#include "gateway/api/teller.h"
#include "gateway/upstream/upstream_internal.h"
#include "tests/unit/gateway/api/fake_exchange.h"
#include "tests/unit/suite.h"

#include <check.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* The stream of server-sent events: what was told. */
static size_t unread; /* bytes */
static char last_name[16], last_id[24];
static json_t *last;        /* the data of the last event */
static size_t events, most; /* the longest data */
static char *text;          /* all payloads that are text, in one */
static size_t text_len;

static struct payload_budget budget = {.max = 1 << 24};
static struct upstream_reading reading;
static struct http_exchange exchange;
static struct teller teller;

void sse_begin(struct sse *sse, struct http_exchange *its_exchange)
{
    sse->exchange = its_exchange;
}

void http_exchange_label(struct http_exchange *its_exchange, const char *label)
{
    (void)its_exchange, (void)label;
}

size_t http_stream_unread(struct http_exchange *its_exchange)
{
    (void)its_exchange;
    return unread;
}

static void gather(const char *bytes)
{
    size_t len = strlen(bytes);
    text = realloc(text, text_len + len + 1);
    memcpy(text + text_len, bytes, len + 1);
    text_len += len;
}

void sse_event(struct sse *sse, const char *name, const char *id, const char *data, size_t len)
{
    ck_assert_ptr_eq(sse->exchange, &exchange);
    snprintf(last_name, sizeof last_name, "%s", name);
    snprintf(last_id, sizeof last_id, "%s", id);
    json_decref(last);
    last = json_loadb(data, len, 0, NULL);
    ck_assert_ptr_nonnull(last);
    const char *piece = json_string_value(json_object_get(last, "payload"));
    if (piece)
        gather(piece);
    events++;
    most = len > most ? len : most;
    unread += len;
}

static void setup(void)
{
    memset(&teller, 0, sizeof teller);
    strcpy(teller.job, "k-1");
    teller_begin(&teller, &exchange);
}

static void teardown(void)
{
    teller_clear(&teller);
    upstream_read_end(&reading);
    json_decref(last);
    free(text);
}

/* An event of the daemon; takes over the payload. */
static void take(const char *header, bool is_last, struct payload *payload)
{
    ck_assert_ptr_null(upstream_read(&reading, header, strlen(header)));
    reading.event.payload = payload;
    reading.event.is_last = is_last;
    teller_take(&teller, &reading.event);
    payload_unref(payload);
}

static const char *member(const char *key)
{
    return json_string_value(json_object_get(last, key));
}

START_TEST(test_small)
{
    take("{\"event\":\"started\",\"id\":1,\"job\":\"k-1\",\"worker\":3}", false, NULL);
    ck_assert(teller_go_on(&teller));
    ck_assert_str_eq(last_name, "started");
    ck_assert_str_eq(last_id, "1");
    ck_assert_int_eq(json_integer_value(json_object_get(last, "worker")), 3);
    ck_assert_ptr_null(json_object_get(last, "id"));
    take("{\"event\":\"done\",\"id\":1,\"job\":\"k-1\",\"size\":2,\"run_us\":7}", true,
         payload_from(&budget, "hi", 2));
    ck_assert(teller_go_on(&teller) && teller.has_ended);
    ck_assert_str_eq(last_name, "done");
    ck_assert_str_eq(last_id, "end");
    ck_assert_str_eq(member("payload"), "hi");
    ck_assert_str_eq(member("job"), "k-1");
    ck_assert_uint_eq(budget.held, 0);
}
END_TEST

/* Three bytes a character: no piece of 32 KiB ends with one by chance. */
START_TEST(test_pieces)
{
    enum { CHARACTERS = 100000 };
    char *long_text = malloc(3 * CHARACTERS + 1);
    for (size_t i = 0; i < CHARACTERS; i++)
        memcpy(long_text + 3 * i, "\xe2\x82\xac", 4);
    take("{\"event\":\"done\",\"id\":1,\"job\":\"k-1\",\"size\":300000}", true,
         payload_from(&budget, long_text, 3 * CHARACTERS));
    ck_assert(teller_go_on(&teller));
    ck_assert_str_eq(last_name, "done");
    ck_assert_uint_eq(text_len, 3 * CHARACTERS);
    ck_assert_str_eq(text, long_text);
    ck_assert_uint_eq(events, 10);
    ck_assert_uint_lt(most, 33 * 1024);
    free(long_text);
}
END_TEST

/* Little is written for a reader that reads nothing; all of it once it reads. */
START_TEST(test_slow_reader)
{
    enum { SIZE = 4 * 1024 * 1024 };
    char *bytes = calloc(1, SIZE);
    memset(bytes, 'x', SIZE);
    take("{\"event\":\"part\",\"id\":1,\"job\":\"k-1\",\"seq\":0,\"size\":4194304}", false,
         payload_from(&budget, bytes, SIZE));
    for (size_t turns = 0; !teller_go_on(&teller); turns++) {
        ck_assert_uint_lt(turns, 20);
        ck_assert_uint_lt(unread, 600 * 1024);
        unread = 0;
    }
    ck_assert_str_eq(last_name, "part");
    ck_assert_uint_eq(text_len, SIZE);
    ck_assert_uint_eq(budget.held, 0);
    free(bytes);
}
END_TEST

START_TEST(test_bytes)
{
    take("{\"event\":\"part\",\"id\":1,\"job\":\"k-1\",\"seq\":0,\"size\":2}", false,
         payload_from(&budget, "\xff\0", 2));
    ck_assert(teller_go_on(&teller));
    ck_assert_str_eq(member("payload_base64"), "/wA=");
    ck_assert_int_eq(json_integer_value(json_object_get(last, "seq")), 0);
    take("{\"event\":\"part\",\"id\":1,\"job\":\"k-1\",\"seq\":1,\"size\":0}", false, NULL);
    ck_assert(teller_go_on(&teller));
    ck_assert_uint_eq(events, 1); /* nothing to tell */
}
END_TEST

START_TEST(test_failures)
{
    take(
        "{\"event\":\"error\",\"op\":\"wait\",\"id\":1,\"code\":\"unknown-job\",\"message\":\"x\"}",
        true, NULL);
    ck_assert(teller_go_on(&teller) && teller.has_ended);
    ck_assert_str_eq(last_name, "failed");
    ck_assert_str_eq(member("code"), "unknown-job");
    take("{\"event\":\"news\",\"id\":1}", false, NULL); /* unknown here */
    ck_assert_ptr_null(teller.name);
}
END_TEST

START_TEST(test_say)
{
    teller_say(&teller, "started", "", false);
    ck_assert_str_eq(last_name, "started");
    teller_say(&teller, "progress", ",\"fraction\":0.5", false);
    ck_assert_double_eq(json_real_value(json_object_get(last, "fraction")), 0.5);
    ck_assert_str_eq(last_id, "2");
    teller_say(&teller, "done", "", true);
    ck_assert_str_eq(last_id, "end");
    ck_assert(teller.has_ended);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("teller");
    TCase *tc = tcase_create("teller");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, test_small);
    tcase_add_test(tc, test_pieces);
    tcase_add_test(tc, test_slow_reader);
    tcase_add_test(tc, test_bytes);
    tcase_add_test(tc, test_failures);
    tcase_add_test(tc, test_say);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
