/*
 * conn_unread: connections whose peers do not take all of their output, and what is done when the
 * budget for output is used up.
 *
 * They stand in one list. The first is the one whose peer has taken nothing for the longest; a peer
 * that takes something goes to the end. Over the budget's maximum, the first connection that holds
 * much is closed, a few in a turn of the loop.
 *
 * Much is over 1 MiB. So a client that does not read pays, and a client that asks for little does
 * not. If there are so many unread connections that 1 MiB for each exceeds the budget, much is a
 * connection's share of the budget. Both are memory, not bytes left to be read: a payload is held
 * as a whole until its last byte is taken.
 *
 * A client that reads is closed only when a quarter more than the maximum is held: its jobs are
 * held before that (jobs/hold.c), but those that run already yield their results all the same.
 */
#include "net/conn_internal.h"

enum {
    MUCH = 1024 * 1024, /* bytes */
    SHED_MAX = 16,      /* connections given up in one turn */
    READS_US = 100000,  /* whoever has taken something within this time reads */
    SPARE_PARTS = 4,    /* one of these parts of the maximum is for clients that read, beyond it */
};

/* Only connections with a deadline for their output may be closed: workers have none. */
void conn_unread_keep(struct conn *conn)
{
    if (!conn->limits->output_timeout_ms)
        return;
    conn_unread_leave(conn);
    conn->is_unread = true;
    conn->loop->unread_count++;
    conn->taken_us = conn->loop->timers->now_us;
    TAILQ_INSERT_TAIL(&conn->loop->unread, conn, unread_link);
}

void conn_unread_leave(struct conn *conn)
{
    if (!conn->is_unread)
        return;
    conn->is_unread = false;
    conn->loop->unread_count--;
    TAILQ_REMOVE(&conn->loop->unread, conn, unread_link);
}

static uint64_t most_for_readers(const struct conn_loop *loop)
{
    uint64_t max = loop->output->max, spare = max / SPARE_PARTS;
    return max < UINT64_MAX - spare ? max + spare : UINT64_MAX;
}

/* NULL: no connection holds much, or the peers of all that do read. */
static struct conn *to_be_shed(const struct conn_loop *loop)
{
    uint64_t much = MUCH;
    struct conn *conn;
    if (loop->unread_count && loop->output->max / loop->unread_count < much)
        much = loop->output->max / loop->unread_count;
    TAILQ_FOREACH (conn, &loop->unread, unread_link)
        if (conn->output_held > much)
            break;
    bool reads = conn && loop->timers->now_us - conn->taken_us < READS_US;
    return reads && loop->output->held <= most_for_readers(loop) ? NULL : conn;
}

bool conn_unread_shed(struct conn_loop *loop)
{
    struct conn *conn;
    for (int n = 0; loop->output->held > loop->output->max && (conn = to_be_shed(loop)); n++) {
        if (n == SHED_MAX || !TAILQ_EMPTY(&loop->dropped))
            return false; /* payloads count until what was dropped is freed */
        conn->ops->slow(conn, CONN_OUTPUT_TOTAL);
    }
    return true;
}
