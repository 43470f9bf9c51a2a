/* conn: see conn.h. */
#include "net/conn.h"
#include "net/conn_internal.h"

#include "base/clock.h"
#include "common/limits.h"
#include "common/log.h"
#include "common/xmalloc.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sysexits.h>
#include <unistd.h>

enum {
    IOV_COUNT = 64,               /* pieces in one write */
    WRITE_TURN_MAX = 1024 * 1024, /* bytes written to one connection in one turn, */
    WRITE_TURN_MIN = 64 * 1024,   /* and when many are written to */
    READ_MIN = 16 * 1024,         /* bytes that are asked for at a time, however many ask */
    BEHIND_MS = 10,               /* a deadline is put off by this while unread input waits */
};

static void on_event(evutil_socket_t fd, short what, void *arg);
static void unmark_dirty(struct conn *conn);
static void on_input_timer(void *arg);
static void on_output_timer(void *arg);

/* --- opening and closing --- */

/*
 * After EOF the descriptor stays in the poll set edge-triggered: level-triggered it would report
 * the EOF for ever, and taken out a later reset would go unnoticed.
 */
static int update_interest(struct conn *conn)
{
    short interest = EV_PERSIST;
    if (conn->input_ended)
        interest |= EV_READ | EV_ET;
    else if (!conn->output_paused)
        interest |= EV_READ;
    if (conn->output_blocked)
        interest |= EV_WRITE;
    /* Edge-triggered, it is added anew each time, so that what is ready already is reported once
     * more. */
    if (interest == conn->interest && !(interest & EV_ET))
        return 0;
    if (conn->interest)
        event_del(&conn->event);
    conn->interest = interest;
    if (!(interest & (EV_READ | EV_WRITE))) {
        conn->interest = 0;
        return 0;
    }
    if (event_assign(&conn->event, conn->loop->base, conn->fd, interest, on_event, conn) < 0 ||
        event_add(&conn->event, NULL) < 0) {
        conn->interest = 0;
        return -1;
    }
    return 0;
}

static void gone(struct conn *conn, const char *why)
{
    conn->ops->gone(conn, why);
    bug_on(conn_is_open(conn));
}

static void interest_or_gone(struct conn *conn)
{
    if (conn_is_open(conn) && update_interest(conn) < 0)
        gone(conn, "the event loop does not take its descriptor");
}

int conn_open(struct conn *conn, struct conn_loop *loop, int fd, const struct conn_ops *ops,
              const struct conn_limits *limits)
{
    *conn = (struct conn){.ops = ops, .loop = loop, .limits = limits, .fd = fd};
    TAILQ_INIT(&conn->output);
    timer_init(&conn->input_timer, on_input_timer, conn);
    timer_init(&conn->output_timer, on_output_timer, conn);
    return update_interest(conn);
}

static void free_backlog(struct conn *conn, char *backlog)
{
    free(backlog);
    conn->loop->backlogs--;
}

static void drop_input(struct conn *conn)
{
    free(conn->partial);
    conn->partial = NULL;
    conn->partial_len = 0;
    if (conn->backlog)
        free_backlog(conn, conn->backlog);
    conn->backlog = NULL;
    payload_unref(conn->payload);
    conn->payload = NULL;
}

void conn_close(struct conn *conn)
{
    if (!conn_is_open(conn))
        return;
    if (conn->interest)
        event_del(&conn->event);
    timer_clear(conn->loop->timers, &conn->input_timer);
    timer_clear(conn->loop->timers, &conn->output_timer);
    close(conn->fd);
    conn->fd = -1;
    conn_output_drop(conn);
    drop_input(conn);
    unmark_dirty(conn);
    conn_turn_leave(conn);
    conn_unread_leave(conn);
    TAILQ_INSERT_TAIL(&conn->loop->dead, conn, turn_link);
}

bool conn_is_open(const struct conn *conn)
{
    return conn->fd >= 0;
}

/* --- input --- */

