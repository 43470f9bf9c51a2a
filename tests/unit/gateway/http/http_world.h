/*
 * http_world: a server with a few routes, and a client at the other end of a socket, for the tests
 * of gateway/http/.
 *
 * Everything runs in the test's own turns of the loop. A turn ends with what the server has to say
 * to inputs so far: so no test waits for anything.
 */
#ifndef TASKMASTER_TESTS_UNIT_GATEWAY_HTTP_WORLD_H
#define TASKMASTER_TESTS_UNIT_GATEWAY_HTTP_WORLD_H

#include "gateway/http/http.h"
#include "gateway/http/problem.h"
#include "gateway/http/settings.h"
#include "gateway/http/sse.h"

#include "base/clock.h"
#include "net/conn.h"
#include "tests/unit/support.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { WORLD_BUFFER = 4 * 1024 * 1024 };

static struct event_base *base;
static struct timers timers;
static struct payload_budget bodies, output;
static struct conn_loop loop;
static struct http_settings settings;
static struct http_server *server;

static int client; /* the other end; -1: closed */
static char heard[WORLD_BUFFER];
static size_t heard_len;

static struct http_exchange *kept; /* of /later and /stream */
static char told[1024];            /* what handlers were told, as words */
static char logged[1024];          /* ended exchanges, as "GET /x 200 5;" */

__attribute__((unused, format(printf, 1, 2))) static void tell(const char *format, ...)
{
    size_t len = strlen(told);
    va_list args;
    va_start(args, format);
    vsnprintf(told + len, sizeof told - len, format, args);
    va_end(args);
}

/* --- handlers --- */

static void run_echo(struct http_exchange *exchange)
{
    http_respond_payload(exchange, 200, "text/plain", http_request(exchange)->body);
}

static void run_hello(struct http_exchange *exchange)
{
    http_respond(exchange, 200, "text/plain", "hello", 5);
}

static void run_kept(struct http_exchange *exchange)
{
    tell("run ");
    kept = exchange;
}

static void run_stream(struct http_exchange *exchange)
{
    kept = exchange;
    http_stream_begin(exchange, 200, "text/plain");
}

static void begin_told(struct http_exchange *exchange)
{
    (void)exchange;
    tell("begin ");
}

static void begin_refusing(struct http_exchange *exchange)
{
    http_refuse(exchange, 403, "denied", "not %s", "you");
}

static void forget(struct http_exchange *exchange)
{
    ck_assert(!kept || kept == exchange);
    tell("gone ");
    kept = NULL;
}

static void taken(struct http_exchange *exchange)
{
    (void)exchange;
    tell("taken ");
}

static const struct http_handler on_echo = {.run = run_echo}, on_hello = {.run = run_hello},
                                 on_later = {.begin = begin_told, .run = run_kept, .gone = forget},
                                 on_stream = {.run = run_stream, .gone = forget, .taken = taken},
                                 on_refused = {
                                     .begin = begin_refusing, .run = run_echo, .gone = forget};

static const struct http_handler *headers_handler; /* of /headers: a test's own */

static const struct {
    const char *path;
    const struct http_handler *handler;
} routes[] = {
    {"/echo", &on_echo},     {"/hello", &on_hello},     {"/later", &on_later},
    {"/stream", &on_stream}, {"/refused", &on_refused},
};

static const struct http_handler *route(void *arg, struct http_exchange *exchange)
{
    (void)arg;
    http_exchange_public(exchange)->body_max = 100000;
    for (size_t i = 0; i < SUPPORT_COUNT(routes); i++)
        if (strcmp(http_request(exchange)->path, routes[i].path) == 0)
            return routes[i].handler;
    if (strcmp(http_request(exchange)->path, "/headers") == 0)
        return headers_handler;
    http_refuse(exchange, 404, "unknown-path", "nothing is at %s", http_request(exchange)->path);
    return NULL;
}

static void on_ended(void *arg, const struct http_exchange *exchange)
{
    (void)arg;
    const struct http_exchange_public *public = (const struct http_exchange_public *)exchange;
    struct http_outcome outcome = http_exchange_outcome(exchange);
    size_t len = strlen(logged);
    snprintf(logged + len, sizeof logged - len, "%s %s %u%s %" PRIu64 ";",
             public->request.method_name, public->request.path, outcome.status,
             outcome.is_gone ? " gone" : "", outcome.bytes);
}

