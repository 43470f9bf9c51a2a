/*
 * conn_loop: one turn of the loop over all connections: serves the waiting lines, writes gathered
 * output, sheds unread output, and frees closed connections.
 */
#include "net/conn_internal.h"

#include "base/clock.h"
#include "common/log.h"
#include "common/xmalloc.h"

#include <stdlib.h>
#include <sysexits.h>

enum {
    TURN_US = 5000,  /* of a turn for reading, and as much for writing */
    SLICE_US = 1000, /* of a turn for one connection */
    SHORT_US = 100, /* of a turn for a fresh connection while others wait; beyond it a connection is
                       greedy */
    WRITE_BATCH = 8, /* connections written to between two looks at the clock */
    FREE_BATCH = 64, /* closed connections freed in one turn */
};

static void on_wake(evutil_socket_t fd, short events, void *arg)
{
    (void)fd, (void)events, (void)arg; /* wakes the loop; its chores do the rest */
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

/* --- the chores --- */

/* Serves at least the first, so each line moves on, whatever the others take. Returns the time.
 */
static uint64_t serve_line(struct conn_loop *loop, struct conn_list *line, uint64_t now,
                           uint64_t until_us)
{
    struct conn *conn = TAILQ_FIRST(line);
    if (!conn)
        return now;
    do {
        uint64_t began = now;
        short events = conn->ready;
        conn_line_leave(conn);
        timers_turn(loop->timers, now);
        conn_serve(conn, events);
        now = clock_us();
        conn->greedy |= now - began > loop->short_us;
    } while ((conn = TAILQ_FIRST(line)) && now < until_us);
    return now;
}

/* A line's unused time is shared by the other lines. */
static void serve_lines(struct conn_loop *loop)
{
    if (!loop->waiting)
        return;
    uint64_t now = clock_us(), until_us = conn_line_part_over(loop, CONN_GREEDY, now);
    for (int line = 0; line < CONN_LINES; line++)
        now = serve_line(loop, &loop->lines[line], now,
                         conn_line_part_over(loop, (enum conn_line)line, now));
    for (int line = 0; line < CONN_LINES && now < until_us; line++)
        now = serve_line(loop, &loop->lines[line], now, until_us);
}

/* A served connection with more to do comes behind the waiting ones. */
static void end_lines(struct conn_loop *loop)
{
    struct conn *conn;
    while ((conn = TAILQ_FIRST(&loop->later)))
        conn_line_return(conn);
}

static void write_dirty(struct conn_loop *loop)
{
    uint64_t until_us = 0;
    struct conn *conn;
    for (size_t n = 1; (conn = TAILQ_FIRST(&loop->dirty)); n++) {
        conn_output_turn(conn);
        if (n % WRITE_BATCH)
            continue;
        uint64_t now = clock_us();
        if (!until_us)
            until_us = now + loop->turn_us;
        if (now >= until_us)
            return;
    }
}

/* Each connection may have a batch of jobs to be dropped. */
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
    bool swept = conn_queue_sweep(loop);
    if (!shed || !swept || !is_done(loop))
        event_active(&loop->wake, EV_TIMEOUT, 0);
}

void conn_loop_free(struct conn_loop *loop)
{
    event_del(&loop->wake);
    while (!TAILQ_EMPTY(&loop->dead))
        free_dead(loop);
    while (!conn_queue_sweep(loop))
        ;
    free(loop->buffer);
}
