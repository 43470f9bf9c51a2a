/*
 * conn_private: what the files of conn share. Nobody else includes this.
 *
 *     conn.c          one connection: its input, its output, its end
 *     conn_output.c   what waits to be written
 *     conn_turn.c     a turn of the loop, over all connections
 *     conn_unread.c   connections whose peers do not take their output
 */
#ifndef TASKMASTER_NET_CONN_INTERNAL_H
#define TASKMASTER_NET_CONN_INTERNAL_H

#include "net/conn.h"

#include <sys/uio.h>

enum { CONN_CLOCK_BYTES = 1024 }; /* input that is handled between two looks at the clock */

/* conn.c */

/* Writes and reads once. `what`: the events that the connection is ready for; its backlog is taken
 * without one. */
void conn_serve(struct conn *conn, short what);

/* Writes what has been gathered, unless the kernel is known to take none of it. */
void conn_write_turn(struct conn *conn);

void conn_set_dirty(struct conn *conn);

/* Has the output written at the end of the turn. */
static inline void conn_mark_dirty(struct conn *conn)
{
    if (!conn->is_dirty)
        conn_set_dirty(conn);
}

/* conn_output.c */

/* Collects what waits, up to so many pieces and `most` bytes; the pieces' count, and their bytes.
 */
int conn_output_gather(struct conn *conn, struct iovec *iov, int most_pieces, size_t most,
                       size_t *total);

/* Takes `len` bytes off it, which have been written. */
void conn_output_written(struct conn *conn, size_t len);

/* The connection is closed: frees its output, or leaves it to conn_output_sweep(). */
void conn_output_drop(struct conn *conn);

/* Frees a batch of what was dropped; true when nothing of it is left. */
bool conn_output_sweep(struct conn_loop *loop);

/* conn_turn.c */

/* What one may have, when `many` want it; `floor`: what nobody is denied. */
size_t conn_turn_share(size_t many, size_t whole, size_t floor);

/* Connections that have something to be handled, as far as is known. */
size_t conn_turn_crowd(const struct conn_loop *loop);

/* Whether the connection has had its slice of the turn, `at` bytes on. Reads the clock: to be asked
 * again at `*look_at` bytes. */
bool conn_turn_slice_over(const struct conn *conn, size_t *look_at, size_t at);

/* Whether the turn has time for a connection that no event has told of. */
bool conn_turn_has_time(struct conn_loop *loop, uint64_t now_us);

/* Whether the connection, which is ready, is served at once. */
bool conn_turn_may_serve(const struct conn *conn, uint64_t now_us);

/* It is served when those before it have been. */
void conn_turn_put_off(struct conn *conn, short what);

/* It was served, and its backlog is gone on with in the next turn. */
void conn_turn_again(struct conn *conn);

/* It waits no more. */
void conn_turn_leave(struct conn *conn);

/* conn_unread.c */

/* The peer has taken something, or nothing yet, and output is left. */
void conn_unread_keep(struct conn *conn);

/* All is out, or the connection closed. */
void conn_unread_leave(struct conn *conn);

/* Once in a turn: closes connections while the budget for output is exceeded. False if the next
 * turn has to go on with it. */
bool conn_unread_shed(struct conn_loop *loop);

#endif