static void start_input_clock(struct conn *conn, uint32_t timeout_ms)
{
    conn->input_left_us = 0;
    conn->input_limit_ms = timeout_ms;
    if (!timeout_ms)
        return;
    if (conn->output_paused)
        conn->input_left_us = timeout_ms * 1000ull;
    else
        timer_set_ms(conn->loop->timers, &conn->input_timer, timeout_ms);
}

static void stop_input_clock(struct conn *conn)
{
    conn->input_left_us = 0;
    timer_clear(conn->loop->timers, &conn->input_timer);
}

/* The clock of a peer's deadline runs only while it is read from. */
static void pause_input(struct conn *conn, bool pause)
{
    struct timers *timers = conn->loop->timers;
    if (conn->output_paused == pause)
        return;
    conn->output_paused = pause;
    if (pause && timer_is_set(&conn->input_timer)) {
        uint64_t at = conn->input_timer.due.key;
        conn->input_left_us = at > timers->now_us ? at - timers->now_us : 1;
        timer_clear(timers, &conn->input_timer);
    } else if (!pause && conn->input_left_us) {
        timer_set(timers, &conn->input_timer, timers->now_us + conn->input_left_us);
        conn->input_left_us = 0;
    }
    if (!pause && conn->backlog)
        conn_turn_again(conn);
}

/* How much there is to be read. */
static size_t arrived(const struct conn *conn)
{
    int pending = 0;
    return ioctl(conn->fd, FIONREAD, &pending) == 0 && pending > 0 ? (size_t)pending : 0;
}

bool conn_has_unread(const struct conn *conn)
{
    return arrived(conn) > 0;
}

bool conn_is_amid(const struct conn *conn)
{
    return conn->in_payload || conn->partial_len > 0;
}

static void on_input_timer(void *arg)
{
    struct conn *conn = arg;
    /* The peer is late only if we have read all that it sent. */
    if (arrived(conn))
        timer_set_ms(conn->loop->timers, &conn->input_timer, BEHIND_MS);
    else
        conn->ops->slow(conn, conn->in_payload ? CONN_SLOW_PAYLOAD : CONN_SLOW_HEADER);
}

void conn_expect(struct conn *conn, size_t size, bool keep, bool forced)
{
    bug_on(size == 0 || conn->in_payload);
    conn->in_payload = true;
    conn->missing = size;
    conn->keep = keep;
    conn->begun = false;
    conn->over_budget = false;
    conn->forced = forced;
}

void conn_ignore_input(struct conn *conn)
{
    conn->input_ignored = true;
    stop_input_clock(conn);
    drop_input(conn);
}

static void give_up_payload(struct conn *conn)
{
    payload_unref(conn->payload);
    conn->payload = NULL;
    conn->keep = false;
    conn->over_budget = true;
}

static void payload_whole(struct conn *conn)
{
    struct payload *payload = conn->payload;
    conn->payload = NULL;
    conn->in_payload = false;
    stop_input_clock(conn);
    conn->ops->message(conn, payload, conn->over_budget);
}

static void begin_payload(struct conn *conn, size_t ready)
{
    struct payload_budget *budget = conn->forced ? conn->loop->output : conn->loop->budget;
    conn->begun = true;
    conn->payload = payload_new(budget, conn->missing, ready, conn->forced);
}

/* Since its last bytes came, the payload may have been given up for another one. */
static size_t take_payload(struct conn *conn, const char *data, size_t len)
{
    size_t n = len < conn->missing ? len : conn->missing;
    bool first = conn->keep && !conn->begun;
    if (first)
        begin_payload(conn, n);
    if (conn->keep && (!conn->payload || payload_append(conn->payload, data, n) < 0))
        give_up_payload(conn);
    conn->missing -= n;
    if (!conn->missing)
        payload_whole(conn);
    else if (first && conn->payload && !conn->forced)
        payload_arrives(&conn->payload);
    return n;
}

