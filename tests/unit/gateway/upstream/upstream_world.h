/*
 * upstream_world: an upstream, and a fake daemon at the other end of its connections.
 *
 * Each call of an owner writes a line into the record. The clock is the test's.
 */
#ifndef TASKMASTER_TESTS_UNIT_GATEWAY_UPSTREAM_WORLD_H
#define TASKMASTER_TESTS_UNIT_GATEWAY_UPSTREAM_WORLD_H

#include "base/clock.h"
#include "gateway/upstream/upstream.h"
#include "tests/unit/support.h"

#include <errno.h>
#include <stdarg.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define WORLD_UNUSED __attribute__((unused)) /* no test program needs all of these */

#define HELLO                                                                                    \
    "{\"event\":\"hello\",\"protocol\":1,\"server\":\"taskmasterd/9\",\"boot\":\"b1\","          \
    "\"payload_max\":1000,\"rights\":[\"submit\",\"relay\"],\"features\":[\"detach\",\"link\"]}" \
    "\n"

enum { TOLD_MAX = 1 << 16, SHARED = 5, FDS = 20 };

static struct event_base *base;
static struct timers timers;
static struct payload_budget budget, output;
static struct conn_loop loop;
static struct token_set tokens;
static struct upstream *upstream;
static uint64_t now_us;

static char dir[] = "/tmp/test_upstream.XXXXXX";
static char address[64];
static int listening;
static int fds[FDS]; /* of the daemon, in the order of the connections */
static size_t fd_count;

static char told[TOLD_MAX];
static size_t told_len;

__attribute__((format(printf, 1, 2))) static void tell(const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(told + told_len, sizeof told - told_len, fmt, args);
    va_end(args);
    ck_assert(n > 0 && (size_t)n < sizeof told - told_len);
    told_len += (size_t)n;
}

/* The record since the last call. */
WORLD_UNUSED static void ck_told(const char *expected)
{
    told[told_len] = '\0';
    told_len = 0;
    ck_assert_str_eq(told, expected);
}

/* --- owners of calls --- */

struct owner {
    struct upstream_call call;
    const char *name;
};

static const char *const type_names[] = {"answer",   "error",    "accepted", "started",
                                         "progress", "part",     "retry",    "done",
                                         "failed",   "overload", "news",     "other"};

static void on_event(struct upstream_call *call, const struct upstream_event *event)
{
    struct owner *owner = (struct owner *)call;
    char text[64] = "";
    if (event->payload)
        payload_copy(event->payload, 0, text, sizeof text - 1);
    tell("%s %s %s%s%s%s\n", owner->name, type_names[event->type], event->name,
         event->is_last ? " last" : "", *text ? " " : "", text);
}

static void on_lost(struct upstream_call *call, const char *why, bool begun)
{
    tell("%s lost%s: %s\n", ((struct owner *)call)->name, begun ? " begun" : "", why);
}

static const struct upstream_call_ops owner_ops = {on_event, on_lost};

static struct owner a = {{.ops = &owner_ops}, "a"}, b = {{.ops = &owner_ops}, "b"};

WORLD_UNUSED static void ask(struct owner *owner, const char *op, const char *members,
                             const char *payload)
{
    struct payload *body = payload ? payload_from(&budget, payload, strlen(payload)) : NULL;
    upstream_call(upstream, &owner->call, op, members, strlen(members), body);
    payload_unref(body);
}

/* --- time --- */

