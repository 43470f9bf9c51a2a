/* conn: see conn.h. This file opens, serves and closes a connection. */
#include "net/conn.h"
#include "net/conn_internal.h"

#include "base/clock.h"
#include "net/transport.h"

#include <string.h>

/* The input is held, and its end is the connection's. */
static void look_for_end(struct conn *conn, short events)
{
    int error = events & EV_WRITE ? transport_error(conn->fd) : 0;
    if (error)
        conn_gone(conn, strerror(error));
    else if (events & EV_CLOSED)
        conn_gone(conn, "end of input");
}

void conn_serve(struct conn *conn, short events)
{
    if (events & EV_WRITE && conn->output_blocked)
        conn_flush(conn);
    if (conn_is_open(conn) && conn->input_held && conn->end_watched)
        look_for_end(conn, events);
    if (!conn_is_open(conn) || !conn_interest_follow(conn))
        return;
    if (conn->backlog || events & EV_READ)
        conn_input_read(conn);
    conn->greedy = conn->has_more || conn->backlog;
}

static void on_event(evutil_socket_t fd, short events, void *arg)
{
    struct conn *conn = arg;
    uint64_t now = clock_us();
    (void)fd;
    timers_turn(conn->loop->timers, now);
    if (conn_line_may_serve(conn, now))
        conn_serve(conn, events);
    else
        conn_line_put_off(conn, events);
}

int conn_open(struct conn *conn, struct conn_loop *loop, int fd, const struct conn_ops *ops,
              const struct conn_limits *limits)
{
    *conn = (struct conn){.ops = ops, .loop = loop, .limits = limits, .fd = fd};
    conn->heard_us = loop->timers->now_us;
    conn_input_init(conn);
    conn_output_init(conn);
    if (event_assign(&conn->event, loop->base, fd, EV_PERSIST, on_event, conn) < 0)
        return -1;
    if (conn_interest_update(conn) < 0)
        return -1;
    loop->open++;
    return 0;
}

void conn_close(struct conn *conn)
{
    if (!conn_is_open(conn))
        return;
    conn_interest_end(conn);
    transport_close(conn->fd);
    conn->fd = -1;
    conn->loop->open--;
    conn_input_end(conn);
    conn_output_end(conn);
    conn_line_leave(conn);
    conn_unread_leave(conn);
    TAILQ_INSERT_TAIL(&conn->loop->dead, conn, turn_link);
}

void conn_poll(struct conn *conn)
{
    if (conn_line_has_time(conn->loop, clock_us()))
        conn_serve(conn, EV_READ);
    else
        conn_line_put_off(conn, EV_READ);
}