/* Keeps the beginning of a header until the rest of it comes. */
static void keep_partial(struct conn *conn, const char *data, size_t len)
{
    if (len && !conn->partial_len)
        start_input_clock(conn, conn->limits->header_timeout_ms);
    bug_on(len >= CONN_READ_MAX);
    conn->partial = xrealloc(conn->partial, len ? len : 1);
    memcpy(conn->partial, data, len);
    conn->partial_len = (uint32_t)len;
}

static size_t take_header(struct conn *conn, char *data, size_t len)
{
    ssize_t end = conn->ops->header_end(data, len);
    if (end < 0) {
        conn->ops->header_too_long(conn);
        return len;
    }
    if (end == 0) {
        keep_partial(conn, data, len);
        return len;
    }
    if (conn->partial_len) {
        conn->partial_len = 0;
        stop_input_clock(conn);
    }
    conn->ops->header(conn, data, (size_t)end);
    return (size_t)end;
}

/* What a connection may have in one go. Worked out once, when it has had the first header. */
struct share {
    size_t headers;
    size_t output;  /* bytes that wait, at most */
    size_t look_at; /* bytes of input at which the clock is looked at next */
};

static struct share share_of(const struct conn *conn, size_t output_before)
{
    const struct conn_limits *limits = conn->limits;
    size_t crowd = conn_turn_crowd(conn->loop);
    struct share share = {SIZE_MAX, limits->output_pause, CONN_CLOCK_BYTES};
    if (limits->turn_messages)
        share.headers = conn_turn_share(crowd, limits->turn_messages, 8);
    if (limits->turn_output) {
        size_t output = output_before + conn_turn_share(crowd, limits->turn_output, 1024) - 1;
        share.output = output < share.output ? output : share.output;
    }
    return share;
}

/*
 * Hands over the messages in `data`; an incomplete header is kept. Returns how much of it is done
 * with: what lies behind is beyond this turn's share, and begins with a header. At least one
 * message is handled, so that it goes on whatever the limits are.
 */
static size_t consume(struct conn *conn, char *data, size_t len)
{
    size_t at = 0, headers = 0, output_before = conn->output_len;
    struct share share = {0, 0, 0};
    while (at < len && conn_is_open(conn) && !conn->input_ignored) {
        if (conn->in_payload) {
            at += take_payload(conn, data + at, len - at);
            continue;
        }
        if (headers == 1)
            share = share_of(conn, output_before);
        if (headers && (headers >= share.headers || conn->output_len > share.output ||
                        (at >= share.look_at && conn_turn_slice_over(conn, &share.look_at, at))))
            break;
        at += take_header(conn, data + at, len - at);
        headers++;
    }
    if (!conn_is_open(conn) || conn->input_ignored)
        return len;
    if (conn->in_payload && !timer_is_set(&conn->input_timer) && !conn->input_left_us)
        start_input_clock(conn, conn->limits->payload_timeout_ms);
    if (conn->partial && !conn->partial_len) {
        free(conn->partial);
        conn->partial = NULL;
    }
    return at;
}

static void set_backlog(struct conn *conn, char *data, size_t at, size_t len)
{
    conn->backlog = data;
    conn->backlog_at = (uint32_t)at;
    conn->backlog_len = (uint32_t)len;
    conn_turn_again(conn);
}

static void consume_read(struct conn *conn, char *data, size_t len)
{
    size_t done = consume(conn, data, len);
    if (done == len)
        return;
    char *rest = xmalloc(len - done);
    memcpy(rest, data + done, len - done);
    conn->loop->backlogs++;
    set_backlog(conn, rest, 0, len - done);
}

/* A callback may close the connection or drop its input while the messages lie here. */
static size_t consume_backlog(struct conn *conn)
{
    char *data = conn->backlog;
    size_t at = conn->backlog_at, len = conn->backlog_len;
    conn->backlog = NULL;
    size_t done = consume(conn, data + at, len - at);
    if (at + done < len)
        set_backlog(conn, data, at + done, len);
    else
        free_backlog(conn, data);
    return done;
}

