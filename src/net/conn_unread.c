/*
 * conn_unread: connections with unread output, and the closing of some when the budget for output
 * is used up.
 *
 * The connections stand in one list, the longest unread first. A connection goes to the end when
 * its peer takes something. Over the budget's maximum, the first connection with much output is
 * closed, a few in a turn of the loop.
 *
 * Much is over 1 MiB. So a client that does not read pays, and a client with little output does
 * not. With too many unread connections for 1 MiB each, much is a connection's share of the budget.
 * Both are memory, not bytes left to be read: a payload is held as a whole until its last byte is
 * taken.
 *
 * A reading client is closed only when a quarter more than the maximum is held. Its waiting jobs
 * are held before, but its running jobs yield their results all the same.
 */
#include "net/conn_internal.h"

enum {
    MUCH = 1024 * 1024, /* bytes */
    SHED_MAX = 16,      /* connections given up in one turn */
    READS_US = 100000,  /* a peer reads if it took something within this time */
    SPARE_PARTS = 4, /* a further part of this size, beyond the maximum, is for reading clients */
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

/* NULL: no connection holds much, or the peers of all such connections read. */
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
            return false; /* dropped payloads count until they are freed */
        conn->ops->slow(conn, CONN_OUTPUT_TOTAL);
    }
    return true;
}
