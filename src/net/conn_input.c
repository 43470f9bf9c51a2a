/*
 * conn_input: reads a connection, and cuts the input into messages.
 *
 * A message is a header, then perhaps a payload. All connections of a loop read into one buffer,
 * and a header is handed over from there. A payload on its way is read straight to its place. Only
 * an incomplete header, or the backlog beyond the connection's share of the turn, is copied and
 * kept.
 */
#include "net/conn_internal.h"

#include "common/log.h"
#include "common/xmalloc.h"
#include "net/transport.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    READ_MIN = 16 * 1024, /* bytes asked for in one read, however many connections share the turn */
    METERED_AHEAD =
        64 * 1024,        /* room for a metered payload before its bytes are known to be here */
    METERED_BEHIND = 256, /* bytes read behind a metered payload: the next header */
    BEHIND_MS = 10,       /* a deadline moves on by this while unread input waits */
};

/* --- the deadline of a header or payload --- */

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

void conn_input_pause(struct conn *conn, bool pause)
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
        conn_line_again(conn);
}

static void on_input_timer(void *arg)
{
    struct conn *conn = arg;
    /* The peer is late only if all of its input has been read. */
    if (transport_arrived(conn->fd))
        timer_set_ms(conn->loop->timers, &conn->input_timer, BEHIND_MS);
    else
        conn->ops->slow(conn, conn->in_payload ? CONN_SLOW_PAYLOAD : CONN_SLOW_HEADER);
}

/* --- payloads --- */

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