/* A payload that is under way is read straight to its place, what follows it into the loop's
 * buffer. */
static ssize_t read_some(struct conn *conn)
{
    struct iovec iov[2] = {{.iov_len = 0}, {.iov_base = conn->loop->buffer}};
    size_t room = 0;
    if (conn->in_payload && conn->payload && !conn->input_ignored) {
        iov[0].iov_base = payload_room(conn->payload, &room);
        if (!iov[0].iov_base)
            give_up_payload(conn);
        else
            iov[0].iov_len = room < conn->missing ? room : conn->missing;
    }
    memcpy(conn->loop->buffer, conn->partial ? conn->partial : "", conn->partial_len);
    iov[1].iov_base = conn->loop->buffer + conn->partial_len;
    iov[1].iov_len =
        conn_turn_share(conn_turn_crowd(conn->loop), CONN_READ_MAX, READ_MIN) - conn->partial_len;
    size_t direct = iov[0].iov_len;
    ssize_t got =
        direct ? readv(conn->fd, iov, 2) : read(conn->fd, iov[1].iov_base, iov[1].iov_len);
    conn->loop->reads++;
    conn->has_more = got > 0 && (size_t)got == direct + iov[1].iov_len;
    if (got <= 0)
        return got;
    size_t in_place = (size_t)got < direct ? (size_t)got : direct;
    if (in_place) {
        payload_commit(conn->payload, in_place);
        conn->missing -= in_place;
        if (!conn->missing)
            payload_whole(conn);
    }
    size_t rest = (size_t)got - in_place;
    if (rest && conn_is_open(conn) && !conn->input_ignored)
        consume_read(conn, conn->loop->buffer, conn->partial_len + rest);
    return got;
}

