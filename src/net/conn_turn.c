/*
 * conn_turn: a turn of the loop, over all connections: which are served at once, and which wait.
 *
 * A poll may tell of thousands of connections, each with the most expensive requests there are. So
 * a turn has a time for all connections together, and one connection has a slice of that.
 * Connections beyond that wait in three lines: clients that had little to say when they were served
 * last, workers, and clients that used all they may have at a time.
 *
 * Half of the turn is for the first line. Its clients are mostly served at once and wait for
 * nobody. The three lines share the other half. So a ping waits neither behind four hundred floods
 * nor behind three thousand workers that end, and a flood goes on behind four hundred pings. Each
 * line is first in, first out: a connection that was not served in one turn comes first in the
 * next.
 *
 * One line for all would be simpler, and fair; but then a ping would wait for a slice of each
 * flood.
 */
#include "net/conn_internal.h"

#include "base/clock.h"
#include "common/log.h"
#include "common/xmalloc.h"

#include <stdlib.h>
#include <sysexits.h>

enum {
    TURN_US = 5000,  /* for reading, and as much for writing */
    SLICE_US = 1000, /* of that for one connection */
    SHORT_US = 100,  /* ... for a fresh one while others wait; one that takes more is greedy */
    WRITE_BATCH = 8, /* connections that are written to between two looks at the clock */
    FREE_BATCH = 64, /* closed connections freed in one turn */
    CROWD = 16,      /* connections; with more of them each has less */
};

static void on_wake(evutil_socket_t fd, short what, void *arg)
{
    (void)fd, (void)what, (void)arg; /* the chores of this turn do the rest */
}

void conn_loop_init(struct conn_loop *loop, struct event_base *base, struct timers *timers,
                    struct payload_budget *budget, struct payload_budget *output)
{
    *loop = (struct conn_loop){.base = base,
                               .timers = timers,
                               .budget = budget,
                               .output = output,
                               .turn_us = TURN_US,
                               .slice_us = SLICE_US,
                               .short_us = SHORT_US};
    loop->buffer = xmalloc(CONN_READ_MAX);
    TAILQ_INIT(&loop->dirty);
    TAILQ_INIT(&loop->dead);
    TAILQ_INIT(&loop->dropped);
    for (int line = 0; line < CONN_LINES; line++)
        TAILQ_INIT(&loop->lines[line]);
    TAILQ_INIT(&loop->later);
    TAILQ_INIT(&loop->unread);
    if (event_assign(&loop->wake, base, -1, 0, on_wake, loop) < 0)
        fatal(EX_OSERR, "cannot make an event");
}

/* --- a connection's share --- */

size_t conn_turn_share(size_t many, size_t whole, size_t floor)
{
    size_t share = whole / (1 + many / CROWD);
    size_t least = floor < whole ? floor : whole;
    return share > least ? share : least;
}

/* The timers' clock was read when the connection's turn came. A slice is short while fresh
 * connections wait, for a connection that floods for the first time is still one of them. */
bool conn_turn_slice_over(const struct conn *conn, size_t *look_at, size_t at)
{
    const struct conn_loop *loop = conn->loop;
    *look_at = at + CONN_CLOCK_BYTES;
    uint64_t slice_us = loop->slice_us;
    if (!conn->greedy && !TAILQ_EMPTY(&loop->lines[CONN_FRESH]) && slice_us > loop->short_us)
        slice_us = loop->short_us;
    return clock_us() >= loop->timers->now_us + slice_us;
}

size_t conn_turn_crowd(const struct conn_loop *loop)
{
    return loop->backlogs > loop->waiting ? loop->backlogs : loop->waiting;
}

/* --- the lines --- */

/* When the line has had its part of the turn. */
static uint64_t part_over(struct conn_loop *loop, enum conn_line line, uint64_t now_us)
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

bool conn_turn_has_time(struct conn_loop *loop, uint64_t now_us)
{
    return now_us < part_over(loop, CONN_FRESH, now_us);
}

