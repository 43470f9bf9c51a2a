/*
 * conn_peer: a connection with a peer of the test's own, for the tests of conn.
 *
 * A header here is a letter, a number and padding up to its LF. The number is the size of the
 * payload behind it: k a kept payload, f one kept by force, d a discarded one, n none. Callbacks
 * record their calls. The clock is the test's. It starts an hour ahead of the real clock, because
 * events of the connection would set it to the real time.
 */
#ifndef TASKMASTER_TESTS_UNIT_NET_CONN_PEER_H
#define TASKMASTER_TESTS_UNIT_NET_CONN_PEER_H

#include "net/conn.h"

#include "base/clock.h"
#include "common/limits.h"
#include "tests/unit/support.h"

#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define PEER_UNUSED __attribute__((unused)) /* no test program needs all of these */

enum {
    STREAM_MAX = 2 * 1024 * 1024,
    TOLD_MAX = 256 * 1024,
    BIG = 300000,
    TURNS_MAX = 100000, /* more than any test needs: the test hangs */
};

static struct event_base *base;
static struct timers timers;
static struct payload_budget budget, output;
static struct conn_loop loop;
static struct conn_limits limits;
static struct conn conn;
static int peer;
static bool is_freed;

static char told[TOLD_MAX]; /* the callbacks' record */
static size_t told_len;
static const char *close_in, *ignore_in; /* the callback to do it */

static char pattern[STREAM_MAX]; /* the bytes of payloads */

/* --- callbacks --- */

PEER_UNUSED static uint64_t digest(uint64_t sum, const char *data, size_t len)
{
    for (size_t i = 0; i < len; i++)
        sum = (sum ^ (unsigned char)data[i]) * 0x100000001b3u;
    return sum;
}

__attribute__((format(printf, 1, 2))) PEER_UNUSED static void tell(const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(told + told_len, sizeof told - told_len, fmt, args);
    va_end(args);
    hot_assert(n > 0 && (size_t)n < sizeof told - told_len);
    told_len += (size_t)n;
}

/* Called by each callback, for the test's actions in the midst of it. */
PEER_UNUSED static void in(struct conn *c, const char *callback)
{
    if (ignore_in && strcmp(ignore_in, callback) == 0)
        conn_ignore_input(c);
    if (close_in && strcmp(close_in, callback) == 0)
        conn_close(c);
}

PEER_UNUSED static ssize_t header_end(const struct conn *c, const char *data, size_t len)
{
    (void)c;
    const char *lf = memchr(data, '\n', len < HEADER_MAX ? len : HEADER_MAX);
    if (lf)
        return lf - data + 1;
    return len < HEADER_MAX ? 0 : -1;
}

PEER_UNUSED static void on_header(struct conn *c, char *data, size_t len)
{
    char kind = data[0], digits[16] = "";
    hot_assert(data[len - 1] == '\n');
    memcpy(digits, data + 1, len < sizeof digits ? len - 1 : sizeof digits - 1);
    tell("%c%zu+%zu#%" PRIx64 " ", kind < ' ' ? '-' : kind, strtoul(digits, NULL, 10), len,
         digest(0, data, len));
    memset(data, 'X', len); /* the callback may write to it */
    size_t size = strtoul(digits, NULL, 10);
    if (size)
        conn_expect(c, size, kind != 'd', kind == 'f');
    in(c, "header");
}

PEER_UNUSED static uint64_t digest_payload(const struct payload *payload)
{
    uint64_t sum = 0;
    for (const struct payload_part *part = payload->first; part; part = part->next)
        sum = digest(sum, part->data, part->len);
    return sum;
}

PEER_UNUSED static void on_message(struct conn *c, struct payload *payload, bool over_budget)
{
    if (payload) {
        hot_assert(payload->have == payload->size);
        tell("=%zu#%" PRIx64 " ", payload->size, digest_payload(payload));
    } else {
        tell("=%s ", over_budget ? "over" : "none");
    }
    payload_unref(payload);
    in(c, "message");
}

PEER_UNUSED static void on_header_too_long(struct conn *c)
{
    tell("too-long ");
    in(c, "header_too_long");
}