/* Behind the end of input read() has nothing to say but the end, once more. */
static int pending_error(const struct conn *conn)
{
    int error = 0;
    socklen_t len = sizeof error;
    return getsockopt(conn->fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0 ? errno : error;
}

/* One read, or what an earlier one left; false when there is no more for now, or ever. */
static bool read_once(struct conn *conn, size_t *got)
{
    bug_on(conn->loop->reading); /* there is one buffer */
    conn->loop->reading = true;
    ssize_t n = conn->backlog ? (ssize_t)consume_backlog(conn) : read_some(conn);
    conn->loop->reading = false;
    *got = n > 0 ? (size_t)n : 0;
    conn->heard |= n > 0;
    if (n > 0)
        return conn_is_open(conn);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return false;
    if (n < 0) {
        gone(conn, strerror(errno));
        return false;
    }
    int error = conn->input_ended ? pending_error(conn) : 0;
    if (error) {
        gone(conn, strerror(error));
        return false;
    }
    stop_input_clock(conn);
    if (!conn->input_ended) {
        conn->input_ended = true;
        conn->ops->input_end(conn);
        interest_or_gone(conn);
    }
    return false;
}

void conn_read_now(struct conn *conn, size_t more)
{
    size_t limit = more + arrived(conn), total = 0, got;
    while (conn_is_open(conn) && (conn->backlog || total < limit)) {
        bool anew = !conn->backlog; /* else these bytes have been counted */
        if (!read_once(conn, &got))
            return;
        if (anew)
            total += got;
    }
}

void conn_serve(struct conn *conn, short what)
{
    size_t got;
    if (what & EV_WRITE)
        conn_flush(conn);
    if (!conn_is_open(conn) || (conn->output_paused && !conn->input_ended))
        return;
    if (conn->backlog || what & EV_READ)
        read_once(conn, &got);
    conn->greedy = conn->has_more || conn->backlog;
}

static void on_event(evutil_socket_t fd, short what, void *arg)
{
    struct conn *conn = arg;
    uint64_t now = clock_us();
    (void)fd;
    timers_turn(conn->loop->timers, now);
    if (conn_turn_may_serve(conn, now))
        conn_serve(conn, what);
    else
        conn_turn_put_off(conn, what);
}

void conn_poll(struct conn *conn)
{
    if (conn_turn_has_time(conn->loop, clock_us()))
        conn_serve(conn, EV_READ);
    else
        conn_turn_put_off(conn, EV_READ);
}

/* --- output --- */

void conn_set_dirty(struct conn *conn)
{
    conn->is_dirty = true;
    conn->loop->dirty_count++;
    TAILQ_INSERT_TAIL(&conn->loop->dirty, conn, dirty_link);
}

/* Writes until the kernel takes no more, or the turn's share is used up. -1 when the peer is gone.
 */
static int write_some(struct conn *conn)
{
    size_t turn = 0, total;
    size_t most = conn_turn_share(conn->loop->dirty_count, WRITE_TURN_MAX, WRITE_TURN_MIN);
    struct iovec iov[IOV_COUNT];
    while (conn->output_len && turn < most) {
        struct msghdr message = {.msg_iov = iov};
        message.msg_iovlen = (size_t)conn_output_gather(conn, iov, IOV_COUNT, most - turn, &total);
        ssize_t n = sendmsg(conn->fd, &message, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return errno == EAGAIN ? 0 : -1;
        conn_output_written(conn, (size_t)n);
        if (conn->is_unread && n)
            conn_unread_keep(conn);
        turn += (size_t)n;
        if (conn->limits->output_timeout_ms && timer_is_set(&conn->output_timer))
            timer_set_ms(conn->loop->timers, &conn->output_timer, conn->limits->output_timeout_ms);
        if ((size_t)n < total)
            return 0;
    }
    return 0;
}

static void unmark_dirty(struct conn *conn)
{
    if (!conn->is_dirty)
        return;
    conn->is_dirty = false;
    conn->loop->dirty_count--;
    TAILQ_REMOVE(&conn->loop->dirty, conn, dirty_link);
}

/* The peer does not take its output: a deadline begins, and the peer is not read from meanwhile.
 * How much output there may be is for its makers to see to. */
static void hold_output(struct conn *conn)
{
    unmark_dirty(conn);
    conn->output_blocked = true;
    if (!conn->is_unread)
        conn_unread_keep(conn);
    if (conn->limits->output_timeout_ms && !timer_is_set(&conn->output_timer))
        timer_set_ms(conn->loop->timers, &conn->output_timer, conn->limits->output_timeout_ms);
    if (conn->output_len > conn->limits->output_pause)
        pause_input(conn, true);
    interest_or_gone(conn);
}

static void output_is_out(struct conn *conn)
{
    conn->output_blocked = false;
    conn_unread_leave(conn);
    timer_clear(conn->loop->timers, &conn->output_timer);
    pause_input(conn, false);
    interest_or_gone(conn);
    if (conn_is_open(conn) && conn->ops->flushed)
        conn->ops->flushed(conn);
}

void conn_flush(struct conn *conn)
{
    size_t before = conn->output_len;
    unmark_dirty(conn);
    if (write_some(conn) < 0) {
        gone(conn, strerror(errno));
    } else if (!conn->output_len) {
        output_is_out(conn);
    } else {
        hold_output(conn);
        if (conn_is_open(conn) && conn->output_len < before && conn->ops->taken)
            conn->ops->taken(conn);
    }
}

void conn_write_turn(struct conn *conn)
{
    if (conn->output_blocked)
        hold_output(conn);
    else
        conn_flush(conn);
}

static void on_output_timer(void *arg)
{
    struct conn *conn = arg;
    size_t before = conn->output_len;
    conn_flush(conn); /* it may have made room since we looked last */
    if (!conn_is_open(conn) || conn->output_len < before)
        return;
    timer_clear(conn->loop->timers, &conn->output_timer);
    conn->ops->slow(conn, CONN_SLOW_OUTPUT);
}

void conn_shut_output(struct conn *conn)
{
    bug_on(conn->output_len);
    if (shutdown(conn->fd, SHUT_WR) < 0 && errno != ENOTCONN)
        gone(conn, strerror(errno));
}