bool conn_turn_may_serve(const struct conn *conn, uint64_t now_us)
{
    struct conn_loop *loop = conn->loop;
    enum conn_line line = line_of(conn);
    return conn_turn_has_time(loop, now_us) && line != CONN_GREEDY &&
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

void conn_turn_put_off(struct conn *conn, short what)
{
    join(conn, &conn->loop->lines[line_of(conn)]);
    conn->ready |= what;
}

void conn_turn_again(struct conn *conn)
{
    join(conn, &conn->loop->later);
}

void conn_turn_leave(struct conn *conn)
{
    if (!conn->waits_among)
        return;
    TAILQ_REMOVE(conn->waits_among, conn, turn_link);
    conn->waits_among = NULL;
    conn->loop->waiting--;
}

/* --- the chores --- */

/* At least the first is served, so that each line moves on whatever the others take. The time. */
static uint64_t serve_line(struct conn_loop *loop, struct conn_list *line, uint64_t now,
                           uint64_t until_us)
{
    struct conn *conn = TAILQ_FIRST(line);
    if (!conn)
        return now;
    do {
        uint64_t began = now;
        short what = conn->ready;
        conn_turn_leave(conn);
        timers_turn(loop->timers, now);
        conn_serve(conn, what);
        now = clock_us();
        conn->greedy |= now - began > loop->short_us;
    } while ((conn = TAILQ_FIRST(line)) && now < until_us);
    return now;
}

/* Time that a line leaves is for the others. */
static void serve_lines(struct conn_loop *loop)
{
    if (!loop->waiting)
        return;
    uint64_t now = clock_us(), until_us = part_over(loop, CONN_GREEDY, now);
    for (int line = 0; line < CONN_LINES; line++)
        now = serve_line(loop, &loop->lines[line], now, part_over(loop, (enum conn_line)line, now));
    for (int line = 0; line < CONN_LINES && now < until_us; line++)
        now = serve_line(loop, &loop->lines[line], now, until_us);
}

/* A connection that was served and has more to do comes behind those that were not. */
static void end_lines(struct conn_loop *loop)
{
    struct conn *conn;
    while ((conn = TAILQ_FIRST(&loop->later))) {
        conn_turn_leave(conn);
        join(conn, &loop->lines[line_of(conn)]);
    }
}

static void write_dirty(struct conn_loop *loop)
{
    uint64_t until_us = 0;
    struct conn *conn;
    for (size_t n = 1; (conn = TAILQ_FIRST(&loop->dirty)); n++) {
        conn_write_turn(conn);
        if (n % WRITE_BATCH)
            continue;
        uint64_t now = clock_us();
        if (!until_us)
            until_us = now + loop->turn_us;
        if (now >= until_us)
            return;
    }
}

/* Each may have a batch of jobs to be dropped. */
static void free_dead(struct conn_loop *loop)
{
    struct conn *conn;
    for (int n = 0; n < FREE_BATCH && (conn = TAILQ_FIRST(&loop->dead)); n++) {
        TAILQ_REMOVE(&loop->dead, conn, turn_link);
        conn->ops->free(conn);
    }
}

static bool is_done(const struct conn_loop *loop)
{
    return !loop->waiting && TAILQ_EMPTY(&loop->dirty) && TAILQ_EMPTY(&loop->dead);
}

void conn_loop_chores(struct conn_loop *loop)
{
    serve_lines(loop);
    write_dirty(loop);
    bool shed = conn_unread_shed(loop);
    free_dead(loop);
    end_lines(loop);
    loop->began_us = 0;
    bool swept = conn_output_sweep(loop);
    if (!shed || !swept || !is_done(loop))
        event_active(&loop->wake, EV_TIMEOUT, 0);
}

void conn_loop_free(struct conn_loop *loop)
{
    event_del(&loop->wake);
    while (!TAILQ_EMPTY(&loop->dead))
        free_dead(loop);
    while (!conn_output_sweep(loop))
        ;
    free(loop->buffer);
}
