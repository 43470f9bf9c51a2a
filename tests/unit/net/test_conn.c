/*
 * test_conn: what a connection makes of bytes, however they are cut, and how it gets rid of its
 * own.
 *
 * A header here is a letter, a number and what may fill it up to its LF: k a payload of so many
 * bytes that is kept, f one that is kept by force, d one that is discarded, n none. Callbacks write
 * down what they were told. The clock is the test's: it starts an hour ahead of the real one, to
 * which the connection's events would turn it.
 */
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

enum {
    STREAM_MAX = 2 * 1024 * 1024,
    TOLD_MAX = 256 * 1024,
    BIG = 300000,
    TURNS_MAX = 100000, /* more than any test needs: it hangs */
};

static struct event_base *base;
static struct timers timers;
static struct payload_budget budget, output;
static struct conn_loop loop;
static struct conn_limits limits;
static struct conn conn;
static int peer;
static bool is_freed;

static char told[TOLD_MAX]; /* what callbacks wrote down */
static size_t told_len;
static const char *close_in, *ignore_in; /* the callback that does it */

static char pattern[STREAM_MAX]; /* what payloads are made of */

/* --- callbacks --- */

static uint64_t digest(uint64_t sum, const char *data, size_t len)
{
    for (size_t i = 0; i < len; i++)
        sum = (sum ^ (unsigned char)data[i]) * 0x100000001b3u;
    return sum;
}

__attribute__((format(printf, 1, 2))) static void tell(const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(told + told_len, sizeof told - told_len, fmt, args);
    va_end(args);
    hot_assert(n > 0 && (size_t)n < sizeof told - told_len);
    told_len += (size_t)n;
}

/* After each callback: what the test wants to happen in the midst of it. */
static void in(struct conn *c, const char *callback)
{
    if (ignore_in && strcmp(ignore_in, callback) == 0)
        conn_ignore_input(c);
    if (close_in && strcmp(close_in, callback) == 0)
        conn_close(c);
}

static ssize_t header_end(const char *data, size_t len)
{
    const char *lf = memchr(data, '\n', len < HEADER_MAX ? len : HEADER_MAX);
    if (lf)
        return lf - data + 1;
    return len < HEADER_MAX ? 0 : -1;
}

static void on_header(struct conn *c, char *data, size_t len)
{
    char kind = data[0], digits[16] = "";
    hot_assert(data[len - 1] == '\n');
    memcpy(digits, data + 1, len < sizeof digits ? len - 1 : sizeof digits - 1);
    tell("%c%zu+%zu#%" PRIx64 " ", kind < ' ' ? '-' : kind, strtoul(digits, NULL, 10), len,
         digest(0, data, len));
    memset(data, 'X', len); /* it may be written to */
    size_t size = strtoul(digits, NULL, 10);
    if (size)
        conn_expect(c, size, kind != 'd', kind == 'f');
    in(c, "header");
}

static uint64_t digest_payload(const struct payload *payload)
{
    uint64_t sum = 0;
    for (const struct payload_part *part = payload->first; part; part = part->next)
        sum = digest(sum, part->data, part->len);
    return sum;
}

static void on_message(struct conn *c, struct payload *payload, bool over_budget)
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

static void on_header_too_long(struct conn *c)
{
    tell("too-long ");
    in(c, "header_too_long");
}

static void on_input_end(struct conn *c)
{
    tell("end ");
    in(c, "input_end");
}

static void on_gone(struct conn *c, const char *why)
{
    hot_assert(why && why[0]);
    tell("gone ");
    conn_close(c);
}

static void on_slow(struct conn *c, enum conn_slow what)
{
    static const char *const names[] = {"slow-header", "slow-payload", "slow-output", "total"};
    tell("%s ", names[what]);
    if (what == CONN_OUTPUT_TOTAL)
        conn_close(c);
    in(c, "slow");
}

static void on_flushed(struct conn *c)
{
    tell("flushed ");
    in(c, "flushed");
}

static void on_free(struct conn *c)
{
    hot_assert(!conn_is_open(c));
    hot_assert(!is_freed);
    is_freed = true;
}

/* Answers each header with as many bytes as its number says. */
static void on_question(struct conn *c, char *data, size_t len)
{
    static const char answer[HEADER_MAX];
    hot_assert(data[len - 1] == '\n');
    tell("%c ", data[0]);
    conn_write(c, answer, strtoul(data + 1, NULL, 10));
    in(c, "header");
}

static const struct conn_ops ops = {
    .header_end = header_end,
    .header = on_header,
    .message = on_message,
    .header_too_long = on_header_too_long,
    .input_end = on_input_end,
    .gone = on_gone,
    .slow = on_slow,
    .free = on_free,
};

static const struct conn_ops ops_flushed = {
    .header_end = header_end,
    .header = on_header,
    .message = on_message,
    .header_too_long = on_header_too_long,
    .input_end = on_input_end,
    .gone = on_gone,
    .slow = on_slow,
    .flushed = on_flushed,
    .free = on_free,
};

static const struct conn_ops ops_answering = {
    .header_end = header_end,
    .header = on_question,
    .message = on_message,
    .header_too_long = on_header_too_long,
    .input_end = on_input_end,
    .gone = on_gone,
    .slow = on_slow,
    .free = on_free,
};

/* What was told since the last time; borrowed until the next call. */
static const char *news(void)
{
    static char text[TOLD_MAX];
    memcpy(text, told, told_len);
    text[told_len] = '\0';
    if (told_len)
        text[told_len - 1] = '\0'; /* the last blank */
    told_len = 0;
    return text;
}

#define ck_told(expected) ck_assert_str_eq(news(), expected)

/* --- one connection and its peer --- */

static void open_with(const struct conn_ops *used)
{
    int fds[2];
    hot_assert(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) == 0);
    is_freed = false;
    peer = fds[1];
    hot_assert(conn_open(&conn, &loop, fds[0], used, &limits) == 0);
}

static void shut(void)
{
    conn_close(&conn);
    conn_loop_chores(&loop);
    hot_assert(is_freed);
    if (peer >= 0)
        close(peer);
    peer = -1;
}

static void prepare(void)
{
    struct chance chance = {.state = 1};
    quiet_log();
    base = event_base_new();
    timers_init(&timers, clock_us() + UINT64_C(3600) * 1000000);
    budget = output = (struct payload_budget){.max = UINT64_C(1) << 40};
    conn_loop_init(&loop, base, &timers, &budget, &output);
    loop.turn_us = loop.slice_us = UINT32_MAX; /* what is told does not depend on the time */
    limits = (struct conn_limits){.output_pause = UINT64_MAX};
    told_len = 0;
    close_in = ignore_in = NULL;
    for (size_t i = 0; i < sizeof pattern; i += 8) {
        uint64_t word = chance_next(&chance);
        memcpy(pattern + i, &word, 8);
    }
}

static void setup(void)
{
    prepare();
    open_with(&ops);
}

static void teardown(void)
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