PEER_UNUSED static void on_input_end(struct conn *c)
{
    tell("end ");
    in(c, "input_end");
}

PEER_UNUSED static void on_gone(struct conn *c, const char *why)
{
    hot_assert(why && why[0]);
    tell("gone ");
    conn_close(c);
}

PEER_UNUSED static void on_slow(struct conn *c, enum conn_slow what)
{
    static const char *const names[] = {"slow-header", "slow-payload", "slow-output", "total"};
    tell("%s ", names[what]);
    if (what == CONN_OUTPUT_TOTAL)
        conn_close(c);
    in(c, "slow");
}

PEER_UNUSED static void on_flushed(struct conn *c)
{
    tell("flushed ");
    in(c, "flushed");
}

PEER_UNUSED static void on_free(struct conn *c)
{
    hot_assert(!conn_is_open(c));
    hot_assert(!is_freed);
    is_freed = true;
}

/* Answers each header with its number of bytes. */
PEER_UNUSED static void on_question(struct conn *c, char *data, size_t len)
{
    static const char answer[HEADER_MAX];
    hot_assert(data[len - 1] == '\n');
    tell("%c ", data[0]);
    conn_write(c, answer, strtoul(data + 1, NULL, 10));
    in(c, "header");
}

#define PEER_OPS                                                                            \
    .header_end = header_end, .message = on_message, .header_too_long = on_header_too_long, \
    .input_end = on_input_end, .gone = on_gone, .slow = on_slow, .free = on_free

PEER_UNUSED static const struct conn_ops ops = {PEER_OPS, .header = on_header};
PEER_UNUSED static const struct conn_ops ops_flushed = {PEER_OPS, .header = on_header,
                                                        .flushed = on_flushed};
PEER_UNUSED static const struct conn_ops ops_answering = {PEER_OPS, .header = on_question};

/* The record since the last call; borrowed until the next call. */
PEER_UNUSED static const char *news(void)
{
    static char text[TOLD_MAX];
    memcpy(text, told, told_len);
    text[told_len] = '\0';
    if (told_len)
        text[told_len - 1] = '\0'; /* the last blank */
    told_len = 0;
    return text;
}

/* The record without lengths and digests. */
PEER_UNUSED static const char *short_news(void)
{
    static char text[TOLD_MAX];
    char *to = text;
    bool skip = false;
    for (const char *from = news(); *from; from++) {
        if (*from == ' ')
            skip = false;
        if (*from == '+')
            skip = true;
        if (!skip)
            *to++ = *from;
        if (*from == '=')
            skip = true;
    }
    *to = '\0';
    return text;
}

#define ck_told(expected) ck_assert_str_eq(news(), expected)

/* --- one connection and its peer --- */

PEER_UNUSED static void open_with(const struct conn_ops *used)
{
    int fds[2];
    hot_assert(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) == 0);
    is_freed = false;
    peer = fds[1];
    hot_assert(conn_open(&conn, &loop, fds[0], used, &limits) == 0);
}

PEER_UNUSED static void shut(void)
{
    conn_close(&conn);
    conn_loop_chores(&loop);
    hot_assert(is_freed);
    if (peer >= 0)
        close(peer);
    peer = -1;
}

PEER_UNUSED static void prepare(void)
{
    struct chance chance = {.state = 1};
    quiet_log();
    base = event_base_new();
    timers_init(&timers, clock_us() + UINT64_C(3600) * 1000000);
    budget = output = (struct payload_budget){.max = UINT64_C(1) << 40};
    conn_loop_init(&loop, base, &timers, &budget, &output);
    loop.turn_us = loop.slice_us = UINT32_MAX; /* the record does not depend on the time */
    limits = (struct conn_limits){.output_pause = UINT64_MAX};
    told_len = 0;
    close_in = ignore_in = NULL;
    for (size_t i = 0; i < sizeof pattern; i += 8) {
        uint64_t word = chance_next(&chance);
        memcpy(pattern + i, &word, 8);
    }
}

