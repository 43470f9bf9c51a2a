/*
 * redis_world: calls and a subscription, fake servers at the other ends of their connections, and a
 * record of all that is told.
 *
 * A fake server says what the test writes, and what it hears is compared as lines of words. The
 * clock is the test's.
 */
#ifndef TASKMASTER_TESTS_UNIT_QUEUE_REDIS_REDIS_WORLD_H
#define TASKMASTER_TESTS_UNIT_QUEUE_REDIS_REDIS_WORLD_H

#include "base/clock.h"
#include "common/xmalloc.h"
#include "net/conn.h"
#include "queue/redis/redis_calls.h"
#include "queue/redis/redis_subscription.h"
#include "queue/redis/scripts.h"
#include "queue/redis/settings.h"
#include "tests/unit/support.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define WORLD_UNUSED __attribute__((unused)) /* no test program needs all of these */

#define INFO_TEXT                                                                       \
    "# Server\r\nredis_version:7.0.15\r\n# Replication\r\nrole:master\r\n# Persistence" \
    "\r\nloading:0\r\naof_enabled:1\r\nmaxmemory_policy:noeviction\r\ncluster_enabled:0\r\n"

enum {
    TOLD_MAX = 1 << 16,
    SERVERS = 3,
    PEERS = 4, /* connections of a server */
};

static const struct redis_script scripts[] = {
    {.name = "one", .sha1 = "1111", .text = "return 1", .len = 8},
    {.name = "two", .sha1 = "2222", .text = "return 2", .len = 8},
};

static struct event_base *base;
static struct timers timers;
static struct payload_budget budget, output;
static struct conn_loop loop;
static struct redis_settings settings;
static struct redis_calls *calls;
static uint64_t now_us;

static char dir[] = "/tmp/test_redis.XXXXXX";
static char addresses[SERVERS][64];
static char *address_items[SERVERS];
static int listening[SERVERS], peer = -1; /* peer: the connection that the test speaks on */

static char told[TOLD_MAX];
static size_t told_len;

__attribute__((format(printf, 1, 2))) static void tell(const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(told + told_len, sizeof told - told_len, fmt, args);
    va_end(args);
    ck_assert(n >= 0 && (size_t)n < sizeof told - told_len);
    told_len += (size_t)n;
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

static void turns(void)
{
    for (int i = 0; i < 10; i++)
        turn();
}

WORLD_UNUSED static void pass_ms(uint64_t ms)
{
    now_us += ms * 1000;
    turns();
}

/* The record since the last call. */
WORLD_UNUSED static void ck_told(const char *expected)
{
    turns();
    told[told_len] = '\0';
    told_len = 0;
    ck_assert_str_eq(told, expected);
}

static uint64_t no_random(void)
{
    return 0;
}

/* --- the log --- */

static int log_fd;

static void read_log(char *text, size_t size)
{
    ssize_t n = pread(log_fd, text, size - 1, 0);
    ck_assert_int_ge(n, 0);
    text[n] = '\0';
    ck_assert_int_eq(ftruncate(log_fd, 0), 0);
    ck_assert_int_eq(lseek(log_fd, 0, SEEK_SET), 0);
}

/* The log since the last call: lines without the time, and addresses without the directory. */
WORLD_UNUSED static void ck_logged(const char *expected)
{
    static char text[1 << 16], got[1 << 16];
    turns();
    read_log(text, sizeof text);
    char *to = got;
    for (char *line = text, *lf; (lf = strchr(line, '\n')); line = lf + 1)
        to += sprintf(to, "%.*s", (int)(lf + 1 - strchr(line, ' ') - 1), strchr(line, ' ') + 1);
    *to = '\0';
    for (char *at; (at = strstr(got, "unix:/tmp/"));)
        memmove(at, at + strlen(addresses[0]) - 1, strlen(at) - strlen(addresses[0]) + 2);
    ck_assert_str_eq(got, expected);
}

/* --- fake servers --- */

static struct sockaddr_un socket_name(size_t i)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    snprintf(name.sun_path, sizeof name.sun_path, "%s/%zu", dir, i);
    return name;
}

