/* test_head: heads of requests, well formed and hostile; a row each. */
#include "gateway/http/head.h"
#include "tests/unit/support.h"

static char text[2 * HTTP_HEAD_MAX];
static struct http_head head;

static void parse(const char *bytes, size_t len)
{
    memcpy(text, bytes, len);
    http_head_parse(&head, text, len);
}

/* A row's text ends with its first NUL NUL, so that it may hold one NUL. */
static size_t length_of(const char *bytes)
{
    size_t len = 0;
    while (bytes[len] || bytes[len + 1])
        len++;
    return len;
}

#define HOST "Host: a\r\n"
#define GET  "GET / HTTP/1.1\r\n"
#define END  "\r\n\0"

/* --- refused --- */

static const struct {
    const char *bytes;
    unsigned status;
    const char *detail; /* a part of it */
} refused[] = {
    /* lines */
    {"GET / HTTP/1.1\n" HOST END, 400, "end with CR and LF"},
    {GET "Host: a\n" END, 400, "end with CR and LF"},
    {GET HOST "\n\0", 400, "end with CR and LF"},
    {GET HOST "A: b\rC: d\r\n" END, 400, "control character"},
    {"GET /\r HTTP/1.1\r\n" HOST END, 400, "must be escaped"},
    {GET HOST "A: b\r\r\n" END, 400, "control character"},
    {GET HOST "A: b\0c\r\n" END, 400, "control character"},
    {GET HOST "\0A: b\r\n" END, 400, "not NAME"},
    {GET HOST "A\0: b\r\n" END, 400, "not NAME"},
    {"GET /\0 HTTP/1.1\r\n" HOST END, 400, "NUL"},
    {GET HOST "A: b\x01\r\n" END, 400, "control character"},
    {GET HOST "A: \x7f\r\n" END, 400, "control character"},
    {GET HOST "A: b\r\n c: d\r\n" END, 400, "begins with white space"},
    {GET HOST "A: b\r\n\tc\r\n" END, 400, "begins with white space"},
    {GET " " HOST END, 400, "begins with white space"},
    {GET HOST "\r\nX\0", 400, "more lines follow"},
    {"\x16\x03\x01\0", 400, "TLS"},
    {"\r\0", 400, "CR and LF"},
    {"\n\0", 400, "CR and LF"},
    /* the request line */
    {"GET /\r\n" HOST END, 400, "not METHOD"},
    {"GET\r\n" HOST END, 400, "not METHOD"},
    {"GET  / HTTP/1.1\r\n" HOST END, 400, "not METHOD"},
    {"GET /  HTTP/1.1\r\n" HOST END, 400, "not METHOD"},
    {"GET / HTTP/1.1 \r\n" HOST END, 400, "not METHOD"},
    {" GET / HTTP/1.1\r\n" HOST END, 400, "not METHOD"},
    {"GET\t/ HTTP/1.1\r\n" HOST END, 400, "not METHOD"},
    {"GET / x HTTP/1.1\r\n" HOST END, 400, "not METHOD"},
    {"GET / http/1.1\r\n" HOST END, 400, "not METHOD"},
    {"GET / HTTP/1.10\r\n" HOST END, 400, "not METHOD"},
    {"GET / HTTP/1\r\n" HOST END, 400, "not METHOD"},
    {"GET / HTTP/01.1\r\n" HOST END, 400, "not METHOD"},
    {"GET / HTTP/1.2\r\n" HOST END, 505, "version"},
    {"GET / HTTP/2.0\r\n" HOST END, 505, "version"},
    {"PRI * HTTP/2.0\r\n" END, 505, "version"},
    {"GET / HTTP/0.9\r\n" HOST END, 505, "version"},
    {"G(T / HTTP/1.1\r\n" HOST END, 400, "the method"},
    {"G\xc3\xa9T / HTTP/1.1\r\n" HOST END, 400, "the method"},
    /* targets */
    {"GET a HTTP/1.1\r\n" HOST END, 400, "neither with a slash"},
    {"GET * HTTP/1.1\r\n" HOST END, 400, "neither with a slash"},
    {"CONNECT a:80 HTTP/1.1\r\n" HOST END, 400, "neither with a slash"},
    {"GET ftp://a/ HTTP/1.1\r\n" HOST END, 400, "neither with a slash"},
    {"GET /a#b HTTP/1.1\r\n" HOST END, 400, "must be escaped"},
    {"GET /\xc3\xa9 HTTP/1.1\r\n" HOST END, 400, "must be escaped"},
    {"GET /\x7f HTTP/1.1\r\n" HOST END, 400, "must be escaped"},
    {"GET /a\tb HTTP/1.1\r\n" HOST END, 400, "must be escaped"},
    {"GET /%0 HTTP/1.1\r\n" HOST END, 400, "escape"},
    {"GET /% HTTP/1.1\r\n" HOST END, 400, "escape"},
    {"GET /%gg HTTP/1.1\r\n" HOST END, 400, "escape"},
    {"GET /%00 HTTP/1.1\r\n" HOST END, 400, "escape"},
    {"GET /%0a HTTP/1.1\r\n" HOST END, 400, "escape"},
    {"GET /a%2fb HTTP/1.1\r\n" HOST END, 400, "escape"},
    {"GET /../a HTTP/1.1\r\n" HOST END, 400, "dots"},
    {"GET /a/. HTTP/1.1\r\n" HOST END, 400, "dots"},
    {"GET /a/%2e%2E HTTP/1.1\r\n" HOST END, 400, "dots"},
    {"GET http:/// HTTP/1.1\r\n" HOST END, 400, "target's host"},
    {"GET http://u@a/ HTTP/1.1\r\n" HOST END, 400, "target's host"},
    {"GET http://a:b/ HTTP/1.1\r\n" HOST END, 400, "target's host"},
    /* names and values */
    {GET "Host : a\r\n" END, 400, "not NAME"},
    {GET HOST ": b\r\n" END, 400, "not NAME"},
    {GET HOST "A\r\n" END, 400, "not NAME"},
    {GET HOST "A b: c\r\n" END, 400, "not NAME"},
    {GET HOST "A(: c\r\n" END, 400, "not NAME"},
    {GET HOST "\xc3\xa9: c\r\n" END, 400, "not NAME"},
    /* Host */
    {GET END, 400, "no Host"},
    {GET HOST HOST END, 400, "two Host"},
    {GET HOST "hOST: b\r\n" END, 400, "two Host"},
    {"GET / HTTP/1.0\r\n" HOST HOST END, 400, "two Host"},
    {GET "Host:\r\n" END, 400, "the Host"},
    {GET "Host: a b\r\n" END, 400, "the Host"},
    {GET "Host: a/b\r\n" END, 400, "the Host"},
    {GET "Host: a,b\r\n" END, 400, "the Host"},
    {GET "Host: a@b\r\n" END, 400, "the Host"},
    {GET "Host: a:8x\r\n" END, 400, "the Host"},
    {GET "Host: [::1\r\n" END, 400, "the Host"},
    {GET "Host: ::1\r\n" END, 400, "the Host"},
    {"GET http://a/ HTTP/1.1\r\n" END, 400, "no Host"},
    /* lengths */
    {GET HOST "Content-Length: 1\r\nContent-Length: 1\r\n" END, 400, "two Content-Length"},
    {GET HOST "Content-Length: 1\r\nContent-Length: 2\r\n" END, 400, "two Content-Length"},
    {GET HOST "Content-Length: 1, 1\r\n" END, 400, "in digits only"},
    {GET HOST "Content-Length: +3\r\n" END, 400, "in digits only"},
    {GET HOST "Content-Length: -3\r\n" END, 400, "in digits only"},
    {GET HOST "Content-Length: 0x3\r\n" END, 400, "in digits only"},
    {GET HOST "Content-Length: 3 3\r\n" END, 400, "in digits only"},
    {GET HOST "Content-Length: 3.0\r\n" END, 400, "in digits only"},
    {GET HOST "Content-Length:\r\n" END, 400, "in digits only"},
    {GET HOST "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n" END, 400, "both"},
    {GET HOST "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n" END, 400, "both"},
    {GET HOST "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n" END, 400, "two"},
    {GET HOST "Transfer-Encoding: chunked, chunked\r\n" END, 501, "only Transfer-Encoding"},
    {GET HOST "Transfer-Encoding: gzip, chunked\r\n" END, 501, "only Transfer-Encoding"},
    {GET HOST "Transfer-Encoding: identity\r\n" END, 501, "only Transfer-Encoding"},
    {GET HOST "Transfer-Encoding: xchunked\r\n" END, 501, "only Transfer-Encoding"},
    {GET HOST "Transfer-Encoding: chunked;a\r\n" END, 501, "only Transfer-Encoding"},
    {GET HOST "Transfer-Encoding: \x0b"
              "chunked\r\n" END,
     400, "control character"},
    {GET HOST "Transfer-Encoding:\r\n" END, 501, "only Transfer-Encoding"},
    {"GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n" END, 400, "HTTP/1.0"},
    {GET HOST "Expect: something\r\n" END, 417, "100-continue"},
};

