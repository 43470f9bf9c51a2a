/* test_sse: streams of events. */
#include "tests/unit/gateway/http/http_world.h"

static struct sse sse;

static void run_events(struct http_exchange *exchange)
{
    sse_begin(&sse, exchange);
}

static void forget_events(struct http_exchange *exchange)
{
    ck_assert_ptr_eq(sse.exchange, exchange);
    sse_forget(&sse);
    tell("gone ");
}

static const struct http_handler on_events = {.run = run_events, .gone = forget_events};

static void begin(void)
{
    headers_handler = &on_events;
    say("GET /headers HTTP/1.0\r\nHost: a\r\n\r\n"); /* no chunks */
    ck_heard("Content-Type: text/event-stream\r\n");
    ck_heard("Cache-Control: no-cache\r\n");
    ck_heard("X-Accel-Buffering: no\r\n");
}

static const struct {
    const char *name, *id, *data, *text;
} events[] = {
    {"done", NULL, "{}", "event: done\ndata: {}\n\n"},
    {"done", "7", "{}", "event: done\nid: 7\ndata: {}\n\n"},
    {NULL, NULL, "a", "data: a\n\n"},
    {"e", NULL, "", "event: e\ndata: \n\n"},
    {"e", NULL, "a\nb", "event: e\ndata: a\ndata: b\n\n"},
    {"e", NULL, "a\n", "event: e\ndata: a\ndata: \n\n"},
    {"e", NULL, "a\r\nb\rc\n\nd", "event: e\ndata: a\ndata: b\ndata: c\ndata: \ndata: d\n\n"},
};

START_TEST(test_event)
{
    begin();
    sse_event(&sse, events[_i].name, events[_i].id, events[_i].data, strlen(events[_i].data));
    settle();
    const char *body = strstr(heard, "\r\n\r\n");
    ck_assert_str_eq(body + 4, events[_i].text);
    sse_end(&sse);
    ck_assert(is_closed());
}
END_TEST

START_TEST(test_comments)
{
    begin();
    pass_ms(14000);
    ck_not_heard("\r\n\r\n:");
    pass_ms(1000);
    ck_heard("\r\n\r\n:\n\n");
    pass_ms(15000);
    ck_heard("\r\n\r\n:\n\n:\n\n");
    sse_end(&sse);
}
END_TEST

START_TEST(test_gone)
{
    begin();
    hang_up();
    settle();
    ck_told("gone ");
    ck_assert(!timer_is_set(&sse.comment));
}
END_TEST

START_TEST(test_full)
{
    static char data[64 * 1024];
    memset(data, 'x', sizeof data);
    begin();
    for (int i = 0; i < 8; i++) {
        ck_assert(!sse_is_full(&sse));
        sse_event(&sse, NULL, NULL, data, sizeof data);
    }
    ck_assert(sse_is_full(&sse));
    settle();
    ck_assert(!sse_is_full(&sse));
    sse_end(&sse);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("gateway/http/sse");
    TCase *tc = tcase_create("sse");
    tcase_add_checked_fixture(tc, open_world, close_world);
    tcase_add_loop_test(tc, test_event, 0, SUPPORT_COUNT(events));
    tcase_add_test(tc, test_comments);
    tcase_add_test(tc, test_gone);
    tcase_add_test(tc, test_full);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
