/* test_event_writer: headers are valid JSON and fit, whatever the texts in them. */
#include "protocol/event_writer.h"

#include "base/clock.h"
#include "common/limits.h"
#include "jobs/job.h"
#include "protocol/request.h"
#include "tests/unit/support.h"

#include <fcntl.h>
#include <jansson.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

static struct event_base *base;
static struct timers timers;
static struct payload_budget budget = {.max = UINT64_MAX}, output = {.max = UINT64_MAX};
static struct conn_loop loop;
static struct conn conn;
static const struct conn_limits limits;
static int peer;
static char line[HEADER_MAX + 1];
static struct chance chance;

static void ignore(struct conn *c)
{
    (void)c;
}

static const struct conn_ops ops = {.free = ignore};

static void setup(void)
{
    int fds[2];
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
    base = event_base_new();
    timers_init(&timers, clock_us());
    conn_loop_init(&loop, base, &timers, &budget, &output);
    ck_assert_int_eq(conn_open(&conn, &loop, fds[0], &ops, &limits), 0);
    peer = fds[1];
}

static void teardown(void)
{
    conn_close(&conn);
    conn_loop_free(&loop);
    timers_free(&timers);
    event_base_free(base);
    libevent_global_shutdown();
    close(peer);
}

/* Returns the written line without its LF. */
static const char *sent(void)
{
    conn_loop_chores(&loop);
    ssize_t n = read(peer, line, sizeof line);
    ck_assert_int_gt(n, 0);
    ck_assert_int_le(n, HEADER_MAX);
    ck_assert_ptr_eq(memchr(line, '\n', (size_t)n), line + n - 1);
    line[n - 1] = '\0';
    return line;
}

/* Likewise, as JSON. The caller owns the reference. */
static json_t *sent_json(void)
{
    json_error_t error;
    json_t *json = json_loads(sent(), JSON_REJECT_DUPLICATES | JSON_DECODE_INT_AS_REAL, &error);
    ck_assert_msg(json != NULL, "%s: %s", error.text, line);
    return json;
}

/* Writes a text with event_text() and decodes the JSON again. Borrowed until the next call. */
static const char *text_of_len(const char *text, size_t len, size_t max)
{
    static char result[HEADER_MAX];
    struct event_writer event;
    event_begin(&event, &conn, "e");
    event_text(&event, "message", text, len, max);
    event_end(&event);
    json_t *json = sent_json();
    snprintf(result, sizeof result, "%s", json_string_value(json_object_get(json, "message")));
    json_decref(json);
    return result;
}

static const char *text_of(const char *text)
{
    return text_of_len(text, strlen(text), MESSAGE_MAX);
}

/* The length of the JSON text between the quotes of that event. */
static size_t raw_len(void)
{
    return strlen(line) - strlen("{\"event\":\"e\",\"message\":\"\"}");
}

START_TEST(test_fields)
{
    struct event_writer event;
    event_begin(&event, &conn, "ok");
    event_json(&event, "id", "\"a1\"", 4);
    event_word(&event, "op", "cancel");
    event_uint(&event, "zero", 0);
    event_uint(&event, "most", UINT64_MAX);
    event_uint(&event, "some", 1234567890);
    event_bool(&event, "yes", true);
    event_bool(&event, "no", false);
    event_json(&event, "context", "", 0); /* left out */
    event_text(&event, "message", "", 0, MESSAGE_MAX);
    event_end(&event);
    ck_assert_str_eq(sent(), "{\"event\":\"ok\",\"id\":\"a1\",\"op\":\"cancel\",\"zero\":0,"
                             "\"most\":18446744073709551615,\"some\":1234567890,"
                             "\"yes\":true,\"no\":false,\"message\":\"\"}");
}
END_TEST

START_TEST(test_clients)
{
    struct event_writer event;
    char quotes[65];
    memset(quotes, '"', 64);
    quotes[64] = '\0';
    event_begin(&event, &conn, "e");
    event_client(&event, "owner", 17, NULL);
    event_client(&event, "other", UINT64_MAX, "a\nb");
    event_end(&event);
    ck_assert_str_eq(sent(), "{\"event\":\"e\",\"owner\":{\"client\":17,\"name\":null},"
                             "\"other\":{\"client\":18446744073709551615,\"name\":\"a b\"}}");
    event_begin(&event, &conn, "e");
    event_client(&event, "owner", 1, quotes);
    event_end(&event);
    json_t *json = sent_json();
    const json_t *owner = json_object_get(json, "owner");
    ck_assert_str_eq(json_string_value(json_object_get(owner, "name")), quotes);
    json_decref(json);
}
END_TEST