START_TEST(test_refused)
{
    parse(refused[_i].bytes, length_of(refused[_i].bytes));
    ck_assert_msg(head.fault.status == refused[_i].status && head.fault.detail &&
                      strstr(head.fault.detail, refused[_i].detail),
                  "%s: %u %s", refused[_i].bytes, head.fault.status, head.fault.detail);
    ck_assert_str_eq(head.fault.code, "bad-request");
    ck_assert_ptr_nonnull(head.request.method_name);
    ck_assert_ptr_nonnull(head.request.path);
}
END_TEST

/* --- taken --- */

/* The request, as text. */
static const char *described(void)
{
    static char line[1024];
    const struct http_request *request = &head.request;
    static const char *const methods[] = {"GET",   "HEAD",   "POST",    "PUT",
                                          "PATCH", "DELETE", "OPTIONS", "OTHER"};
    snprintf(line, sizeof line, "%s%s %s %s %s 1.%u%s%s%s", methods[request->method],
             request->is_head ? "/head" : "", request->path, request->query ? request->query : "-",
             request->host, head.minor, head.keep_alive ? " keep" : " close",
             head.is_chunked ? " chunked" : "", head.expects_continue ? " expects" : "");
    if (head.has_length)
        snprintf(line + strlen(line), sizeof line - strlen(line), " %" PRIu64, head.length);
    return line;
}