PEER_UNUSED static void setup(void)
{
    prepare();
    open_with(&ops);
}

PEER_UNUSED static void teardown(void)
{
    shut();
    conn_loop_free(&loop);
    ck_assert_uint_eq(timers.set.count, 0);
    ck_assert_uint_eq(budget.held, 0);
    ck_assert_uint_eq(budget.arriving_held, 0);
    ck_assert_uint_eq(output.held, 0);
    timers_free(&timers);
    event_base_free(base);
    libevent_global_shutdown();
}

/* A turn of the master's loop without the clock and the wait: each event comes once. */
PEER_UNUSED static void turn(void)
{
    event_base_loop(base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
    conn_loop_chores(&loop);
}

PEER_UNUSED static int unread(void)
{
    int n = 0;
    if (conn_is_open(&conn))
        hot_assert(ioctl(conn.fd, FIONREAD, &n) == 0);
    return n;
}

/* Turns until the connection has read everything. */
PEER_UNUSED static void settle(void)
{
    int turns = 0;
    do {
        turn();
        hot_assert(++turns < TURNS_MAX);
    } while ((unread() > 0 || conn.backlog) && !conn.output_paused);
}

/* The peer sends. The connection has a turn whenever the kernel has no room. */
PEER_UNUSED static void give(const char *data, size_t len)
{
    int turns = 0;
    while (len && conn_is_open(&conn)) {
        ssize_t n = send(peer, data, len, MSG_NOSIGNAL);
        if (n < 0) {
            hot_assert(errno == EAGAIN && ++turns < TURNS_MAX);
            turn();
            continue;
        }
        data += n;
        len -= (size_t)n;
    }
}

PEER_UNUSED static void give_text(const char *text)
{
    give(text, strlen(text));
    settle();
}

PEER_UNUSED static void give_end(void)
{
    hot_assert(shutdown(peer, SHUT_WR) == 0);
    turn();
}

/* Time passes: due timers fire, then ready events are handled. */
PEER_UNUSED static void pass_us(uint64_t us)
{
    timers_turn(&timers, timers.now_us + us);
    timers_run(&timers);
    turn();
}

PEER_UNUSED static void pass_ms(uint64_t ms)
{
    pass_us(ms * 1000);
}

/* --- streams of messages, and their expected records --- */

struct stream {
    char *bytes;
    size_t len;
    char *expected;
    size_t edges[64]; /* ends of headers and payloads */
    size_t edge_count;
};

/* `fill`: the header's size with its LF; 0: as short as possible. */
PEER_UNUSED static void add_message(struct stream *stream, char kind, size_t size, size_t fill,
                                    bool cr)
{
    char *header = stream->bytes + stream->len;
    size_t len = (size_t)sprintf(header, "%c%zu", kind, size);
    if (kind == '-')
        len = 0;
    while (fill && len + cr + 1 < fill)
        header[len++] = ' ';
    if (cr)
        header[len++] = '\r';
    header[len++] = '\n';
    stream->len += len;
    stream->edges[stream->edge_count++] = stream->len;

    char *expected = stream->expected + strlen(stream->expected);
    expected += sprintf(expected, "%s%c%zu+%zu#%" PRIx64, stream->expected[0] ? " " : "", kind,
                        size, len, digest(0, header, len));
    if (!size)
        return;
    memcpy(stream->bytes + stream->len, pattern + stream->len % 1000, size);
    if (kind == 'd')
        sprintf(expected, " =none");
    else if (kind == 'k' && size > budget.max)
        sprintf(expected, " =over");
    else
        sprintf(expected, " =%zu#%" PRIx64, size, digest(0, stream->bytes + stream->len, size));
    stream->len += size;
    stream->edges[stream->edge_count++] = stream->len;
}

PEER_UNUSED static struct stream new_stream(void)
{
    struct stream stream = {.bytes = malloc(STREAM_MAX), .expected = calloc(1, TOLD_MAX)};
    ck_assert(stream.bytes && stream.expected);
    return stream;
}

PEER_UNUSED static void free_stream(struct stream *stream)
{
    free(stream->bytes);
    free(stream->expected);
}

/* Each kind of message, large payloads aside. */
PEER_UNUSED static struct stream small_stream(void)
{
    struct stream stream = new_stream();
    add_message(&stream, 'n', 0, 0, false);
    add_message(&stream, 'k', 1, 0, false);
    add_message(&stream, '-', 0, 0, false); /* an empty line */
    add_message(&stream, '-', 0, 0, true);
    add_message(&stream, 'k', 0, 0, true);
    add_message(&stream, 'd', 1, 0, true);
    add_message(&stream, 'n', 0, HEADER_MAX, false);
    add_message(&stream, 'k', 100, 0, false);
    add_message(&stream, 'd', 100, 0, false);
    add_message(&stream, 'f', 100, 0, true);
    add_message(&stream, 'k', 5000, 0, true);
    add_message(&stream, 'n', 0, 40, true);
    add_message(&stream, 'd', 5000, 0, false);
    add_message(&stream, 'k', 3, HEADER_MAX, true);
    add_message(&stream, 'n', 0, 0, false);
    return stream;
}

PEER_UNUSED static struct stream large_stream(void)
{
    struct stream stream = new_stream();
    add_message(&stream, 'n', 0, 0, false);
    add_message(&stream, 'k', BIG, 0, true);
    add_message(&stream, 'k', 17, 0, false);
    add_message(&stream, 'd', BIG, 0, false);
    add_message(&stream, 'f', BIG, 0, false);
    add_message(&stream, 'k', 1, 0, false);
    add_message(&stream, 'n', 0, 0, true);
    return stream;
}

/* The whole stream was told, nothing is kept, and the end comes last. */
PEER_UNUSED static void check_whole(const struct stream *stream, size_t cut)
{
    const char *got = news();
    hot_assert_msg(strcmp(got, stream->expected) == 0, "cut at %zu: got %s; expected %s", cut, got,
                   stream->expected);
    hot_assert(conn.partial == NULL && conn.payload == NULL && !conn.in_payload);
    hot_assert(timers.set.count == 0);
    hot_assert(budget.held == 0);
    give_end();
    hot_assert(strcmp(news(), "end") == 0);
}

PEER_UNUSED static void cut_in_two(const struct stream *stream, size_t cut)
{
    give(stream->bytes, cut);
    settle();
    give(stream->bytes + cut, stream->len - cut);
    settle();
    check_whole(stream, cut);
    shut();
    open_with(&ops);
}

/* --- the peer takes output --- */

PEER_UNUSED static char taken[STREAM_MAX];
PEER_UNUSED static size_t taken_len;

/* The peer reads up to `len` bytes. */
PEER_UNUSED static size_t take(size_t len)
{
    ssize_t n = recv(peer, taken + taken_len, len, 0);
    if (n <= 0)
        return 0;
    taken_len += (size_t)n;
    return (size_t)n;
}

PEER_UNUSED static void take_all(void)
{
    int turns = 0;
    do {
        turn();
        hot_assert(++turns < TURNS_MAX);
    } while (take(sizeof taken - taken_len) || conn.output_len);
}

PEER_UNUSED static void small_buffers(void)
{
    int bytes = 4096; /* the kernel rounds this, but to something small */
    ck_assert_int_eq(setsockopt(conn.fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes), 0);
}

PEER_UNUSED static void fill_output(size_t len)
{
    struct payload *payload = payload_from(&output, pattern, len);
    conn_write_payload(&conn, payload);
    payload_unref(payload);
    conn_loop_chores(&loop);
}

PEER_UNUSED static void fill_copied(size_t len)
{
    conn_write(&conn, pattern, len);
    conn_loop_chores(&loop);
}

PEER_UNUSED static void set_deadlines(void)
{
    limits.header_timeout_ms = 10000;
    limits.payload_timeout_ms = 30000;
    limits.output_timeout_ms = 60000;
}

PEER_UNUSED static TCase *new_case(Suite *suite, const char *name)
{
    TCase *tc = tcase_create(name);
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_set_timeout(tc, 60);
    suite_add_tcase(suite, tc);
    return tc;
}

#endif
