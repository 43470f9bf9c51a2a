/*
 * conn_line: whether a ready connection is served at once, or waits in a line, and how much a
 * connection may have in a turn.
 *
 * One poll may tell of thousands of connections, each with the most expensive requests. So all
 * connections together have a time in each turn of the loop, and one connection has a slice of it.
 * The others wait in three lines: clients with little to say in their last turn, workers, and
 * greedy clients, which used their whole share.
 *
 * Half of the turn is for the first line. Most of its clients are served at once. The three lines
 * share the other half. So a ping waits neither for four hundred floods nor for the end of three
 * thousand workers, and a flood goes on beside four hundred pings. Each line is first in, first
 * out.
 *
 * One line for all would be simpler, and fair. But then a ping would wait for a slice of each
 * flood.
 */
#include "net/conn_internal.h"

#include "base/clock.h"

enum { CROWD = 16 }; /* connections; with more of them each has less */

/* --- a connection's share --- */

size_t conn_line_share(size_t many, size_t whole, size_t floor)
{
    size_t share = whole / (1 + many / CROWD);
    size_t least = floor < whole ? floor : whole;
    return share > least ? share : least;
}

/* The timers' clock was read at the start of the slice. A slice is short while fresh connections
 * wait: a connection in its first flood is still one of them. */
bool conn_line_slice_over(const struct conn *conn, size_t *look_at, size_t at)
{
    const struct conn_loop *loop = conn->loop;
    *look_at = at + CONN_CLOCK_BYTES;
    uint64_t slice_us = loop->slice_us;
    if (!conn->greedy && !TAILQ_EMPTY(&loop->lines[CONN_FRESH]) && slice_us > loop->short_us)
        slice_us = loop->short_us;
    return clock_us() >= loop->timers->now_us + slice_us;
}

size_t conn_line_crowd(const struct conn_loop *loop)
{
    return loop->backlogs > loop->waiting ? loop->backlogs : loop->waiting;
}

/* --- the lines --- */

uint64_t conn_line_part_over(struct conn_loop *loop, enum conn_line line, uint64_t now_us)
{
    static const uint64_t quarters[CONN_LINES] = {
        [CONN_FRESH] = 2, [CONN_OWN] = 3, [CONN_GREEDY] = 4};
    if (!loop->began_us)
        loop->began_us = now_us;
    return loop->began_us + loop->turn_us * quarters[line] / 4;
}

/* A reader of large results is no less greedy than a writer of many requests. */
static enum conn_line line_of(const struct conn *conn)
{
    uint64_t much = conn->limits->turn_output;
    if (conn->limits->own)
        return CONN_OWN;
    return conn->limits->behind || conn->greedy || (much && conn->output_len > much) ? CONN_GREEDY
                                                                                     : CONN_FRESH;
}

bool conn_line_has_time(struct conn_loop *loop, uint64_t now_us)
{
    return now_us < conn_line_part_over(loop, CONN_FRESH, now_us);
}

bool conn_line_may_serve(const struct conn *conn, uint64_t now_us)
{
    struct conn_loop *loop = conn->loop;
    enum conn_line line = line_of(conn);
    return conn_line_has_time(loop, now_us) && line != CONN_GREEDY &&
           TAILQ_EMPTY(&loop->lines[line]) && !conn->waits_among;
}

static void join(struct conn *conn, struct conn_list *line)
{
    if (conn->waits_among)
        return;
    conn->waits_among = line;
    conn->loop->waiting++;
    conn->ready = 0;
    TAILQ_INSERT_TAIL(line, conn, turn_link);
}

void conn_line_put_off(struct conn *conn, short events)
{
    join(conn, &conn->loop->lines[line_of(conn)]);
    conn->ready |= events;
}

void conn_line_again(struct conn *conn)
{
    join(conn, &conn->loop->later);
}

void conn_line_leave(struct conn *conn)
{
    if (!conn->waits_among)
        return;
    TAILQ_REMOVE(conn->waits_among, conn, turn_link);
    conn->waits_among = NULL;
    conn->loop->waiting--;
}

void conn_line_return(struct conn *conn)
{
    conn_line_leave(conn);
    join(conn, &conn->loop->lines[line_of(conn)]);
}
