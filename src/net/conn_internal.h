/*
 * conn_internal: the order of conn's files. A file calls those below it only.
 *
 *     conn_loop.c       a turn of the loop over all connections
 *     conn.c            one connection: opened, served, closed
 *     conn_output.c     writing
 *     conn_input.c      reading: headers, payloads, deadlines
 *     conn_interest.c   the connection's events in the event loop, and the owner's hold
 *     conn_unread.c     connections with peers that do not take their output
 *     conn_queue.c      gathered output, in pieces
 *     conn_line.c       a connection's share of a turn, and the lines of waiting connections
 *     transport.c       system calls on a connected socket
 */
#ifndef TASKMASTER_NET_CONN_INTERNAL_H
#define TASKMASTER_NET_CONN_INTERNAL_H

#include "common/log.h"
#include "net/conn.h"

#include <sys/uio.h>

enum { CONN_CLOCK_BYTES = 1024 }; /* input handled between two looks at the clock */

/* The connection broke: its owner closes it in the call. */
static inline void conn_gone(struct conn *conn, const char *why)
{
    conn->ops->gone(conn, why);
    bug_on(conn_is_open(conn));
}

/* conn_line.c */

/* One connection's share of `whole` when `many` want it; `floor`: the least of it. */
size_t conn_line_share(size_t many, size_t whole, size_t floor);

/* The number of connections known to have something to be handled. */
size_t conn_line_crowd(const struct conn_loop *loop);

/* Whether the connection's slice of the turn is over, `at` bytes on. Reads the clock: ask again at
 * `*look_at` bytes. */
bool conn_line_slice_over(const struct conn *conn, size_t *look_at, size_t at);

/* The end of the line's part of the turn, as a time. */
uint64_t conn_line_part_over(struct conn_loop *loop, enum conn_line line, uint64_t now_us);

/* Whether the turn has time for a connection without an event. */
bool conn_line_has_time(struct conn_loop *loop, uint64_t now_us);

/* Whether a ready connection is served at once. */
bool conn_line_may_serve(const struct conn *conn, uint64_t now_us);

/* The connection waits behind the others of its line, ready for `events`. */
void conn_line_put_off(struct conn *conn, short events);

/* The connection was served. The next turn goes on with its backlog. */
void conn_line_again(struct conn *conn);

/* The connection, served in this turn, joins its line again. */
void conn_line_return(struct conn *conn);

/* The connection waits no more. */
void conn_line_leave(struct conn *conn);

/* conn_queue.c */

/* The connection is no longer among those with output to be written at the end of the turn. */
void conn_queue_unmark(struct conn *conn);

/* Collects queued output: up to `most_pieces` pieces and `most` bytes. Returns the number of
 * pieces; `*total`: their bytes. */
size_t conn_queue_gather(struct conn *conn, struct iovec *iov, size_t most_pieces, size_t most,
                         size_t *total);

/* Takes `len` written bytes off the queue. */
void conn_queue_written(struct conn *conn, size_t len);

/* The connection is closed: frees its output, or leaves the output to conn_queue_sweep(). */
void conn_queue_drop(struct conn *conn);

/* Frees a batch of dropped output; true when nothing is left. */
bool conn_queue_sweep(struct conn_loop *loop);

/* conn_unread.c */

/* Output is left: the peer took some of it, or nothing yet. */
void conn_unread_keep(struct conn *conn);

/* All output is out, or the connection closed. */
void conn_unread_leave(struct conn *conn);

/* Once in a turn: closes connections while the budget for output is exceeded. False if the next
 * turn has to go on. */
bool conn_unread_shed(struct conn_loop *loop);

/* conn_interest.c */

/* Follows the connection's state. 0, or -1 when the event loop does not take the descriptor. */
int conn_interest_update(struct conn *conn);
void conn_interest_update_or_gone(struct conn *conn);
void conn_interest_end(struct conn *conn);

/* False if the connection is not read now. A hold reaches the event loop here, when the input is
 * ready: most holds are over before. */
bool conn_interest_follow(struct conn *conn);

/* conn_input.c */

void conn_input_init(struct conn *conn);
void conn_input_end(struct conn *conn);

/* Reads once, or goes on with the backlog. */
void conn_input_read(struct conn *conn);

/* Stops reading, or goes on. The clock of a peer's deadline runs only while the peer is read from.
 */
void conn_input_pause(struct conn *conn, bool pause);

/* conn_output.c */

void conn_output_init(struct conn *conn);
void conn_output_end(struct conn *conn);

/* Writes gathered output, unless the kernel is known to take none. */
void conn_output_turn(struct conn *conn);

/* conn.c */

/* Writes and reads once, as `events` tell. A backlog is taken without an event. */
void conn_serve(struct conn *conn, short events);

#endif
