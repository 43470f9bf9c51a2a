/*
 * conn_output: writes a connection's output, and watches for peers that stop reading.
 *
 * Output is gathered (conn_queue.c) and written once in a turn of the loop, with one call where one
 * suffices. A write event is armed only while the kernel takes no more.
 */
#include "net/conn_internal.h"

#include "common/log.h"
#include "net/transport.h"

#include <errno.h>
#include <string.h>

enum {
    IOV_COUNT = 64,               /* pieces in one write */
    WRITE_TURN_MAX = 1024 * 1024, /* bytes written to one connection in one turn, */
    WRITE_TURN_MIN = 64 * 1024,   /* and when many are written to */
    KERNEL_MORE_MS = 10000,       /* the kernel's patience is longer than ours by this */
};

/* By itself the kernel gives up a living peer without room, too, and after its own time. */
static void let_kernel_wait(const struct conn *conn)
{
    uint32_t ms = conn->limits->output_timeout_ms;
    if (ms > TRANSPORT_PATIENCE_MS - KERNEL_MORE_MS)
        transport_set_patience(conn->fd, ms + KERNEL_MORE_MS);
}

/* The peer has so long to take something. */
static void start_output_clock(struct conn *conn)
{
    let_kernel_wait(conn);
    timer_set_ms(conn->loop->timers, &conn->output_timer, conn->limits->output_timeout_ms);
    conn->output_untaken = transport_untaken(conn->fd);
}

/* Writes until the kernel takes no more, or the turn's share is used up. -1 when the peer is gone.
 */
static int write_some(struct conn *conn)
{
    size_t turn = 0, total;
    size_t most = conn_line_share(conn->loop->dirty_count, WRITE_TURN_MAX, WRITE_TURN_MIN);
    struct iovec iov[IOV_COUNT];
    while (conn->output_len && turn < most) {
        size_t pieces = conn_queue_gather(conn, iov, IOV_COUNT, most - turn, &total);
        ssize_t n = transport_write(conn->fd, iov, pieces);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return errno == EAGAIN ? 0 : -1;
        conn_queue_written(conn, (size_t)n);
        if (conn->is_unread && n)
            conn_unread_keep(conn);
        turn += (size_t)n;
        if (conn->limits->output_timeout_ms && timer_is_set(&conn->output_timer))
            start_output_clock(conn);
        if ((size_t)n < total)
            return 0;
    }
    return 0;
}

/* The peer does not take its output: a deadline begins, and the peer is not read from meanwhile.
 * How much output there may be is for its makers to see to. */
static void hold_output(struct conn *conn)
{
    conn_queue_unmark(conn);
    conn->output_blocked = true;
    if (!conn->is_unread)
        conn_unread_keep(conn);
    if (conn->limits->output_timeout_ms && !timer_is_set(&conn->output_timer))
        start_output_clock(conn);
    if (conn->output_len > conn->limits->output_pause + conn->output_spared)
        conn_input_pause(conn, true);
    else if (conn->output_len <= conn->output_spared)
        conn_input_pause(conn, false);
    conn_interest_update_or_gone(conn);
}

static void output_is_out(struct conn *conn)
{
    conn->output_blocked = false;
    conn_unread_leave(conn);
    timer_clear(conn->loop->timers, &conn->output_timer);
    conn_input_pause(conn, false);
    conn_interest_update_or_gone(conn);
    if (conn_is_open(conn) && conn->ops->flushed)
        conn->ops->flushed(conn);
}

void conn_flush(struct conn *conn)
{
    size_t before = conn->output_len;
    conn_queue_unmark(conn);
    if (write_some(conn) < 0) {
        conn_gone(conn, strerror(errno));
    } else if (!conn->output_len) {
        output_is_out(conn);
    } else {
        hold_output(conn);
        if (conn_is_open(conn) && conn->output_len < before && conn->ops->taken)
            conn->ops->taken(conn);
    }
}

void conn_output_turn(struct conn *conn)
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
    if (transport_untaken(conn->fd) < conn->output_untaken) { /* or taken too little for room */
        start_output_clock(conn);
        return;
    }
    timer_clear(conn->loop->timers, &conn->output_timer);
    conn->ops->slow(conn, CONN_SLOW_OUTPUT);
}

size_t conn_untaken(const struct conn *conn)
{
    return transport_untaken(conn->fd);
}

void conn_shut_output(struct conn *conn)
{
    bug_on(conn->output_len);
    if (transport_shut_output(conn->fd) < 0)
        conn_gone(conn, strerror(errno));
}

void conn_output_init(struct conn *conn)
{
    TAILQ_INIT(&conn->output);
    timer_init(&conn->output_timer, on_output_timer, conn);
    let_kernel_wait(conn);
}

void conn_output_end(struct conn *conn)
{
    timer_clear(conn->loop->timers, &conn->output_timer);
    conn_queue_drop(conn);
    conn_queue_unmark(conn);
}