static const struct {
    const char *bytes, *request;
} accepted[] = {
    {GET HOST END, "GET / - a 1.1 keep"},
    {"HEAD / HTTP/1.1\r\n" HOST END, "GET/head / - a 1.1 keep"},
    {"POST /v1/jobs?module=fib&a=%41 HTTP/1.1\r\n" HOST END,
     "POST /v1/jobs module=fib&a=%41 a 1.1 keep"},
    {"PUT /a HTTP/1.1\r\n" HOST END, "PUT /a - a 1.1 keep"},
    {"PATCH /a HTTP/1.1\r\n" HOST END, "PATCH /a - a 1.1 keep"},
    {"DELETE /a HTTP/1.1\r\n" HOST END, "DELETE /a - a 1.1 keep"},
    {"OPTIONS * HTTP/1.1\r\n" HOST END, "OPTIONS * - a 1.1 keep"},
    {"get / HTTP/1.1\r\n" HOST END, "OTHER / - a 1.1 keep"},
    {"TRACE / HTTP/1.1\r\n" HOST END, "OTHER / - a 1.1 keep"},
    {"GET /? HTTP/1.1\r\n" HOST END, "GET /  a 1.1 keep"},
    {"GET /a?b?c HTTP/1.1\r\n" HOST END, "GET /a b?c a 1.1 keep"},
    {"GET /%41%c3%a9%20... HTTP/1.1\r\n" HOST END, "GET /A\xc3\xa9 ... - a 1.1 keep"},
    {"GET /a/..b/.c/...?/../ HTTP/1.1\r\n" HOST END, "GET /a/..b/.c/... /../ a 1.1 keep"},
    {"GET //a// HTTP/1.1\r\n" HOST END, "GET //a// - a 1.1 keep"},
    {"GET /a%3fb HTTP/1.1\r\n" HOST END, "GET /a?b - a 1.1 keep"},
    {"GET http://B.c:80/d?e HTTP/1.1\r\n" HOST END, "GET /d e b.c:80 1.1 keep"},
    {"GET HTTPS://b HTTP/1.1\r\n" HOST END, "GET / - b 1.1 keep"},
    {"GET http://b?c/d HTTP/1.1\r\n" HOST END, "GET / c/d b 1.1 keep"},
    {"GET http://b/ HTTP/1.0\r\n" END, "GET / - b 1.0 close"},
    {GET "Host: LocalHost:8741\r\n" END, "GET / - localhost:8741 1.1 keep"},
    {GET "Host: [::A]:1\r\n" END, "GET / - [::a]:1 1.1 keep"},
    {GET "Host: a:\r\n" END, "GET / - a: 1.1 keep"},
    {GET "Host:\t a \t\r\n" END, "GET / - a 1.1 keep"},
    {"GET / HTTP/1.0\r\n" END, "GET / -  1.0 close"},
    {"GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n" END, "GET / -  1.0 keep"},
    {GET HOST "Connection: x , CLOSE,y\r\n" END, "GET / - a 1.1 close"},
    {GET HOST "Connection: keep-alive\r\nConnection: close\r\n" END, "GET / - a 1.1 close"},
    {GET HOST "Connection: closed\r\n" END, "GET / - a 1.1 keep"},
    {GET HOST "Content-Length: 0\r\n" END, "GET / - a 1.1 keep 0"},
    {GET HOST "Content-Length: 007\r\n" END, "GET / - a 1.1 keep 7"},
    {GET HOST "Content-Length: 18446744073709551614\r\n" END,
     "GET / - a 1.1 keep 18446744073709551614"},
    {GET HOST "Content-Length: 18446744073709551616\r\n" END,
     "GET / - a 1.1 keep 18446744073709551615"},
    {GET HOST "Content-Length: 99999999999999999999999\r\n" END,
     "GET / - a 1.1 keep 18446744073709551615"},
    {GET HOST "Transfer-Encoding: Chunked\r\n" END, "GET / - a 1.1 keep chunked"},
    {GET HOST "Expect: 100-Continue\r\n" END, "GET / - a 1.1 keep expects"},
    {"GET / HTTP/1.0\r\nExpect: 100-continue\r\n" END, "GET / -  1.0 close"},
    {GET HOST "A:\r\nA: \xff\tb\r\n" END, "GET / - a 1.1 keep"},
};