/* --- the world --- */

static void connect_client(void)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    int fds[2];
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
    client = fds[1];
    http_server_accept(server, fds[0], (struct sockaddr *)&addr, sizeof(sa_family_t));
}

static void open_world(void)
{
    static const struct http_server_ops ops = {.route = route, .ended = on_ended};
    quiet_log();
    settings = (struct http_settings){.connection_max = 100,
                                      .header_timeout_ms = 10000,
                                      .body_timeout_ms = 60000,
                                      .idle_timeout_ms = 60000,
                                      .output_timeout_ms = 60000,
                                      .linger_ms = 1000};
    base = event_base_new();
    timers_init(&timers, clock_us());
    bodies = (struct payload_budget){.max = 16 * 1024 * 1024};
    output = (struct payload_budget){.max = 16 * 1024 * 1024};
    conn_loop_init(&loop, base, &timers, &bodies, &output);
    server = http_server_new(&(struct http_server_parts){
        .loop = &loop, .bodies = &bodies, .settings = &settings, .ops = &ops});
    heard_len = 0;
    told[0] = logged[0] = '\0';
    kept = NULL;
    connect_client();
}

static void hang_up(void)
{
    if (client >= 0)
        close(client);
    client = -1;
}

static void turn(void)
{
    event_base_loop(base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
    timers_run(&timers);
    conn_loop_chores(&loop);
}

/* Reads what the server has sent. */
static void listen_to_server(void)
{
    ssize_t n;
    while (client >= 0 && heard_len < sizeof heard - 1 &&
           (n = recv(client, heard + heard_len, sizeof heard - 1 - heard_len, MSG_DONTWAIT)) > 0)
        heard_len += (size_t)n;
    heard[heard_len] = '\0';
}

static void settle(void)
{
    for (int i = 0; i < 8; i++) {
        turn();
        listen_to_server();
    }
}

__attribute__((unused)) static void say_bytes(const char *bytes, size_t len)
{
    while (len) {
        ssize_t n = send(client, bytes, len, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (n > 0) {
            bytes += n;
            len -= (size_t)n;
        } else if (n < 0 && errno != EAGAIN) {
            break; /* the server has closed the connection */
        }
        settle();
    }
}

__attribute__((unused)) static void say(const char *text)
{
    say_bytes(text, strlen(text));
    settle();
}

/* Moves the clock; timers fire. */
__attribute__((unused)) static void pass_ms(uint64_t ms)
{
    timers_turn(&timers, timers.now_us + ms * 1000);
    settle();
}

/* Whether the server has sent all that it will send, and closed its side. */
__attribute__((unused)) static bool is_closed(void)
{
    char byte;
    settle();
    return client >= 0 && recv(client, &byte, 1, MSG_DONTWAIT | MSG_PEEK) == 0;
}

static void close_world(void)
{
    http_server_close(server);
    hang_up();
    for (int i = 0; i < 4; i++)
        turn();
    ck_assert_uint_eq(http_server_connections(server), 0);
    ck_assert_uint_eq(http_server_exchanges(server), 0);
    http_server_free(server);
    conn_loop_free(&loop);
    ck_assert_uint_eq(bodies.held, 0);
    ck_assert_uint_eq(output.held, 0);
    timers_free(&timers);
    event_base_free(base);
}

/* --- what was heard --- */

/* The number of responses, by their dates. */
__attribute__((unused)) static unsigned count_responses(void)
{
    unsigned count = 0;
    for (const char *at = heard; (at = strstr(at, "\r\nDate: ")); at++)
        count++;
    return count;
}

#define ck_heard(text)     ck_assert_msg(strstr(heard, (text)), "%s is not in:\n%s", (text), heard)
#define ck_not_heard(text) ck_assert_msg(!strstr(heard, (text)), "%s is in:\n%s", (text), heard)
#define ck_told(words)     ck_assert_str_eq(told, (words))
#define ck_logged(lines)   ck_assert_str_eq(logged, (lines))

#endif
