/*
 * world: a loop, a clock, and clients at the other ends of socket pairs. The daemon's part of the
 * world is in peers_world.h, or in clients_world.h for the master.
 *
 * The clock is the test's. It starts an hour ahead of the real one, because events of connections
 * would turn it to that.
 */
#ifndef TASKMASTER_TESTS_UNIT_PEERS_WORLD_H
#define TASKMASTER_TESTS_UNIT_PEERS_WORLD_H

#include "base/clock.h"
#include "common/xmalloc.h"
#include "peers/peer.h"
#include "tests/unit/support.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#define HELLO_PLAIN  "{\"op\":\"hello\",\"protocol\":1}\n"
#define HELLO(token) "{\"op\":\"hello\",\"protocol\":1,\"token\":\"" token "\"}\n"
#define PING         "{\"op\":\"ping\"}\n"

#define TOKENS(...) ((const char *const[]){__VA_ARGS__, NULL})

static struct event_base *base;
static struct timers timers;
static struct payload_budget budget = {.max = UINT64_MAX}, output = {.max = UINT64_MAX};
static struct conn_loop loop;
static struct peers *visited; /* the daemon's */
static struct access_settings access_settings;
static uint64_t now_us;

/* --- time --- */

static inline void turn(void)
{
    now_us++;
    event_base_loop(base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
    timers_turn(&timers, now_us);
    timers_run(&timers);
    conn_loop_chores(&loop);
}

/* More turns than any batch of a test needs. */
static inline void turns(void)
{
    for (int i = 0; i < 20; i++)
        turn();
}

static inline void pass_ms(uint64_t ms)
{
    now_us += ms * 1000;
    turns();
}

/* --- the loop --- */

static inline void open_loop(struct peers *peers)
{
    quiet_log();
    visited = peers;
    now_us = clock_us() + 3600 * 1000000ull;
    base = event_base_new();
    timers_init(&timers, now_us);
    conn_loop_init(&loop, base, &timers, &budget, &output);
    loop.turn_us = loop.slice_us = loop.short_us = UINT64_MAX / 8;
}

/* No timer may be left. */
static inline void close_loop(void)
{
    conn_loop_free(&loop);
    ck_assert_uint_eq(timers.set.count, 0);
    timers_free(&timers);
    event_base_free(base);
    token_set_free(&access_settings.tokens);
}

/* `tokens`: a NULL-terminated list; NULL: no token is asked for. The daemon is to read them. */
static inline void set_tokens(const char *const *tokens)
{
    token_set_free(&access_settings.tokens);
    for (; tokens && *tokens; tokens++)
        token_set_add(&access_settings.tokens, *tokens);
}

/* Behind a reload with tokens: adds one with a name and rights, also for open connections. */
static inline void add_token(const char *name, const char *token, unsigned rights)
{
    token_set_add_grant(&access_settings.tokens, token,
                        (struct grant){.name = xstrdup(name), .rights = rights});
    peers_configure(visited, visited->settings, &access_settings);
}

/* --- a client --- */

static inline void say(int fd, const char *text)
{
    ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
}

/* Connects, with the text sent before the accept. Returns the peer's end. */
static inline int come(const char *text)
{
    const struct sockaddr addr = {.sa_family = AF_UNIX};
    int pair[2];
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair), 0);
    say(pair[0], text);
    peers_accept(visited, pair[1], &addr, sizeof addr);
    return pair[0];
}

/* Returns the output so far, valid until the next call, and whether the output has ended. */
static inline const char *heard(int fd, bool *is_closed)
{
    static char text[16384];
    size_t len = 0;
    ssize_t n;
    while ((n = recv(fd, text + len, sizeof text - 1 - len, 0)) > 0)
        len += (size_t)n;
    text[len] = '\0';
    *is_closed = n == 0 || errno != EAGAIN;
    return text;
}

static inline void assert_quiet(int fd)
{
    bool is_closed;
    const char *text = heard(fd, &is_closed);
    ck_assert_msg(!*text && !is_closed, "closed: %d, heard %s", is_closed, text);
}

/* The output holds the text, and has not ended. */
static inline void assert_heard(int fd, const char *expected)
{
    bool is_closed;
    const char *text = heard(fd, &is_closed);
    ck_assert_msg(strstr(text, expected) && !is_closed, "closed: %d, heard %s", is_closed, text);
}

static inline void assert_welcome(int fd)
{
    assert_heard(fd, "\"event\":\"hello\"");
}

/* A fatal error with the text, then the end. */
static inline void assert_told(int fd, const char *expected)
{
    bool is_closed;
    const char *text = heard(fd, &is_closed);
    ck_assert_msg(strstr(text, expected) && strstr(text, "\"fatal\":true") && is_closed, "%s",
                  text);
}

#endif