START_TEST(test_accepted)
{
    parse(accepted[_i].bytes, length_of(accepted[_i].bytes));
    ck_assert_msg(!head.fault.status, "%s: %s", accepted[_i].bytes, head.fault.detail);
    ck_assert_str_eq(described(), accepted[_i].request);
}
END_TEST

START_TEST(test_headers)
{
    static const char bytes[] = GET "Host: a\r\nX-One:  1 2\t\r\nEmpty:\r\n"
                                    "Connection: keep-alive , x,close\r\n\r\n";
    parse(bytes, sizeof bytes - 1);
    ck_assert_uint_eq(head.request.header_count, 4);
    ck_assert_str_eq(head.request.headers[3].value, "keep-alive , x,close");
    ck_assert(!head.keep_alive);
    ck_assert_str_eq(head.request.headers[1].name, "X-One");
    ck_assert_str_eq(head.request.headers[1].value, "1 2");
    ck_assert_str_eq(head.request.headers[2].value, "");
}
END_TEST

START_TEST(test_most_headers)
{
    char bytes[HTTP_HEAD_MAX] = GET HOST;
    for (int i = 1; i < HTTP_HEADERS_MAX + _i; i++)
        strcat(bytes, "a:\r\n");
    strcat(bytes, "\r\n");
    parse(bytes, strlen(bytes));
    ck_assert_uint_eq(head.fault.status, _i ? 431 : 0);
}
END_TEST

/* --- the end of a head --- */

static const struct {
    const char *bytes;
    ssize_t end;
} ends[] = {
    {"G", 0},
    {"GET / HTTP/1.1\r\n", 0},
    {"GET\r\n\r", 0},
    {"GET\r\n\r\n", 7},
    {"GET\n\nX", 5},
    {"GET\n\r\nX", 6},
    {"GET\r\n\nX", 6},
    {"\r", 0},
    {"\r\n", 2},
    {"\r\nGET", 2},
    {"\rX", 2},
    {"\n", 1},
    {" GET", 1},
    {"\x16\x03", 1},
    {"GET\r\n\rX", 0},
    {"GET\r\n\r\n\r\n", 7},
    {"GET\r\n \r\n", 0},
};

START_TEST(test_end)
{
    ck_assert_int_eq(http_head_end(ends[_i].bytes, strlen(ends[_i].bytes)), ends[_i].end);
}
END_TEST

START_TEST(test_longest)
{
    memset(text, 'a', sizeof text);
    ck_assert_int_eq(http_head_end(text, HTTP_HEAD_MAX - 1), 0);
    ck_assert_int_eq(http_head_end(text, HTTP_HEAD_MAX), -1);
    memcpy(text + HTTP_HEAD_MAX - 4, "\r\n\r\n", 4);
    ck_assert_int_eq(http_head_end(text, sizeof text), HTTP_HEAD_MAX);
    memcpy(text + HTTP_HEAD_MAX - 4, "a\r\n\r\n", 5);
    ck_assert_int_eq(http_head_end(text, sizeof text), -1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("gateway/http/head");
    TCase *tc = tcase_create("head");
    tcase_add_loop_test(tc, test_refused, 0, SUPPORT_COUNT(refused));
    tcase_add_loop_test(tc, test_accepted, 0, SUPPORT_COUNT(accepted));
    tcase_add_test(tc, test_headers);
    tcase_add_loop_test(tc, test_most_headers, 0, 2);
    tcase_add_loop_test(tc, test_end, 0, SUPPORT_COUNT(ends));
    tcase_add_test(tc, test_longest);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