/* What a turn of the master's loop is, but for the clock and the wait: each event comes once. */
static void turn(void)
{
    event_base_loop(base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
    conn_loop_chores(&loop);
}

static int unread(void)
{
    int n = 0;
    if (conn_is_open(&conn))
        hot_assert(ioctl(conn.fd, FIONREAD, &n) == 0);
    return n;
}

/* Until all that the peer sent has been read. */
static void settle(void)
{
    int turns = 0;
    do {
        turn();
        hot_assert(++turns < TURNS_MAX);
    } while ((unread() > 0 || conn.backlog) && !conn.output_paused);
}

/* The peer sends, and the connection has a turn whenever the kernel has no room. */
static void give(const char *data, size_t len)
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

static void give_text(const char *text)
{
    give(text, strlen(text));
    settle();
}

static void give_end(void)
{
    hot_assert(shutdown(peer, SHUT_WR) == 0);
    turn();
}

/* Time passes; what is due fires, then what is ready is looked at. */
static void pass_us(uint64_t us)
{
    timers_turn(&timers, timers.now_us + us);
    timers_run(&timers);
    turn();
}

static void pass_ms(uint64_t ms)
{
    pass_us(ms * 1000);
}

/* --- streams of messages, and what is to be told of them --- */

struct stream {
    char *bytes;
    size_t len;
    char *expected;
    size_t edges[64]; /* where headers and payloads end */
    size_t edge_count;
};

/* `fill`: bytes the header is to have with its LF, 0 for no more than it needs. */
static void add_message(struct stream *stream, char kind, size_t size, size_t fill, bool cr)
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

static struct stream new_stream(void)
{
    struct stream stream = {.bytes = malloc(STREAM_MAX), .expected = calloc(1, TOLD_MAX)};
    ck_assert(stream.bytes && stream.expected);
    return stream;
}

static void free_stream(struct stream *stream)
{
    free(stream->bytes);
    free(stream->expected);
}

/* Each kind of message, large payloads aside. */
static struct stream small_stream(void)
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

static struct stream large_stream(void)
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

/* All was told, nothing is kept, and the end comes as the end. */
static void check_whole(const struct stream *stream, size_t cut)
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

static void cut_in_two(const struct stream *stream, size_t cut)
{
    give(stream->bytes, cut);
    settle();
    give(stream->bytes + cut, stream->len - cut);
    settle();
    check_whole(stream, cut);
    shut();
    open_with(&ops);
}

START_TEST(test_small_at_every_byte)
{
    struct stream stream = small_stream();
    for (size_t cut = 0; cut <= stream.len; cut++)
        cut_in_two(&stream, cut);
    free_stream(&stream);
}
END_TEST

/* There is no memory for anything over a byte or so: every kept payload is given up, nothing that
 * follows is touched. */
START_TEST(test_over_budget_at_every_byte)
{
    budget.max = 50;
    struct stream stream = small_stream();
    ck_assert_ptr_nonnull(strstr(stream.expected, "=over"));
    for (size_t cut = 0; cut <= stream.len; cut++)
        cut_in_two(&stream, cut);
    free_stream(&stream);
}
END_TEST

/* Where headers and payloads end, where reads and parts end, and anywhere. */
static void cut_large(const struct stream *stream)
{
    struct chance chance;
    chance_init(&chance, "frame");
    for (size_t i = 0; i < stream->edge_count; i++)
        for (size_t cut = stream->edges[i] - 2; cut <= stream->edges[i] + 2; cut++)
            if (cut <= stream->len)
                cut_in_two(stream, cut);
    for (size_t at = 4096; at < stream->len; at *= 2)
        for (size_t cut = at - 1; cut <= at + 1; cut++)
            cut_in_two(stream, cut);
    for (int i = 0; i < 100; i++)
        cut_in_two(stream, chance_below(&chance, stream->len));
}

START_TEST(test_large_at_chosen_places)
{
    struct stream stream = large_stream();
    cut_large(&stream);
    free_stream(&stream);
}
END_TEST

/* The budget ends in the midst of a payload: what was held of it is free again at once. */
START_TEST(test_large_over_budget)
{
    budget.max = BIG / 2;
    struct stream stream = large_stream();
    ck_assert_ptr_nonnull(strstr(stream.expected, "=over"));
    cut_large(&stream);
    free_stream(&stream);
}
END_TEST

/* How many headers and payloads of the stream are whole. */
static size_t whole_in(const struct stream *stream, size_t len)
{
    size_t whole = 0;
    while (whole < stream->edge_count && stream->edges[whole] <= len)
        whole++;
    return whole;
}

static size_t words(const char *text, size_t len)
{
    size_t count = 0;
    for (size_t i = 0; i < len; i++)
        count += text[i] == ' ';
    return count;
}

/* And each is told as soon as its last byte is there. */
START_TEST(test_in_pieces)
{
    static const size_t sizes[] = {1, 2, 3, 5, 7, 11, 101, 1009, 4096, 10007};
    struct stream stream = small_stream();
    size_t step = sizes[_i], at = 0;
    while (at < stream.len) {
        size_t n = at + step < stream.len ? step : stream.len - at;
        give(stream.bytes + at, n);
        settle();
        at += n;
        hot_assert_msg(words(told, told_len) == whole_in(&stream, at), "at %zu: %.*s", at,
                       (int)told_len, told);
    }
    check_whole(&stream, step);
    free_stream(&stream);
}
END_TEST

/* The death of a worker and a deadline read what is there at once, without the loop. */
START_TEST(test_read_now)
{
    struct stream stream = small_stream();
    for (size_t cut = 0; cut <= stream.len; cut += 13) {
        give(stream.bytes, cut);
        conn_read_now(&conn, 0);
        hot_assert(unread() == 0);
        give(stream.bytes + cut, stream.len - cut);
        conn_read_now(&conn, 0);
        check_whole(&stream, cut);
        shut();
        open_with(&ops);
    }
    free_stream(&stream);
}
END_TEST

START_TEST(test_read_now_to_the_end)
{
    give("n\nk5\nhello", 10);
    ck_assert_int_eq(shutdown(peer, SHUT_WR), 0);
    conn_read_now(&conn, 1);
    const char *got = news();
    ck_assert_ptr_nonnull(strstr(got, "=5#"));
    ck_assert_ptr_nonnull(strstr(got, " end"));
    conn_read_now(&conn, 1); /* once */
    turn();
    ck_told("");
}
END_TEST

static size_t fill_input(void)
{
    size_t sent = 0;
    int room = 4 * 1024 * 1024;
    setsockopt(peer, SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
    while (send(peer, "n\n", 2, MSG_NOSIGNAL) == 2 && sent < 100000)
        sent += 2;
    return sent;
}

/* However much it is: of a dead worker it holds results that were sent long ago. */
START_TEST(test_read_now_reads_all_that_has_arrived)
{
    size_t sent = fill_input();
    ck_assert_int_eq(unread(), (int)sent);
    conn_read_now(&conn, 0);
    ck_assert_int_eq(unread(), 0);
}
END_TEST

/* For each message that is read the peer sends the next. */
static void say_more(struct conn *c, char *data, size_t len)
{
    (void)c;
    (void)data;
    (void)len;
    hot_assert(send(peer, "n\n", 2, MSG_NOSIGNAL) == 2);
    tell("n ");
}

START_TEST(test_read_now_is_not_held_by_a_peer_that_goes_on)
{
    static struct conn_ops endless;
    endless = ops;
    endless.header = say_more;
    shut();
    open_with(&endless);
    give("n\n", 2);
    conn_read_now(&conn, 5);
    ck_told("n n n n");
    ck_assert_int_eq(unread(), 2);
}
END_TEST

START_TEST(test_a_thousand_in_one_write)
{
    char requests[16 * 1000], *at = requests;
    for (int i = 0; i < 1000; i++)
        at += sprintf(at, "k3\n%03d", i);
    give(requests, (size_t)(at - requests));
    settle();
    const char *got = news();
    size_t messages = 0;
    for (; (got = strstr(got, "=3#")); got++)
        messages++;
    ck_assert_uint_eq(messages, 1000);
}
END_TEST

/* --- headers without end --- */

START_TEST(test_header_of_4096)
{
    char line[HEADER_MAX + 1];
    memset(line, 'n', sizeof line);
    line[HEADER_MAX - 1] = '\n';
    for (size_t cut = 0; cut < HEADER_MAX; cut++) {
        give(line, cut);
        settle();
        hot_assert(told_len == 0);
        give(line + cut, HEADER_MAX - cut);
        settle();
        hot_assert(strncmp(news(), "n0+4096#", 8) == 0);
    }
}
END_TEST

/* One byte more, at every cut: told once, and with the 4,096th byte. */
START_TEST(test_header_of_4097)
{
    char line[HEADER_MAX + 1];
    memset(line, 'n', sizeof line);
    line[HEADER_MAX] = '\n';
    ignore_in = "header_too_long";
    for (size_t cut = 0; cut <= sizeof line; cut++) {
        give(line, cut);
        settle();
        hot_assert((told_len == 0) == (cut < HEADER_MAX));
        give(line + cut, sizeof line - cut);
        settle();
        give_end();
        hot_assert(strcmp(news(), "too-long end") == 0);
        shut();
        open_with(&ops);
    }
}
END_TEST

START_TEST(test_no_lf_ever)
{
    char piece[4096];
    memset(piece, '[', sizeof piece);
    ignore_in = "header_too_long";
    for (size_t sent = 0; sent < 5 * 1024 * 1024; sent += sizeof piece)
        give(piece, sizeof piece);
    settle();
    ck_told("too-long");
    ck_assert_ptr_null(conn.partial);
    give_end();
    ck_told("end");
}
END_TEST

/* --- the end in the midst, and input that is ignored --- */

START_TEST(test_end_in_the_midst)
{
    struct stream stream = new_stream();
    add_message(&stream, 'n', 0, 20, false);
    add_message(&stream, 'k', 30, 0, false);
    add_message(&stream, 'd', 10, 0, true);
    for (size_t cut = 0; cut <= stream.len; cut++) {
        give(stream.bytes, cut);
        give_end();
        turn();
        const char *got = news();
        hot_assert_msg(words(got, strlen(got)) == whole_in(&stream, cut), "cut at %zu: %s", cut,
                       got);
        hot_assert(strcmp(got + strlen(got) - 3, "end") == 0);
        shut();
        hot_assert(budget.held == 0);
        open_with(&ops);
    }
    free_stream(&stream);
}
END_TEST

START_TEST(test_ignored_from_a_header_on)
{
    ignore_in = "header";
    give_text("k5\nhellon\nk3\nabc");
    ck_assert_int_eq(strncmp(news(), "k5+3#", 5), 0);
    give_text("n\n");
    ck_told("");
    give_end(); /* that is still told */
    ck_told("end");
}
END_TEST

START_TEST(test_ignored_from_a_message_on)
{
    ignore_in = "message";
    give_text("k5\nhellon\nn\n");
    ck_assert_ptr_null(strstr(news(), "n0"));
    give_end();
    ck_told("end");
}
END_TEST

START_TEST(test_ignored_while_a_payload_arrives)
{
    give_text("k5000\nhello");
    ck_assert_uint_gt(budget.held, 0);
    news();
    conn_ignore_input(&conn);
    ck_assert_uint_eq(budget.held, 0);
    give_text("and more, n\nn\n");
    ck_told("");
    give_end();
    ck_told("end");
}
END_TEST

/* --- ends --- */

static const struct {
    const char *callback, *input, *told;
} closings[] = {
    {"header", "n\nn\nk3\nabc", "n0"},     {"header", "k3\nabcn\n", "k3"},
    {"message", "k3\nabcn\n", "k3 ="},     {"message", "d3\nabcn\nn\n", "d3 ="},
    {"header_too_long", NULL, "too-long"}, {"input_end", "n\nk5\nhel", "n0 k5 end"},
};

/* What was told, without lengths and digests. */
static const char *short_news(void)
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

/* Nothing is told after conn_close(), and the memory stays until the end of the turn. */
START_TEST(test_close_in_callback)
{
    char long_line[2 * HEADER_MAX];
    memset(long_line, 'n', sizeof long_line);
    close_in = closings[_i].callback;
    if (closings[_i].input)
        give(closings[_i].input, strlen(closings[_i].input));
    else
        give(long_line, sizeof long_line);
    hot_assert(shutdown(peer, SHUT_WR) == 0);
    for (int i = 0; i < 5 && conn_is_open(&conn); i++) {
        event_base_loop(base, EVLOOP_NONBLOCK);
        ck_assert(!is_freed);
    }
    ck_assert_str_eq(short_news(), closings[_i].told);
    ck_assert(!conn_is_open(&conn));
    ck_assert_int_eq(conn.fd, -1);
    conn_loop_chores(&loop);
    ck_assert(is_freed);
    turn();
    ck_told("");
}
END_TEST

START_TEST(test_close_while_payload_arrives)
{
    give_text("k300000\n");
    give(pattern, 200000);
    settle();
    ck_assert_uint_gt(budget.held, 0);
    conn_close(&conn);
    conn_close(&conn); /* nothing happens */
    ck_assert_uint_eq(budget.held, 0);
    ck_assert(!is_freed);
    conn_loop_chores(&loop);
    ck_assert(is_freed);
}
END_TEST

static struct conn *victim;

static void close_victim(struct conn *c, char *data, size_t len)
{
    (void)data;
    tell("header%zu ", len);
    if (c != victim)
        conn_close(victim);
}

static void free_victim(struct conn *c)
{
    (void)c;
    tell("free ");
}

/* Both are ready in the same turn, and the first that has its say closes the other. */
START_TEST(test_close_another)
{
    static struct conn_ops closing;
    struct conn two[2];
    int peers[2];
    closing = ops;
    closing.header = close_victim;
    closing.free = free_victim;
    for (int order = 0; order < 2; order++) {
        for (int i = 0; i < 2; i++) {
            int fds[2];
            ck_assert_int_eq(
                socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
            peers[i] = fds[1];
            ck_assert_int_eq(conn_open(&two[i], &loop, fds[0], &closing, &limits), 0);
            ck_assert_int_eq(send(peers[i], "n\n", 2, 0), 2);
        }
        victim = &two[order];
        event_base_loop(base, EVLOOP_NONBLOCK);
        ck_assert(!conn_is_open(victim));
        ck_assert(conn_is_open(&two[!order]));
        const char *got = news();
        ck_assert_msg(strcmp(got, "header2") == 0 || strcmp(got, "header2 header2") == 0, "%s",
                      got);
        conn_loop_chores(&loop);
        ck_told("free");
        conn_close(&two[!order]);
        conn_loop_chores(&loop);
        ck_told("free");
        close(peers[0]);
        close(peers[1]);
    }
}
END_TEST

/* The peer goes with bytes unread: a reset. */
START_TEST(test_gone_by_reset)
{
    conn_write(&conn, "unread", 6);
    conn_flush(&conn);
    close(peer);
    peer = -1;
    turn();
    ck_told("gone");
    ck_assert(is_freed);
}
END_TEST

START_TEST(test_gone_by_write)
{
    give("n\n", 2);
    close(peer);
    peer = -1;
    conn_write(&conn, "to nobody", 9);
    conn_loop_chores(&loop);
    ck_told("gone"); /* what it had sent is of no use any more */
    ck_assert(is_freed);
}
END_TEST

/* A TCP connection with both its ends here. */
static void open_tcp(void)
{
    struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof addr;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_eq(bind(listener, (struct sockaddr *)&addr, len), 0);
    ck_assert_int_eq(listen(listener, 1), 0);
    ck_assert_int_eq(getsockname(listener, (struct sockaddr *)&addr, &len), 0);
    peer = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_eq(connect(peer, (struct sockaddr *)&addr, len), 0);
    int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    ck_assert_int_ge(fd, 0);
    close(listener);
    is_freed = false;
    ck_assert_int_eq(conn_open(&conn, &loop, fd, &ops, &limits), 0);
}

/* Turns until `word` was told: what happens on a TCP connection takes the kernel a moment. */
static void wait_until_told(const char *word)
{
    const struct timeval second = {.tv_sec = 1};
    for (int seconds = 0; !strstr(told, word); seconds++) {
        ck_assert_msg(seconds < 10, "%s was not told within 10 s", word);
        event_base_loopexit(base, &second);
        event_base_loop(base, EVLOOP_ONCE);
        conn_loop_chores(&loop);
        told[told_len] = '\0';
    }
    told_len = 0;
    told[0] = '\0';
}

static void reset_peer(void)
{
    struct linger linger = {.l_onoff = 1, .l_linger = 0};
    ck_assert_int_eq(setsockopt(peer, SOL_SOCKET, SO_LINGER, &linger, sizeof linger), 0);
    close(peer);
    peer = -1;
}

START_TEST(test_tcp_reset)
{
    shut();
    told[0] = '\0';
    open_tcp();
    reset_peer();
    wait_until_told("gone");
}
END_TEST

/* A half-closed connection is watched still: its jobs are given up when it is reset. */
START_TEST(test_tcp_reset_behind_the_end)
{
    shut();
    told[0] = '\0';
    open_tcp();
    ck_assert_int_eq(shutdown(peer, SHUT_WR), 0);
    wait_until_told("end");
    reset_peer();
    wait_until_told("gone");
}
END_TEST

/* ... but does not keep the loop busy. */
START_TEST(test_half_closed_is_silent)
{
    give_end();
    ck_told("end");
    turn();
    timers.now_us = 0; /* an event would turn it to the real time */
    for (int i = 0; i < 10; i++)
        turn();
    ck_assert_uint_eq(timers.now_us, 0);
    conn_write(&conn, "answer", 6);
    conn_loop_chores(&loop);
    char answer[8];
    ck_assert_int_eq(read(peer, answer, sizeof answer), 6);
    timers.now_us = 0;
    turn(); /* it was added anew, and may report once more */
    timers.now_us = 0;
    for (int i = 0; i < 10; i++)
        turn();
    ck_assert_uint_eq(timers.now_us, 0);
    ck_told("");
}
END_TEST

START_TEST(test_shut_output)
{
    char byte;
    conn_write(&conn, "bye", 3);
    conn_loop_chores(&loop);
    conn_shut_output(&conn);
    ck_assert_int_eq(read(peer, told, sizeof told), 3);
    ck_assert_int_eq(read(peer, &byte, 1), 0); /* the end */
    give_text("n\n");                          /* the other direction lives */
    ck_assert_int_eq(strncmp(news(), "n0", 2), 0);
}
END_TEST

/* --- output --- */

static char taken[STREAM_MAX];
static size_t taken_len;

/* The peer reads up to `len` bytes of what is there for it. */
static size_t take(size_t len)
{
    ssize_t n = recv(peer, taken + taken_len, len, 0);
    if (n <= 0)
        return 0;
    taken_len += (size_t)n;
    return (size_t)n;
}

static void take_all(void)
{
    int turns = 0;
    do {
        turn();
        hot_assert(++turns < TURNS_MAX);
    } while (take(sizeof taken - taken_len) || conn.output_len);
}

static void small_buffers(void)
{
    int bytes = 4096; /* the kernel makes of it what it likes, but little */
    ck_assert_int_eq(setsockopt(conn.fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes), 0);
}

START_TEST(test_nothing_is_sent_before_the_chores)
{
    conn_write(&conn, "abc", 3);
    ck_assert_uint_eq(conn.output_len, 3);
    ck_assert_uint_eq(take(10), 0);
    event_base_loop(base, EVLOOP_NONBLOCK);
    ck_assert_uint_eq(take(10), 0);
    conn_loop_chores(&loop);
    ck_assert_uint_eq(take(10), 3);
    ck_assert_uint_eq(conn.output_len, 0);
}
END_TEST

START_TEST(test_room_is_written_in_place)
{
    for (int i = 0; i < 3000; i++) { /* more than one piece holds */
        char *room = conn_room(&conn, HEADER_MAX);
        conn_commit(&conn, (size_t)sprintf(room, "%d\n", i));
    }
    take_all();
    char *at = taken;
    for (long i = 0; i < 3000; i++) {
        hot_assert(strtol(at, &at, 10) == i && *at == '\n');
        at++;
    }
    ck_assert_ptr_eq(at, taken + taken_len);
}
END_TEST

/* Bytes and payloads of every size keep their order, and arrive whole. */
START_TEST(test_order)
{
    static const size_t sizes[] = {0,     1,      100, CONN_COPY_MAX, CONN_COPY_MAX + 1, 65536,
                                   70000, 300000, 5,   100000};
    size_t expected = 0;
    if (_i)
        small_buffers();
    for (size_t i = 0; i < SUPPORT_COUNT(sizes); i++) {
        struct payload *payload = payload_new(&budget, sizes[i] ? sizes[i] : 1, 1, false);
        payload->size = sizes[i];
        payload_append(payload, pattern + expected, sizes[i]); /* many parts */
        conn_write_payload(&conn, payload);
        payload_unref(payload);
        expected += sizes[i];
        conn_write(&conn, pattern + expected, i * 1000);
        expected += i * 1000;
        ck_assert_uint_eq(conn.output_len, expected);
    }
    take_all();
    ck_assert_uint_eq(taken_len, expected);
    ck_assert(memcmp(taken, pattern, expected) == 0);
    ck_assert_uint_eq(budget.held, 0);
}
END_TEST

/* A large payload is sent from where it lies and held until then, a small one is copied. */
START_TEST(test_by_reference)
{
    struct payload *small = payload_from(&budget, pattern, CONN_COPY_MAX);
    struct payload *large = payload_from(&budget, pattern, CONN_COPY_MAX + 1);
    conn_write_payload(&conn, small);
    conn_write_payload(&conn, large);
    ck_assert_uint_eq(small->refs, 1);
    ck_assert_uint_eq(large->refs, 2);
    payload_unref(small);
    conn_loop_chores(&loop);
    ck_assert_uint_eq(large->refs, 1);
    conn_write_payload(&conn, large);
    conn_write_payload(&conn, large);
    ck_assert_uint_eq(large->refs, 3);
    conn_close(&conn);
    ck_assert_uint_eq(large->refs, 1);
    payload_unref(large);
}
END_TEST

/* A payload without bytes, and a connection that is closed: nothing happens. */
START_TEST(test_nothing_to_write)
{
    struct payload *payload = payload_from(&budget, "", 0);
    conn_write_payload(&conn, payload);
    payload_unref(payload);
    conn_write(&conn, "", 0);
    ck_assert_uint_eq(conn.output_len, 0);
    conn_close(&conn);
    payload = payload_from(&budget, pattern, 100000);
    conn_write(&conn, "abc", 3);
    conn_write_payload(&conn, payload);
    payload_unref(payload);
    ck_assert_uint_eq(budget.held, 0);
}
END_TEST

/* The peer takes a little at a time; what it gets is right at each moment. */
START_TEST(test_slow_reader)
{
    struct chance chance;
    size_t expected = 0;
    chance_init(&chance, "frame");
    shut();
    open_with(&ops_flushed);
    small_buffers();
    while (expected < 1500000) {
        size_t size = chance_below(&chance, chance_percent(&chance, 70) ? 2000 : 60000);
        struct payload *payload = payload_from(&budget, pattern + expected, size);
        if (chance_percent(&chance, 50))
            conn_write(&conn, pattern + expected, size);
        else
            conn_write_payload(&conn, payload);
        payload_unref(payload);
        expected += size;
    }
    for (int turns = 0; conn.output_len; turns++) {
        turn();
        ck_assert(turns < TURNS_MAX);
        hot_assert(conn.output_len == 0 || strcmp(news(), "") == 0);
        take(1 + chance_below(&chance, 20000));
        hot_assert(memcmp(taken, pattern, taken_len) == 0);
    }
    ck_told("flushed");
    while (take(sizeof taken - taken_len))
        ;
    ck_assert_uint_eq(taken_len, expected);
    ck_assert(memcmp(taken, pattern, expected) == 0);
}
END_TEST

static void fill_output(size_t len)
{
    struct payload *payload = payload_from(&output, pattern, len);
    conn_write_payload(&conn, payload);
    payload_unref(payload);
    conn_loop_chores(&loop);
}

static void fill_copied(size_t len)
{
    conn_write(&conn, pattern, len);
    conn_loop_chores(&loop);
}

/* All that waits for the peer is charged, also bytes that were copied, until it has taken them. */
START_TEST(test_output_is_charged)
{
    small_buffers();
    for (int i = 0; i < 50; i++) {
        taken_len = 0;
        (i % 2 ? fill_output : fill_copied)(90000);
        ck_assert_uint_ge(output.held, conn.output_len);
        ck_assert_uint_le(output.held, conn.output_len + 90000);
        take_all();
        ck_assert_uint_eq(taken_len, 90000);
        ck_assert_uint_eq(output.held, 0);
    }
    fill_copied(90000); /* ... or is gone */
    ck_assert_uint_gt(output.held, 0);
    conn_close(&conn);
    ck_assert_uint_eq(output.held, 0);
    ck_told("");
}
END_TEST

/* Forced payloads are output from their first byte on. */
START_TEST(test_forced_is_output)
{
    budget.max = 50;
    give_text("f1000\n");
    give(pattern, 500);
    settle();
    ck_assert_uint_eq(output.held, 1000);
    ck_assert_uint_eq(budget.held, 0);
    give(pattern, 500);
    settle();
    ck_assert_uint_eq(output.held, 0);
    ck_assert_ptr_null(strstr(news(), "over"));
}
END_TEST

/* A payload that is half there goes when somebody needs its memory; its end tells so, and nothing
 * that follows is touched. */
START_TEST(test_half_there_is_given_up)
{
    budget.max = 10000;
    give_text("k9000\n");
    give(pattern, 6000);
    settle();
    news();
    struct payload *other = payload_new(&budget, 5000, 5000, false);
    ck_assert_ptr_nonnull(other);
    ck_assert_uint_eq(budget.held, 5000);
    give(pattern, 2999);
    settle();
    ck_told("");
    give(pattern, 1);
    give_text("k3\nabcn\n");
    settle();
    ck_assert_int_eq(strncmp(news(), "=over k3+", 9), 0);
    payload_unref(other);
    ck_assert_uint_eq(budget.held, 0);
}
END_TEST

/* Who does not read is not read from. */
START_TEST(test_pause)
{
    small_buffers();
    limits.output_pause = 50000;
    fill_output(400000);
    ck_assert(conn.output_paused);
    give_text("n\nk3\nabc");
    for (int i = 0; i < 10; i++)
        turn();
    ck_told("");
    ck_assert_int_eq(unread(), 8);
    take_all();
    ck_assert(!conn.output_paused);
    settle();
    ck_assert_str_eq(short_news(), "n0 k3 =");
    ck_assert_uint_eq(taken_len, 400000);
    ck_assert(memcmp(taken, pattern, taken_len) == 0);
}
END_TEST

START_TEST(test_no_pause_below)
{
    small_buffers();
    limits.output_pause = 500000;
    fill_output(400000);
    ck_assert_uint_gt(conn.output_len, 0);
    give_text("n\n");
    ck_assert_str_eq(short_news(), "n0");
}
END_TEST

/* Paused, the end of the peer's input is not seen, and nothing is lost of what came before it. */
START_TEST(test_pause_and_end)
{
    small_buffers();
    limits.output_pause = 50000;
    fill_output(400000);
    give("n\n", 2);
    give_end();
    ck_told("");
    take_all();
    settle();
    turn();
    ck_assert_str_eq(short_news(), "n0 end");
}
END_TEST

START_TEST(test_close_in_flushed)
{
    shut();
    open_with(&ops_flushed);
    close_in = "flushed";
    conn_write(&conn, "last words", 10);
    conn_loop_chores(&loop);
    ck_told("flushed");
    ck_assert(is_freed);
    ck_assert_uint_eq(take(100), 10);
}
END_TEST

/* --- deadlines --- */

static void set_deadlines(void)
{
    limits.header_timeout_ms = 10000;
    limits.payload_timeout_ms = 30000;
    limits.output_timeout_ms = 60000;
}

/* Whoever sends nothing may be silent for ever; between messages no clock runs. */
START_TEST(test_silence)
{
    set_deadlines();
    pass_ms(3600000);
    give_text("n\nk3\nabc");
    ck_assert_uint_eq(timers_next(&timers), TIMERS_NEVER);
    pass_ms(3600000);
    ck_assert_str_eq(short_news(), "n0 k3 =");
}
END_TEST

START_TEST(test_header_deadline)
{
    set_deadlines();
    give_text("n");
    ck_assert_uint_eq(timers_next(&timers), timers.now_us + 10000 * 1000);
    pass_us(9999999);
    ck_told("");
    pass_us(1);
    ck_told("slow-header");
}
END_TEST

/* It is absolute: a byte now and then does not put it off. */
START_TEST(test_header_deadline_trickle)
{
    set_deadlines();
    for (int i = 0; i < 9; i++) {
        give_text("n");
        pass_ms(1000);
    }
    ck_told("");
    give_text("n");
    pass_ms(1000);
    ck_told("slow-header");
}
END_TEST

START_TEST(test_header_in_time)
{
    set_deadlines();
    give_text("n");
    pass_ms(9999);
    give_text("\nn"); /* whole, and the next has begun */
    ck_assert_str_eq(short_news(), "n0");
    ck_assert_uint_eq(timers_next(&timers), timers.now_us + 10000 * 1000);
    pass_ms(9999);
    ck_told("");
    pass_ms(1);
    ck_told("slow-header");
}
END_TEST

START_TEST(test_payload_deadline)
{
    set_deadlines();
    give_text("k");
    pass_ms(9000);
    give_text("100\n");
    ck_assert_str_eq(short_news(), "k100");
    ck_assert_uint_eq(timers_next(&timers), timers.now_us + 30000 * 1000);
    for (int i = 0; i < 29; i++) {
        give_text("x");
        pass_ms(1000);
    }
    ck_told("");
    pass_ms(1000);
    ck_told("slow-payload");
}
END_TEST

/* Discarded ones and large ones that go straight to their places have the same deadline. */
START_TEST(test_payload_deadline_kinds)
{
    set_deadlines();
    give_text(_i ? "d300000\n" : "k300000\n");
    short_news();
    for (int i = 0; i < 29; i++) {
        give(pattern, 10000);
        settle();
        pass_ms(1000);
    }
    ck_told("");
    ck_assert_uint_eq(timers_next(&timers), timers.now_us + 1000 * 1000);
    give(pattern, 10000);
    settle();
    ck_assert_str_eq(short_news(), "=");
    pass_ms(3600000);
    ck_told("");
}
END_TEST

/* A deadline is about the peer, not about us: what has arrived and was not read yet counts. */
START_TEST(test_deadline_with_unread_input)
{
    set_deadlines();
    give_text("n");
    give("\n", 1);
    timers_turn(&timers, timers.now_us + 20000 * 1000);
    timers_run(&timers);
    ck_told("");
    settle();
    ck_assert_str_eq(short_news(), "n0");
    ck_assert_uint_eq(timers_next(&timers), TIMERS_NEVER);
}
END_TEST

/* ... but does not put it off for ever. */
START_TEST(test_deadline_with_unread_input_incomplete)
{
    set_deadlines();
    give_text("n");
    give("n", 1);
    timers_turn(&timers, timers.now_us + 20000 * 1000);
    timers_run(&timers);
    ck_told("");
    settle();
    pass_ms(1000);
    ck_told("slow-header");
}
END_TEST

/* While it is not read from, the peer's clock stands still; then the rest of it runs. */
START_TEST(test_clock_stands_still)
{
    bool payload = _i == 1;
    set_deadlines();
    limits.output_timeout_ms = 0;
    limits.output_pause = 50000;
    small_buffers();
    give_text(payload ? "k100\nx" : "n");
    short_news();
    pass_ms(4000);
    fill_output(400000);
    ck_assert(conn.output_paused);
    pass_ms(3600000);
    pass_ms(3600000);
    ck_told("");
    take_all();
    ck_assert_uint_eq(timers_next(&timers),
                      timers.now_us + (payload ? 26000 : 6000) * UINT64_C(1000));
    pass_ms(payload ? 25999 : 5999);
    ck_told("");
    pass_ms(1);
    ck_told(payload ? "slow-payload" : "slow-header");
}
END_TEST

/* Also if it begins to run in such a time, because something reads all the same. */
START_TEST(test_clock_starts_standing_still)
{
    set_deadlines();
    limits.output_timeout_ms = 0;
    limits.output_pause = 50000;
    small_buffers();
    fill_output(400000);
    give("n", 1);
    conn_read_now(&conn, 0);
    pass_ms(3600000);
    ck_told("");
    take_all();
    pass_ms(9999);
    ck_told("");
    pass_ms(1);
    ck_told("slow-header");
}
END_TEST

/* Paused and resumed over and over, the time that counts is what it was read from. */
START_TEST(test_clock_stands_still_often)
{
    set_deadlines();
    limits.output_timeout_ms = 0;
    limits.output_pause = 50000;
    small_buffers();
    give_text("n");
    for (int i = 0; i < 9; i++) {
        pass_ms(1000);
        fill_output(400000);
        pass_ms(100000);
        taken_len = 0;
        take_all();
        ck_assert_uint_eq(taken_len, 400000);
    }
    pass_ms(999);
    ck_told("");
    pass_ms(1);
    ck_told("slow-header");
}
END_TEST

START_TEST(test_deadline_ends_with_the_input)
{
    set_deadlines();
    give_text("k100\nx");
    give_end();
    ck_assert_str_eq(short_news(), "k100 end");
    ck_assert_uint_eq(timers_next(&timers), TIMERS_NEVER);
}
END_TEST

START_TEST(test_deadline_ends_with_ignoring)
{
    set_deadlines();
    give_text("n");
    conn_ignore_input(&conn);
    ck_assert_uint_eq(timers_next(&timers), TIMERS_NEVER);
    give_text("n");
    ck_assert_uint_eq(timers_next(&timers), TIMERS_NEVER);
}
END_TEST

START_TEST(test_output_deadline)
{
    set_deadlines();
    small_buffers();
    fill_output(400000);
    pass_ms(59999);
    ck_told("");
    pass_ms(1);
    ck_told("slow-output");
}
END_TEST

/* It is about a peer that takes nothing: each byte that it takes puts it off. */
START_TEST(test_output_deadline_progress)
{
    set_deadlines();
    small_buffers();
    fill_output(400000);
    while (conn.output_len) {
        pass_ms(59999);
        hot_assert(told_len == 0);
        size_t before = conn.output_len;
        for (int i = 0; i < 1000 && conn.output_len == before; i++) {
            take(1000); /* until there is room for the kernel to report */
            turn();
        }
        hot_assert(conn.output_len < before);
    }
    ck_assert_uint_eq(timers_next(&timers), TIMERS_NEVER);
    pass_ms(3600000);
    ck_told("");
}
END_TEST

static const char *const slow_inputs[] = {"n", "k100\nx", NULL};

START_TEST(test_close_in_slow)
{
    set_deadlines();
    small_buffers();
    close_in = "slow";
    if (slow_inputs[_i])
        give_text(slow_inputs[_i]);
    else
        fill_output(400000);
    short_news();
    timers_turn(&timers, timers.now_us + 3600 * UINT64_C(1000000));
    timers_run(&timers);
    ck_assert_int_eq(strncmp(news(), "slow-", 5), 0);
    ck_assert(!is_freed);
    conn_loop_chores(&loop);
    ck_assert(is_freed);
}
END_TEST

START_TEST(test_no_limits)
{
    small_buffers();
    give_text("k100\nx");
    fill_output(1000000);
    ck_assert_uint_eq(timers_next(&timers), TIMERS_NEVER);
    pass_ms(1000000000);
    ck_assert_str_eq(short_news(), "k100");
}
END_TEST

/* --- both directions at once: what is sent comes back --- */

static void echo_message(struct conn *c, struct payload *payload, bool over_budget)
{
    char header[32];
    hot_assert(payload && !over_budget);
    int n = sprintf(header, "k%zu\n", payload->size);
    conn_write(c, header, (size_t)n);
    conn_write_payload(c, payload);
    payload_unref(payload);
}

static void echo_header(struct conn *c, char *data, size_t len)
{
    (void)len;
    conn_expect(c, strtoul(data + 1, NULL, 10), true, false);
}

START_TEST(test_echo)
{
    static struct conn_ops echo;
    struct chance chance;
    struct stream stream = new_stream();
    size_t given = 0;
    echo = ops;
    echo.header = echo_header;
    echo.message = echo_message;
    chance_init(&chance, "frame");
    while (stream.len < 1500000) {
        size_t size = 1 + chance_below(&chance, chance_percent(&chance, 80) ? 300 : 100000);
        stream.len += (size_t)sprintf(stream.bytes + stream.len, "k%zu\n", size);
        memcpy(stream.bytes + stream.len, pattern + size, size);
        stream.len += size;
    }
    shut();
    open_with(&echo);
    small_buffers();
    limits.output_pause = 20000;
    for (int turns = 0; taken_len < stream.len; turns++) {
        ck_assert(turns < TURNS_MAX);
        if (given < stream.len && chance_percent(&chance, 60)) {
            size_t want = 1 + chance_below(&chance, 30000);
            want = want < stream.len - given ? want : stream.len - given;
            ssize_t n = send(peer, stream.bytes + given, want, MSG_NOSIGNAL);
            given += n > 0 ? (size_t)n : 0;
        }
        if (chance_percent(&chance, 60))
            take(1 + chance_below(&chance, 30000));
        turn();
        /* Not read from, it cannot be made to hold more than one read brings. */
        hot_assert(conn.output_len <= limits.output_pause + 2 * CONN_READ_MAX);
    }
    ck_assert(memcmp(taken, stream.bytes, stream.len) == 0);
    ck_assert_uint_eq(conn.output_len, 0);
    ck_told("");
    free_stream(&stream);
}
END_TEST

/* --- our own bugs --- */

START_TEST(test_shut_with_output)
{
    hush();
    conn_write(&conn, "abc", 3);
    conn_shut_output(&conn);
}
END_TEST

START_TEST(test_expect_nothing)
{
    hush();
    conn_expect(&conn, 0, true, false);
}
END_TEST

START_TEST(test_expect_twice)
{
    hush();
    conn_expect(&conn, 1, true, false);
    conn_expect(&conn, 1, true, false);
}
END_TEST

START_TEST(test_room_when_closed)
{
    hush();
    conn_close(&conn);
    conn_room(&conn, 1);
}
END_TEST

static void do_not_close(struct conn *c, const char *why)
{
    (void)c;
    (void)why;
}

START_TEST(test_gone_must_close)
{
    static struct conn_ops lazy;
    hush();
    lazy = ops;
    lazy.gone = do_not_close;
    shut();
    open_with(&lazy);
    conn_write(&conn, "unread", 6);
    conn_flush(&conn);
    close(peer);
    turn();
}
END_TEST

/* --- a connection's share of a turn --- */

START_TEST(test_share_of_messages)
{
    limits.turn_messages = 3;
    give("n\nn\nk2\nabn\nn\nn\nn\nn", 18);
    turn();
    ck_assert_str_eq(short_news(), "n0 n0 k2 =");
    ck_assert_int_eq(unread(), 0);
    turn();
    ck_assert_str_eq(short_news(), "n0 n0 n0");
    turn();
    ck_assert_str_eq(short_news(), "n0");
    ck_assert_ptr_null(conn.backlog);
    give_text("\n");
    ck_assert_str_eq(short_news(), "n0");
}
END_TEST

/* When many have more to say than their share, each has less of it, and reads less. */
START_TEST(test_share_of_many)
{
    static char many[64 * 1024];
    memset(many, '\n', sizeof many);
    for (size_t i = 0; i < sizeof many; i += 2)
        many[i] = 'n';
    limits.turn_messages = 100;
    loop.backlogs = 16 * 9;
    give(many, 40 * 1024);
    turn();
    ck_assert_uint_eq(strlen(short_news()), strlen("n0 ") * 10 - 1);
    ck_assert_uint_eq(loop.backlogs, 16 * 9 + 1);
    ck_assert_uint_le(conn.backlog_len, 256 * 1024 / 10);
    loop.backlogs = 100000;
    turn();
    ck_assert_uint_eq(strlen(short_news()), strlen("n0 ") * 8 - 1); /* so many nobody is denied */
    loop.backlogs = 1;
    conn_close(&conn);
    ck_assert_uint_eq(loop.backlogs, 0);
}
END_TEST

/* Wherever the bytes are cut, and whatever the share: the same messages. */
START_TEST(test_share_at_every_byte)
{
    struct stream stream = small_stream();
    limits.turn_messages = (uint32_t)_i;
    for (size_t cut = 0; cut <= stream.len; cut += 3)
        cut_in_two(&stream, cut);
    free_stream(&stream);
}
END_TEST

/* What comes behind a backlog waits for it, the end as well. */
START_TEST(test_share_keeps_the_order)
{
    limits.turn_messages = 1;
    shut();
    open_with(&ops_answering);
    give("a\nb\nc\n", 6);
    turn();
    ck_told("a");
    give("d\n", 2);
    give_end();
    settle();
    turn();
    ck_told("b c d end");
}
END_TEST

/* A short request may have a long answer: what it costs goes by that. */
START_TEST(test_share_of_output)
{
    shut();
    open_with(&ops_answering);
    limits.turn_output = 1000;
    give("a400\nb400\nc400\nd999\ne4000\nf1\n", 29);
    turn();
    ck_told("a b c");
    turn();
    ck_told("d e");
    turn();
    ck_told("f");
    ck_assert_uint_eq(take(sizeof taken), 400 + 400 + 400 + 999 + 4000 + 1);
}
END_TEST

/* Who does not take the answers is not answered, however many requests one read brought. */
START_TEST(test_pause_in_the_midst_of_a_read)
{
    shut();
    open_with(&ops_answering);
    small_buffers();
    limits.output_pause = 50000;
    for (int i = 0; i < 500; i++)
        give("a4000\n", 6);
    for (int i = 0; i < 1000; i++)
        turn();
    ck_assert(conn.output_paused);
    ck_assert_uint_le(conn.output_len, limits.output_pause + 4000);
    ck_assert_uint_lt(told_len, 2 * 100);
    do
        take_all();
    while (conn.backlog);
    ck_assert_uint_eq(told_len, 2 * 500);
    ck_assert_uint_eq(taken_len, 500 * 4000);
    ck_assert(!conn.output_paused);
}
END_TEST

/* The deadline of a header is not for what we have and did not look at. */
START_TEST(test_share_and_deadline)
{
    limits.turn_messages = 1;
    limits.header_timeout_ms = 100;
    give("n\nn\nn", 5);
    turn();
    ck_assert(!timer_is_set(&conn.input_timer));
    timers_turn(&timers, timers.now_us + 1000000);
    turn();
    turn();
    ck_assert(timer_is_set(&conn.input_timer));
    ck_assert_str_eq(short_news(), "n0 n0");
    pass_ms(101);
    ck_told("slow-header");
}
END_TEST

/* In the midst of a backlog; what is left of it goes. */
START_TEST(test_share_and_close)
{
    limits.turn_messages = 1;
    give("n\nn\nn\nn\n", 8);
    turn();
    ck_assert_ptr_nonnull(conn.backlog);
    if (_i == 0)
        conn_ignore_input(&conn);
    else if (_i == 1)
        ignore_in = "header";
    else
        close_in = "header";
    turn();
    ck_assert_ptr_null(conn.backlog);
    ck_assert_int_eq(conn_is_open(&conn), _i < 2);
    ck_assert_str_eq(short_news(), _i ? "n0 n0" : "n0");
    turn();
    ck_told("");
}
END_TEST

/* Before a deadline is believed, or a death, all is handled. */
START_TEST(test_share_and_read_now)
{
    limits.turn_messages = 1;
    give("n\nn\nn\nk1\na", 10);
    conn_read_now(&conn, 0);
    ck_assert_str_eq(short_news(), "n0 n0 n0 k1 =");
}
END_TEST

static TCase *new_case(Suite *suite, const char *name)
{
    TCase *tc = tcase_create(name);
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_set_timeout(tc, 60);
    suite_add_tcase(suite, tc);
    return tc;
}

int main(void)
{
    Suite *suite = suite_create("conn");
    TCase *tc = new_case(suite, "cut");
    tcase_add_test(tc, test_small_at_every_byte);
    tcase_add_test(tc, test_over_budget_at_every_byte);
    tcase_add_test(tc, test_large_at_chosen_places);
    tcase_add_test(tc, test_large_over_budget);
    tcase_add_loop_test(tc, test_in_pieces, 0, 10);
    tcase_add_test(tc, test_read_now);
    tcase_add_test(tc, test_read_now_to_the_end);
    tcase_add_test(tc, test_read_now_reads_all_that_has_arrived);
    tcase_add_test(tc, test_read_now_is_not_held_by_a_peer_that_goes_on);
    tcase_add_test(tc, test_a_thousand_in_one_write);
    tcase_add_test(tc, test_header_of_4096);
    tcase_add_test(tc, test_header_of_4097);
    tcase_add_test(tc, test_no_lf_ever);
    tcase_add_test(tc, test_end_in_the_midst);
    tcase_add_test(tc, test_ignored_from_a_header_on);
    tcase_add_test(tc, test_ignored_from_a_message_on);
    tcase_add_test(tc, test_ignored_while_a_payload_arrives);

    tc = new_case(suite, "ends");
    tcase_add_loop_test(tc, test_close_in_callback, 0, SUPPORT_COUNT(closings));
    tcase_add_test(tc, test_close_while_payload_arrives);
    tcase_add_test(tc, test_close_another);
    tcase_add_test(tc, test_gone_by_reset);
    tcase_add_test(tc, test_gone_by_write);
    tcase_add_test(tc, test_tcp_reset);
    tcase_add_test(tc, test_tcp_reset_behind_the_end);
    tcase_add_test(tc, test_half_closed_is_silent);
    tcase_add_test(tc, test_shut_output);

    tc = new_case(suite, "output");
    tcase_add_test(tc, test_nothing_is_sent_before_the_chores);
    tcase_add_test(tc, test_room_is_written_in_place);
    tcase_add_loop_test(tc, test_order, 0, 2);
    tcase_add_test(tc, test_by_reference);
    tcase_add_test(tc, test_nothing_to_write);
    tcase_add_test(tc, test_slow_reader);
    tcase_add_test(tc, test_output_is_charged);
    tcase_add_test(tc, test_forced_is_output);
    tcase_add_test(tc, test_half_there_is_given_up);
    tcase_add_test(tc, test_pause);
    tcase_add_test(tc, test_no_pause_below);
    tcase_add_test(tc, test_pause_and_end);
    tcase_add_test(tc, test_close_in_flushed);
    tcase_add_test(tc, test_echo);

    tc = new_case(suite, "share");
    tcase_add_test(tc, test_share_of_messages);
    tcase_add_test(tc, test_share_of_many);
    tcase_add_loop_test(tc, test_share_at_every_byte, 1, 4);
    tcase_add_test(tc, test_share_keeps_the_order);
    tcase_add_test(tc, test_share_of_output);
    tcase_add_test(tc, test_pause_in_the_midst_of_a_read);
    tcase_add_test(tc, test_share_and_deadline);
    tcase_add_loop_test(tc, test_share_and_close, 0, 3);
    tcase_add_test(tc, test_share_and_read_now);

    tc = new_case(suite, "deadlines");
    tcase_add_test(tc, test_silence);
    tcase_add_test(tc, test_header_deadline);
    tcase_add_test(tc, test_header_deadline_trickle);
    tcase_add_test(tc, test_header_in_time);
    tcase_add_test(tc, test_payload_deadline);
    tcase_add_loop_test(tc, test_payload_deadline_kinds, 0, 2);
    tcase_add_test(tc, test_deadline_with_unread_input);
    tcase_add_test(tc, test_deadline_with_unread_input_incomplete);
    tcase_add_loop_test(tc, test_clock_stands_still, 0, 2);
    tcase_add_test(tc, test_clock_starts_standing_still);
    tcase_add_test(tc, test_clock_stands_still_often);
    tcase_add_test(tc, test_deadline_ends_with_the_input);
    tcase_add_test(tc, test_deadline_ends_with_ignoring);
    tcase_add_test(tc, test_output_deadline);
    tcase_add_test(tc, test_output_deadline_progress);
    tcase_add_loop_test(tc, test_close_in_slow, 0, 3);
    tcase_add_test(tc, test_no_limits);

    tc = new_case(suite, "own bugs");
    tcase_add_test_raise_signal(tc, test_shut_with_output, SIGABRT);
    tcase_add_test_raise_signal(tc, test_expect_nothing, SIGABRT);
    tcase_add_test_raise_signal(tc, test_expect_twice, SIGABRT);
    tcase_add_test_raise_signal(tc, test_room_when_closed, SIGABRT);
    tcase_add_test_raise_signal(tc, test_gone_must_close, SIGABRT);
    return run_suite(suite);
}