/* `ready` bytes are at hand. A metered payload is mostly here already, and is read in one piece. */
static void begin_payload(struct conn *conn, size_t ready)
{
    struct payload_budget *budget = conn->forced ? conn->loop->output : conn->loop->budget;
    if (conn->metered)
        ready = conn->missing < METERED_AHEAD ? conn->missing : METERED_AHEAD;
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

/* --- headers --- */

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

bool conn_is_amid(const struct conn *conn)
{
    return conn->in_payload || conn->partial_len > 0;
}

static size_t take_header(struct conn *conn, char *data, size_t len)
{
    ssize_t end = conn->ops->header_end(conn, data, len);
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
    return conn->input_held ? 0 : (size_t)end;
}

/* --- a turn's share, and the backlog behind it --- */

/* A connection's share of one turn. Worked out once, after the first header. */
struct share {
    size_t headers;
    size_t output;  /* the most waiting bytes */
    size_t look_at; /* the next look at the clock, in bytes of input */
};

static struct share share_of(const struct conn *conn, size_t output_before)
{
    const struct conn_limits *limits = conn->limits;
    size_t crowd = conn_line_crowd(conn->loop);
    struct share share = {SIZE_MAX, limits->output_pause + conn->output_spared, CONN_CLOCK_BYTES};
    if (limits->turn_messages)
        share.headers = conn_line_share(crowd, limits->turn_messages, 8);
    if (limits->turn_output) {
        size_t output = output_before + conn_line_share(crowd, limits->turn_output, 1024) - 1;
        share.output = output < share.output ? output : share.output;
    }
    return share;
}

/*
 * Hands over the messages in `data`; an incomplete header is kept. Returns the number of handled
 * bytes. The rest is beyond this turn's share or held, and begins with a header. At least one
 * message is handled, whatever the limits are.
 */
static size_t consume(struct conn *conn, char *data, size_t len)
{
    size_t at = 0, headers = 0, output_before = conn->output_len;
    struct share share = {0, 0, 0};
    while (at < len && conn_is_open(conn) && !conn->input_ignored && !conn->input_held) {
        if (conn->in_payload) {
            at += take_payload(conn, data + at, len - at);
            continue;
        }
        if (headers == 1)
            share = share_of(conn, output_before);
        if (conn->costly) {
            conn->costly = false;
            share.look_at = at;
        }
        if (headers && (headers >= share.headers || conn->output_len > share.output ||
                        (at >= share.look_at && conn_line_slice_over(conn, &share.look_at, at))))
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

static void free_backlog(struct conn *conn, char *backlog)
{
    free(backlog);
    conn->loop->backlogs--;
}

static void set_backlog(struct conn *conn, char *data, size_t at, size_t len)
{
    conn->backlog = data;
    conn->backlog_at = (uint32_t)at;
    conn->backlog_len = (uint32_t)len;
    if (!conn->input_held)
        conn_line_again(conn);
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

/* --- reading --- */

/* The place of the arriving payload's next bytes; of no length if they are not read there. */
static struct iovec payload_place(struct conn *conn)
{
    size_t room = 0;
    if (!conn->in_payload || conn->input_ignored)
        return (struct iovec){.iov_len = 0};
    if (conn->metered && conn->keep && !conn->begun)
        begin_payload(conn, 0);
    if (!conn->payload)
        return (struct iovec){.iov_len = 0};
    char *place = payload_room(conn->payload, &room);
    if (!place)
        give_up_payload(conn);
    return (struct iovec){place, room < conn->missing ? room : conn->missing};
}

/* Bytes to be read into the loop's buffer, behind `direct` bytes of a payload. */
static size_t buffer_share(const struct conn *conn, size_t direct)
{
    size_t share = conn_line_share(conn_line_crowd(conn->loop), CONN_READ_MAX, READ_MIN);
    size_t metered = direct ? METERED_BEHIND : conn->metered;
    return conn->metered && metered < share ? metered : share;
}

/* Reads an arriving payload straight to its place, and the bytes behind it into the loop's buffer.
 */
static ssize_t read_some(struct conn *conn)
{
    struct iovec iov[2] = {payload_place(conn), {.iov_base = conn->loop->buffer}};
    size_t direct = iov[0].iov_len;
    memcpy(conn->loop->buffer, conn->partial ? conn->partial : "", conn->partial_len);
    iov[1].iov_base = conn->loop->buffer + conn->partial_len;
    iov[1].iov_len = buffer_share(conn, direct) - conn->partial_len;
    ssize_t got = transport_read(conn->fd, iov);
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

/* Reads once, or takes the backlog. False when no more input is there, for now or for ever, or the
 * backlog is held again at its first header. */
static bool read_once(struct conn *conn, size_t *got)
{
    bug_on(conn->loop->reading); /* there is one buffer */
    bool has_backlog = conn->backlog;
    conn->loop->reading = true;
    ssize_t n = has_backlog ? (ssize_t)consume_backlog(conn) : read_some(conn);
    conn->loop->reading = false;
    *got = n > 0 ? (size_t)n : 0;
    conn->heard |= n > 0;
    if (n > 0) {
        conn->heard_us = conn->loop->timers->now_us;
        return conn_is_open(conn);
    }
    if (has_backlog)
        return false;
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return false;
    if (n < 0) {
        conn_gone(conn, strerror(errno));
        return false;
    }
    int error = conn->input_ended ? transport_error(conn->fd) : 0;
    if (error) {
        conn_gone(conn, strerror(error));
        return false;
    }
    stop_input_clock(conn);
    if (!conn->input_ended) {
        conn->input_ended = true;
        conn->ops->input_end(conn);
        conn_interest_update_or_gone(conn);
    }
    return false;
}

bool conn_has_unread(const struct conn *conn)
{
    return transport_arrived(conn->fd) > 0;
}

void conn_read_now(struct conn *conn, size_t more)
{
    size_t limit = more + transport_arrived(conn->fd), total = 0, got;
    while (conn_is_open(conn) && !conn->input_held && (conn->backlog || total < limit)) {
        bool anew = !conn->backlog; /* else these bytes have been counted */
        if (!read_once(conn, &got))
            return;
        if (anew)
            total += got;
    }
}

/* --- beginning and end --- */

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

void conn_ignore_input(struct conn *conn)
{
    conn->input_ignored = true;
    conn_release_input(conn);
    stop_input_clock(conn);
    drop_input(conn);
}

void conn_input_init(struct conn *conn)
{
    timer_init(&conn->input_timer, on_input_timer, conn);
}

void conn_input_end(struct conn *conn)
{
    timer_clear(conn->loop->timers, &conn->input_timer);
    drop_input(conn);
}

/* Behind a metered header, mostly the backlog after a hold, the payload is read in the same turn.
 */
void conn_input_read(struct conn *conn)
{
    size_t got;
    bool is_behind = conn->metered && conn->backlog;
    if (read_once(conn, &got) && is_behind && conn->in_payload)
        read_once(conn, &got);
}