/* Each number of digits, at both ends and in between. */
START_TEST(test_digits)
{
    uint64_t power = 1;
    for (int digits = 1; digits <= 20; digits++, power *= 10) {
        const uint64_t values[] = {power - (digits == 1), power + power / 7, power * 2 - 1,
                                   digits == 20 ? UINT64_MAX : power * 10 - 1};
        for (size_t i = 0; i < SUPPORT_COUNT(values); i++) {
            struct event_writer event;
            char wanted[64];
            snprintf(wanted, sizeof wanted, "{\"event\":\"e\",\"n\":%" PRIu64 "}", values[i]);
            event_begin(&event, &conn, "e");
            event_uint(&event, "n", values[i]);
            event_end(&event);
            ck_assert_str_eq(sent(), wanted);
        }
    }
}
END_TEST

START_TEST(test_several)
{
    struct event_writer event;
    for (int i = 0; i < 2; i++) {
        event_begin(&event, &conn, i ? "second" : "first");
        event_end(&event);
    }
    conn_loop_chores(&loop);
    char both[128] = "";
    ck_assert_int_gt(read(peer, both, sizeof both - 1), 0);
    ck_assert_str_eq(both, "{\"event\":\"first\"}\n{\"event\":\"second\"}\n");
}
END_TEST

START_TEST(test_plain_text)
{
    ck_assert_str_eq(text_of("no such module"), "no such module");
    ck_assert_str_eq(text_of("/usr/lib/a.so: not found"), "/usr/lib/a.so: not found");
    ck_assert_str_eq(text_of("say \"no\" to C:\\"), "say \"no\" to C:\\");
    ck_assert_str_eq(text_of("Grüße, 世界, 🎉"), "Grüße, 世界, 🎉");
}
END_TEST

/* Control characters of every kind are replaced: C0, DEL, and C1 (some terminals obey these). */
START_TEST(test_control_characters)
{
    for (unsigned c = 0; c < 0xa0; c++) {
        char text[8] = {'a', 0};
        size_t n = 1;
        if (c >= 0x20 && c < 0x7f)
            continue;
        if (c >= 0x80)
            text[n++] = '\xc2';
        text[n++] = (char)c;
        text[n++] = 'z';
        ck_assert_str_eq(text_of_len(text, n, MESSAGE_MAX), "a z");
    }
    /* Their neighbours are not. */
    ck_assert_str_eq(text_of("\xc2\xa0|\x7e|\xc3\x80"), "\xc2\xa0|\x7e|\xc3\x80");
}
END_TEST

static const struct {
    const char *bytes, *text;
} broken[] = {
    {"a\xffz", "a?z"},
    {"a\x80z", "a?z"},                        /* a continuation without a beginning */
    {"a\xc3", "a?"},                          /* cut off */
    {"a\xe4\xb8", "a??"},                     /* likewise */
    {"a\xf0\x9f\x8e", "a???"},                /* likewise */
    {"a\xc3z", "a?z"},                        /* no continuation */
    {"a\xe4\xb8z", "a??z"},                   /* likewise */
    {"a\xc0\xafz", "a??z"},                   /* overlong */
    {"a\xc1\xbfz", "a??z"},                   /* likewise */
    {"a\xe0\x80\xafz", "a???z"},              /* likewise */
    {"a\xe0\x9f\xbfz", "a???z"},              /* likewise */
    {"a\xf0\x80\x80\xafz", "a????z"},         /* likewise */
    {"a\xf0\x8f\xbf\xbfz", "a????z"},         /* likewise */
    {"a\xed\xa0\x80z", "a???z"},              /* a surrogate */
    {"a\xed\xbf\xbfz", "a???z"},              /* likewise */
    {"a\xf4\x90\x80\x80z", "a????z"},         /* beyond U+10FFFF */
    {"a\xf5\x80\x80\x80z", "a????z"},         /* likewise */
    {"\xed\x9f\xbf", "\xed\x9f\xbf"},         /* the last before the surrogates */
    {"\xee\x80\x80", "\xee\x80\x80"},         /* the first behind them */
    {"\xf4\x8f\xbf\xbf", "\xf4\x8f\xbf\xbf"}, /* the very last */
    {"\xf0\x90\x80\x80", "\xf0\x90\x80\x80"}, /* the first of four bytes */
    {"\xe0\xa0\x80", "\xe0\xa0\x80"},         /* of three */
    {"\xc2\xa9", "\xc2\xa9"},                 /* of two */
};