static void turn(void)
{
    now_us++;
    event_base_loop(base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
    timers_turn(&timers, now_us);
    timers_run(&timers);
    conn_loop_chores(&loop);
}

static void accept_all(void)
{
    int fd;
    while (fd_count < FDS && listening >= 0 &&
           (fd = accept4(listening, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0)
        fds[fd_count++] = fd;
}

static void turns(void)
{
    for (int i = 0; i < 10; i++) {
        turn();
        accept_all();
    }
}

WORLD_UNUSED static void pass_ms(uint64_t ms)
{
    now_us += ms * 1000;
    turns();
}

static uint64_t no_random(void)
{
    return 0;
}

/* --- the fake daemon --- */

static struct sockaddr_un socket_name(void)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    snprintf(name.sun_path, sizeof name.sun_path, "%s/daemon", dir);
    return name;
}

WORLD_UNUSED static void daemon_listens(void)
{
    struct sockaddr_un name = socket_name();
    listening = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    ck_assert_int_eq(bind(listening, (struct sockaddr *)&name, sizeof name), 0);
    ck_assert_int_eq(listen(listening, FDS), 0);
}

WORLD_UNUSED static void daemon_says(size_t fd, const char *text)
{
    ck_assert_int_eq(send(fds[fd], text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
    turns();
}

/* After a look at everything: unread input would make a reset of the close. */
WORLD_UNUSED static void daemon_closes(size_t fd)
{
    char got[8192];
    while (recv(fds[fd], got, sizeof got, 0) > 0)
        ;
    close(fds[fd]);
    fds[fd] = -1;
    turns();
}

/* Written on a connection since the last call. */
WORLD_UNUSED static void ck_written(size_t fd, const char *expected)
{
    char got[8192];
    turns();
    ssize_t n = recv(fds[fd], got, sizeof got - 1, 0);
    got[n > 0 ? n : 0] = '\0';
    ck_assert_str_eq(got, expected);
}

/* The gateway closed the connection. */
WORLD_UNUSED static void ck_closed(size_t fd)
{
    char got[8192];
    ssize_t n;
    turns();
    while ((n = recv(fds[fd], got, sizeof got, 0)) > 0)
        ;
    ck_assert(n == 0 || errno == ECONNRESET);
}

static void daemon_greets(size_t fd)
{
    ck_written(fd,
               "{\"op\":\"hello\",\"protocol\":1,\"client\":\"taskmaster-http/" TASKMASTER_VERSION
               "\"}\n");
    daemon_says(fd, HELLO);
}

/* Answers hello on the connections for all calls. */
WORLD_UNUSED static void daemon_comes(void)
{
    daemon_listens();
    turns();
    ck_assert_uint_eq(fd_count, SHARED);
    for (size_t i = 0; i < SHARED; i++)
        daemon_greets(i);
    ck_assert(upstream_view(upstream).is_up);
}

/* --- the world --- */

static void setup(void)
{
    char error[128];
    quiet_log();
    now_us = clock_us() + UINT64_C(3600) * 1000000;
    base = event_base_new();
    timers_init(&timers, now_us);
    budget = output = (struct payload_budget){.max = UINT64_MAX};
    conn_loop_init(&loop, base, &timers, &budget, &output);
    ck_assert_ptr_nonnull(mkdtemp(dir));
    snprintf(address, sizeof address, "unix:%s/daemon", dir);
    listening = -1;
    told_len = fd_count = 0;
    upstream = upstream_new(&(struct upstream_parts){.loop = &loop,
                                                     .random = no_random,
                                                     .noun = "master",
                                                     .program = "taskmasterd",
                                                     .address = address,
                                                     .tokens = &tokens},
                            error, sizeof error);
    ck_assert_msg(upstream != NULL, "%s", error);
    upstream_start(upstream);
}

static void teardown(void)
{
    upstream_free(upstream);
    conn_loop_chores(&loop);
    conn_loop_free(&loop);
    ck_assert_uint_eq(timers.set.count, 0);
    ck_assert_uint_eq(budget.held + output.held, 0);
    timers_free(&timers);
    event_base_free(base);
    if (listening >= 0)
        close(listening);
    for (size_t i = 0; i < fd_count; i++)
        if (fds[i] >= 0)
            close(fds[i]);
    unlink(socket_name().sun_path);
    rmdir(dir);
    memcpy(dir + sizeof dir - 7, "XXXXXX", 6);
}

#endif
