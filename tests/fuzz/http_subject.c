/* http_subject: the trace of the gateway's HTTP server, over a socket. */
#include "gateway/http/http.h"
#include "gateway/http/settings.h"
#include "tests/fuzz/http_trace.h"

#include "base/clock.h"
#include "common/log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static struct http_trace *current;
static char answer[64 * 1024];
static size_t answer_len;

/* --- the handler --- */

static void add_headers(const struct http_request *request)
{
    for (size_t i = 0; i < request->header_count; i++) {
        http_trace_add_text(current, request->headers[i].name);
        http_trace_add_text(current, "=");
        http_trace_add_text(current, request->headers[i].value);
        http_trace_add_text(current, "\n");
    }
}

static void add_body(const struct payload *body)
{
    http_trace_add_number(current, body ? body->size : 0);
    http_trace_add_text(current, "\n");
    for (const struct payload_part *part = body ? body->first : NULL; part; part = part->next)
        http_trace_add(current, part->data, part->len);
}

static void run(struct http_exchange *exchange)
{
    const struct http_request *request = http_request(exchange);
    http_trace_add_text(current, request->method_name);
    http_trace_add_text(current, " ");
    http_trace_add_text(current, request->path);
    http_trace_add_text(current, " ");
    http_trace_add_text(current, request->query ? request->query : "-");
    http_trace_add_text(current, "\n");
    add_headers(request);
    add_body(request->body);
    http_trace_end_request(current);
    http_respond(exchange, 200, NULL, NULL, 0);
}

static const struct http_handler *route(void *arg, struct http_exchange *exchange)
{
    static const struct http_handler handler = {.run = run};
    (void)arg;
    http_exchange_public(exchange)->body_max = 16 * 1024;
    return &handler;
}

/* A problem of HEAD has no body, so its detail is not told. */
static void on_ended(void *arg, const struct http_exchange *exchange)
{
    const struct http_exchange_public *public = (const struct http_exchange_public *)exchange;
    (void)arg;
    if (public->request.is_head && http_exchange_outcome(exchange).status >= 400)
        snprintf(current->fault, sizeof current->fault, "a problem of HEAD");
}

/* --- the world --- */

static struct event_base *base;
static struct timers timers;
static struct payload_budget bodies = {.max = 1 << 20}, output = {.max = 1 << 20};
static struct conn_loop loop;
static struct http_server *server;

static void open_world(void)
{
    static const struct http_server_ops ops = {.route = route, .ended = on_ended};
    static const struct http_settings settings = {.connection_max = 10,
                                                  .header_timeout_ms = 1000000,
                                                  .body_timeout_ms = 1000000,
                                                  .idle_timeout_ms = 1000000,
                                                  .output_timeout_ms = 1000000,
                                                  .linger_ms = 1000000};
    base = event_base_new();
    timers_init(&timers, clock_us());
    conn_loop_init(&loop, base, &timers, &bodies, &output);
    server = http_server_new(&(struct http_server_parts){
        .loop = &loop, .bodies = &bodies, .settings = &settings, .ops = &ops});
}

static void turn(void)
{
    event_base_loop(base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
    conn_loop_chores(&loop);
}

/* Returns the number of answer bytes; keeps the last ones. */
static void hear(int client)
{
    char bytes[16 * 1024];
    ssize_t n;
    while ((n = recv(client, bytes, sizeof bytes, MSG_DONTWAIT)) > 0) {
        if (answer_len + (size_t)n >= sizeof answer)
            answer_len = 0;
        memcpy(answer + answer_len, bytes, (size_t)n);
        answer_len += (size_t)n;
    }
    current->is_closed = n == 0;
    answer[answer_len] = '\0';
}

static void settle(int client)
{
    for (int i = 0; i < 4 || loop.waiting; i++) {
        turn();
        hear(client);
    }
}

static void say(int client, const char *bytes, size_t len, size_t piece)
{
    while (len && !current->is_closed) {
        size_t n = piece < len ? piece : len;
        ssize_t sent = send(client, bytes, n, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent < 0 && errno != EAGAIN)
            return;
        bytes += sent > 0 ? sent : 0;
        len -= sent > 0 ? (size_t)sent : 0;
        settle(client);
    }
}

/* The detail of the last problem. */
static void find_fault(struct http_trace *trace)
{
    static const char key[] = "\"detail\":\"";
    const char *at = strstr(answer, key);
    if (at)
        snprintf(trace->fault, sizeof trace->fault, "%.*s", (int)strcspn(at + sizeof key - 1, "\""),
                 at + sizeof key - 1);
}

static void check_empty(void)
{
    bug_on(http_server_connections(server) || http_server_exchanges(server));
    bug_on(bodies.held || output.held);
}

void http_subject_read(struct http_trace *trace, const char *bytes, size_t len, size_t piece)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    int fds[2];
    if (!server)
        open_world();
    *trace = (struct http_trace){0};
    current = trace;
    answer_len = 0;
    bug_on(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) < 0);
    http_server_accept(server, fds[0], (struct sockaddr *)&addr, sizeof(sa_family_t));
    say(fds[1], bytes, len, piece);
    settle(fds[1]);
    find_fault(trace);
    close(fds[1]);
    for (int i = 0; i < 4; i++)
        turn();
    check_empty();
}