START_TEST(test_broken_utf8)
{
    ck_assert_str_eq(text_of(broken[_i].bytes), broken[_i].text);
}
END_TEST

/* One byte short of the maximum, all of it, one over: of each kind of character at the edge. */
START_TEST(test_cut)
{
    static const struct {
        const char *last;
        size_t json; /* its length in JSON */
    } ends[] = {{"x", 1},  {"é", 2},  {"世", 3}, {"🎉", 4},
                {"\"", 2}, {"\\", 2}, {"\n", 1}, {"\xff", 1}};
    for (size_t i = 0; i < SUPPORT_COUNT(ends); i++) {
        for (size_t before = MESSAGE_MAX - 5; before <= MESSAGE_MAX; before++) {
            char text[MESSAGE_MAX * 2];
            memset(text, 'a', before);
            strcpy(text + before, ends[i].last);
            strcat(text, "tail that is always cut off");
            const char *got = text_of(text);
            bool fits = before + ends[i].json <= MESSAGE_MAX;
            ck_assert_uint_le(raw_len(), MESSAGE_MAX);
            ck_assert_uint_ge(raw_len(), fits ? MESSAGE_MAX : before);
            ck_assert(strspn(got, "a") == before || strlen(got) == before);
            ck_assert_int_eq(strlen(got) > before, fits);
        }
    }
}
END_TEST

/* An escape counts by its length on the wire. */
START_TEST(test_cut_escapes)
{
    char quotes[MESSAGE_MAX + 1];
    memset(quotes, '"', MESSAGE_MAX);
    quotes[MESSAGE_MAX] = '\0';
    ck_assert_uint_eq(strlen(text_of(quotes)), MESSAGE_MAX / 2);
    ck_assert_uint_eq(raw_len(), MESSAGE_MAX);
}
END_TEST

START_TEST(test_cut_to_nothing)
{
    ck_assert_str_eq(text_of_len("abc", 3, 0), "");
    ck_assert_str_eq(text_of_len("世", 3, 2), "");
    ck_assert_str_eq(text_of_len("世", 3, 3), "世");
}
END_TEST

/* Any bytes: always JSON, never too long, no control character; valid text comes back whole. */
START_TEST(test_any_bytes)
{
    chance_init(&chance, "event_writer");
    for (int round = 0; round < 5000; round++) {
        char bytes[700];
        size_t len = chance_below(&chance, sizeof bytes);
        for (size_t i = 0; i < len; i++)
            bytes[i] = chance_percent(&chance, 50) ? (char)chance_next(&chance)
                                                   : "\xe4\xb8\x96\"\\ax\xf0\x9f\x8e\x89"[i % 11];
        text_of_len(bytes, len, MESSAGE_MAX);
        hot_assert(raw_len() <= MESSAGE_MAX);
        for (const char *p = line; *p; p++)
            hot_assert((unsigned char)*p >= 0x20 && *p != 0x7f);
    }
}
END_TEST

/* --- the largest there can be --- */

static char id[ID_TEXT_MAX + 1], context[CONTEXT_MAX + 1], code[CODE_MAX + 1];
static char message[4 * MESSAGE_MAX], name[64];

/* An id of 64 bytes, each six on the wire; a context, a code and a message of their full lengths.
 */
static void fill_largest(void)
{
    strcpy(id, "\"");
    for (int i = 0; i < ID_MAX; i++)
        strcat(id, "\\u0001");
    strcat(id, "\"");
    ck_assert_uint_eq(strlen(id), ID_TEXT_MAX);
    memset(context, 'c', CONTEXT_MAX);
    context[0] = context[CONTEXT_MAX - 1] = '"';
    memset(code, 'z', CODE_MAX);
    memset(message, '"', sizeof message);
    memset(name, 'j', sizeof name - 1);
}