WORLD_UNUSED static void server_listens(size_t i)
{
    struct sockaddr_un name = socket_name(i);
    listening[i] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    ck_assert_int_eq(bind(listening[i], (struct sockaddr *)&name, sizeof name), 0);
    ck_assert_int_eq(listen(listening[i], 8), 0);
}

/* Nobody listens any more. The connections stay. */
WORLD_UNUSED static void server_hides(size_t i)
{
    close(listening[i]);
    unlink(socket_name(i).sun_path);
    listening[i] = -1;
}

/* Whether there is a new connection: the test speaks on it from now on. */
WORLD_UNUSED static bool server_accepts(size_t i)
{
    turns();
    peer = accept4(listening[i], NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    return peer >= 0;
}

WORLD_UNUSED static void server_says_bytes(const char *bytes, size_t len)
{
    ck_assert_int_eq(send(peer, bytes, len, MSG_NOSIGNAL), (ssize_t)len);
    turns();
}

WORLD_UNUSED static void server_says(const char *text)
{
    server_says_bytes(text, strlen(text));
}

/* All is read before, or the end would be a reset. */
WORLD_UNUSED static void server_ends(void)
{
    char got[8192];
    turns();
    while (recv(peer, got, sizeof got, 0) > 0)
        turns();
    close(peer);
    peer = -1;
    turns();
}

/* One command in `bytes` becomes a line of words. Returns the bytes of it. */
static size_t read_command(const char *bytes, size_t len, char *line, size_t size)
{
    char *at = (char *)bytes;
    ck_assert_int_eq(*at, '*');
    unsigned long words = strtoul(at + 1, &at, 10);
    *line = '\0';
    for (at += 2; words; words--) {
        ck_assert_int_eq(*at, '$');
        size_t n = strtoul(at + 1, &at, 10), have = strlen(line);
        at += 2;
        ck_assert_uint_le((size_t)(at - bytes) + n + 2, len);
        snprintf(line + have, size - have, "%.*s%s", n > 200 ? 200 : (int)n, n ? at : "",
                 words > 1 ? " " : "\n");
        ck_assert_int_eq(memcmp(at + n, "\r\n", 2), 0);
        at += n + 2;
    }
    return (size_t)(at - bytes);
}

/* What was written to the server since the last call: a line for each command. */
WORLD_UNUSED static void ck_heard(const char *expected)
{
    static char bytes[1 << 20], lines[1 << 16];
    size_t len = 0, lines_len = 0;
    turns();
    for (ssize_t n; (n = recv(peer, bytes + len, sizeof bytes - 1 - len, 0)) > 0; turns())
        len += (size_t)n;
    bytes[len] = '\0';
    for (size_t at = 0; at < len;) {
        at += read_command(bytes + at, len - at, lines + lines_len, sizeof lines - lines_len);
        lines_len += strlen(lines + lines_len);
    }
    lines[lines_len] = '\0';
    ck_assert_str_eq(lines, expected);
}

/* The connection was closed. */
WORLD_UNUSED static void ck_closed(void)
{
    char got[8192];
    ssize_t n;
    turns();
    while ((n = recv(peer, got, sizeof got, 0)) > 0)
        ;
    ck_assert(n == 0 || errno == ECONNRESET);
    close(peer);
    peer = -1;
}

WORLD_UNUSED static void server_tells_info(const char *info)
{
    char *reply = xasprintf("$%zu\r\n%s\r\n+1111\r\n+2222\r\n", strlen(info), info);
    server_says(reply);
    free(reply);
}

#define GREETING "INFO\nSCRIPT LOAD return 1\nSCRIPT LOAD return 2\n"

/* INFO's answer with one thing changed; the caller frees it. */
WORLD_UNUSED static char *info_with(const char *from, const char *to)
{
    static const char info[] = INFO_TEXT;
    const char *at = strstr(info, from);
    return xasprintf("%.*s%s%s", (int)(at - info), info, to, at + strlen(from));
}

/* A connection to the server is greeted well. */
WORLD_UNUSED static void server_greets(size_t i)
{
    ck_assert(server_accepts(i));
    ck_heard(GREETING);
    server_tells_info(INFO_TEXT);
}

/* --- calls --- */

static void on_up(void *arg)
{
    (void)arg;
    tell("up\n");
}

static void on_down(void *arg, const char *why)
{
    (void)arg;
    tell("down: %s\n", why);
}

static void tell_answer(void *arg, const struct redis_answer *answer)
{
    static const char *const ends[] = {"answered", "full", "unsent", "late", "failed"};
    const struct redis_reply *reply = answer->reply;
    tell("%s %s", (const char *)arg, ends[answer->end]);
    if (answer->end == REDIS_ANSWERED)
        tell(" %" PRIu64, answer->status);
    for (size_t i = 1; i < reply->count; i++) {
        size_t len;
        const char *text = redis_reply_text_at(reply, i, &len);
        tell(" %.*s", (int)len, text);
    }
    tell(reply->type == REPLY_ERROR ? " '%s'" : "%s", reply->text);
    tell("%s\n", answer->is_last ? "" : ", more");
}

WORLD_UNUSED static const struct redis_call_kind patient = {.done = tell_answer},
                                                 asking = {.done = tell_answer,
                                                           .has_deadline = true},
                                                 putting = {.done = tell_answer,
                                                            .has_deadline = true,
                                                            .is_change = true,
                                                            .gives_up_full = true},
                                                 prompt = {.done = tell_answer, .is_prompt = true};

/* A call with the argument `name`. */
WORLD_UNUSED static void post(const struct redis_call_kind *kind, const char *name)
{
    struct redis_call *call = redis_call_new(calls, &scripts[0], 7);
    redis_call_text(call, name);
    redis_call_post(call, kind, (void *)name);
}

/* --- the world --- */

WORLD_UNUSED static void open_calls(size_t servers)
{
    char error[128];
    settings.servers = (struct option_list){address_items, servers};
    calls = redis_calls_new(&(struct redis_calls_parts){.loop = &loop,
                                                        .random = no_random,
                                                        .settings = &settings,
                                                        .scripts = scripts,
                                                        .script_count = SUPPORT_COUNT(scripts),
                                                        .up = on_up,
                                                        .down = on_down},
                            error, sizeof error);
    ck_assert_msg(calls != NULL, "%s", error);
    redis_calls_start(calls);
}

static void setup(void)
{
    static char prefix[] = "q:";
    log_fd = memfd_create("log", MFD_CLOEXEC);
    ck_assert_int_eq(dup2(log_fd, STDERR_FILENO), STDERR_FILENO);
    log_configure(LOG_INFO, LOG_TEXT);
    now_us = clock_us() + UINT64_C(3600) * 1000000;
    base = event_base_new();
    timers_init(&timers, now_us);
    budget = output = (struct payload_budget){.max = UINT64_MAX};
    conn_loop_init(&loop, base, &timers, &budget, &output);
    ck_assert_ptr_nonnull(mkdtemp(dir));
    for (size_t i = 0; i < SERVERS; i++) {
        snprintf(addresses[i], sizeof addresses[i], "unix:%s/%zu", dir, i);
        address_items[i] = addresses[i];
        listening[i] = -1;
    }
    settings = (struct redis_settings){.prefix = prefix, .timeout_ms = 1000, .lease_ms = 20000};
    peer = -1;
    told_len = 0;
    calls = NULL;
}

static void teardown(void)
{
    if (calls)
        redis_calls_free(calls);
    conn_loop_chores(&loop);
    conn_loop_free(&loop);
    ck_assert_uint_eq(timers.set.count, 0);
    ck_assert_uint_eq(budget.held + output.held, 0);
    timers_free(&timers);
    event_base_free(base);
    for (size_t i = 0; i < SERVERS; i++)
        if (listening[i] >= 0)
            server_hides(i);
    if (peer >= 0)
        close(peer);
    close(log_fd);
    rmdir(dir);
    memcpy(dir + sizeof dir - 7, "XXXXXX", 6);
}

#endif