/* More fields in one event than any has. */
START_TEST(test_largest_job_event)
{
    struct event_writer event;
    fill_largest();
    event_begin(&event, &conn, "overload-failed");
    event_json(&event, "id", id, strlen(id));
    event_word(&event, "job", name);
    event_word(&event, "reason", fail_reason_name(FAIL_UNKNOWN_MODULE));
    event_text(&event, "code", code, CODE_MAX, CODE_MAX);
    event_text(&event, "message", message, sizeof message, MESSAGE_MAX);
    event_word(&event, "step", stop_step_name(STOP_FLAG));
    event_word(&event, "signal", "SIGRTMIN+15");
    static const char *const numbers[] = {"position", "worker",        "exit_status", "size",
                                          "order",    "wait_us",       "run_us",      "queued",
                                          "running",  "retry_after_ms"};
    for (size_t i = 0; i < SUPPORT_COUNT(numbers); i++)
        event_uint(&event, numbers[i], UINT64_MAX);
    event_json(&event, "context", context, CONTEXT_MAX);
    event_end(&event);
    json_t *json = sent_json();
    ck_assert_uint_eq(json_object_size(json), 9 + SUPPORT_COUNT(numbers));
    ck_assert_uint_eq(json_string_length(json_object_get(json, "context")), CONTEXT_MAX - 2);
    json_decref(json);
}
END_TEST

START_TEST(test_largest_error)
{
    struct event_writer event;
    char op[CODE_MAX];
    fill_largest();
    memset(op, '"', sizeof op);
    event_begin(&event, &conn, "error");
    event_text(&event, "op", op, sizeof op, CODE_MAX);
    event_json(&event, "id", id, strlen(id));
    event_word(&event, "code", "payload-too-large");
    event_text(&event, "message", message, sizeof message, MESSAGE_MAX);
    event_json(&event, "context", context, CONTEXT_MAX);
    event_bool(&event, "fatal", true);
    event_end(&event);
    json_t *json = sent_json();
    ck_assert(json_is_true(json_object_get(json, "fatal")));
    json_decref(json);
}
END_TEST

/* 4,096 bytes are a header, one more is a bug of ours. */
static void write_line_of(size_t len)
{
    struct event_writer event;
    static char digits[2 * HEADER_MAX];
    memset(digits, '1', sizeof digits);
    event_begin(&event, &conn, "e");
    event_json(&event, "n", digits, len - strlen("{\"event\":\"e\",\"n\":}\n"));
    event_end(&event);
}

START_TEST(test_fraction)
{
    static const struct {
        double value;
        const char *text;
    } cases[] = {{0, "0"},           {1, "1"},           {0.5, "0.5"},
                 {0.25, "0.25"},     {1e-6, "0.000001"}, {4e-7, "0"},
                 {6e-7, "0.000001"}, {0.9999996, "1"},   {0.1234564, "0.123456"},
                 {0.1, "0.1"}};
    for (size_t i = 0; i < SUPPORT_COUNT(cases); i++) {
        char expected[64];
        struct event_writer event;
        event_begin(&event, &conn, "e");
        event_fraction(&event, "f", cases[i].value);
        event_end(&event);
        snprintf(expected, sizeof expected, "{\"event\":\"e\",\"f\":%s}", cases[i].text);
        ck_assert_ptr_nonnull(strstr(sent(), expected));
    }
}
END_TEST

START_TEST(test_just_fits)
{
    write_line_of(HEADER_MAX);
    ck_assert_uint_eq(strlen(sent()), HEADER_MAX - 1);
}
END_TEST

START_TEST(test_does_not_fit)
{
    hush();
    write_line_of(HEADER_MAX + 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("event_writer");
    TCase *tc = tcase_create("event_writer");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, test_fields);
    tcase_add_test(tc, test_clients);
    tcase_add_test(tc, test_digits);
    tcase_add_test(tc, test_several);
    tcase_add_test(tc, test_plain_text);
    tcase_add_test(tc, test_control_characters);
    tcase_add_loop_test(tc, test_broken_utf8, 0, SUPPORT_COUNT(broken));
    tcase_add_test(tc, test_cut);
    tcase_add_test(tc, test_cut_escapes);
    tcase_add_test(tc, test_cut_to_nothing);
    tcase_add_test(tc, test_any_bytes);
    tcase_add_test(tc, test_largest_job_event);
    tcase_add_test(tc, test_largest_error);
    tcase_add_test(tc, test_fraction);
    tcase_add_test(tc, test_just_fits);
    tcase_add_test_raise_signal(tc, test_does_not_fit, SIGABRT);
    tcase_set_timeout(tc, 60);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
