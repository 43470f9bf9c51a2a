/*
 * conn: one connection of the master: framing on the way in, a queue of bytes and payloads on the
 * way out.
 *
 * Two designs were weighed. A bufferevent takes care of buffering, but reads 4 KiB at a time, waits
 * for a write event before it writes (two more system calls a message) and keeps buffers for every
 * idle connection. Here a connection is an event on a descriptor: all connections of a loop read
 * into one 256 KiB buffer, messages are handed over from where they lie in it, only an incomplete
 * header is kept; output is gathered and written once per turn of the loop with one call, and a
 * write event is armed only while the peer does not take it.
 *
 * A connection has a share of a turn of the loop and no more: `turn_messages` headers,
 * `turn_output` bytes of answers, and nothing beyond `output_pause` waiting bytes. One read may
 * hold thousands of requests. Without a bound, one client's flood would hold up all others. Many
 * connections share the bounds of one, and read less at a time. So neither the input in memory nor
 * the turn grows with their number. The cost of a header differs by a factor of a thousand. So a
 * connection also has a slice of time, and all connections together have the turn's time
 * (conn_line.c). The rest of a read is the backlog. The connection goes on with it in a later turn,
 * before anything more is read, so a connection has at most one buffer of it, and none while it
 * keeps within its share.
 *
 * An owner without room for more input holds the input, and the kernel holds up the peer once its
 * own buffers are full. Bytes behind the last message are kept meanwhile. So an owner that may do
 * so meters the input: a read then takes no more than the owner has room for.
 *
 * A message is a header, then a payload. `struct conn_ops` knows the form of a header. Its handler
 * calls conn_expect() when a payload follows.
 *
 * Freeing: conn_close() may be called anywhere, also in the midst of a callback about the same
 * connection. It closes the descriptor and parks the connection; `ops->free` is called at the end
 * of the turn of the loop, by conn_loop_chores(). Until then the memory is valid and conn_is_open()
 * is false. After conn_close() no other callback comes.
 */
#ifndef TASKMASTER_NET_CONN_H
#define TASKMASTER_NET_CONN_H

#include "base/payload.h"
#include "base/timers.h"

#include <event2/event.h>
#include <event2/event_struct.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/queue.h>
#include <sys/types.h>

struct conn;
struct conn_item; /* a piece of output */

TAILQ_HEAD(conn_item_list, conn_item);

enum conn_slow {
    CONN_SLOW_HEADER,  /* a header was not whole by its deadline */
    CONN_SLOW_PAYLOAD, /* likewise a payload */
    /* The peer does not read: the connection is gone, and to be closed in the call. */
    CONN_SLOW_OUTPUT, /* it took nothing of the output for too long */
    /* The budget for output is used up, and this peer has much of it and took nothing for the
     * longest. */
    CONN_OUTPUT_TOTAL,
};

struct conn_ops {
    /* Looks for the end of a header in `data`: its length with terminator, 0 if there is more to
     * come, -1 if it can only be too long. A connection may have headers of more than one form. */
    ssize_t (*header_end)(const struct conn *conn, const char *data, size_t len);
    /* A whole header; `data` is borrowed and may be written to. */
    void (*header)(struct conn *conn, char *data, size_t len);
    /* The expected payload is whole. The callee owns `payload`; NULL when it was discarded
     * or is empty. `over_budget`: it was to be kept, but there was no memory for it. */
    void (*message)(struct conn *conn, struct payload *payload, bool over_budget);
    /* header_end() said -1. */
    void (*header_too_long)(struct conn *conn);
    /* End of input: nothing more will be read. */
    void (*input_end)(struct conn *conn);
    /* Reset, or a write failed: nothing more can be read or written. The callee calls conn_close().
     */
    void (*gone)(struct conn *conn, const char *why);
    /* A deadline passed. */
    void (*slow)(struct conn *conn, enum conn_slow what);
    /* The whole output has been handed to the kernel. May be NULL. */
    void (*flushed)(struct conn *conn);
    /* The peer has taken some of its output, and some is left. May be NULL. */
    void (*taken)(struct conn *conn);
    /* The connection is closed and out of use: free the object around it. */
    void (*free)(struct conn *conn);
};

/* Connections wait to be served in lines of their own kind. */
enum conn_line {
    CONN_FRESH,  /* used less than its share when served last */
    CONN_OWN,    /* of workers */
    CONN_GREEDY, /* used its whole share, and likely has more */
    CONN_LINES
};

/* The state shared by the connections of one loop. Limits may change while connections live. */
struct conn_loop {
    struct event_base *base;
    struct timers *timers;
    struct payload_budget *budget;     /* for payloads of submits; these may be refused */
    struct payload_budget *output;     /* for all other payloads, and for gathered output */
    char *buffer;                      /* CONN_READ_MAX bytes */
    bool reading;                      /* the buffer is in use */
    size_t open;                       /* connections with a descriptor */
    uint64_t reads;                    /* of all connections, so far */
    size_t backlogs;                   /* connections with a backlog */
    TAILQ_HEAD(conn_list, conn) dirty; /* with output to be written this turn */
    size_t dirty_count;
    struct conn_list dead;         /* closed, to be freed this turn */
    struct conn_item_list dropped; /* output of closed ones, freed batch by batch */

    /* conn_line.c */
    uint64_t turn_us, slice_us;         /* time in a turn for all connections, and for one */
    uint64_t short_us;                  /* time for a fresh connection while others wait */
    uint64_t began_us;                  /* when this turn began to serve; 0: not yet */
    struct conn_list lines[CONN_LINES]; /* ready, and waiting to be served */
    size_t waiting;                     /* in these, all together */
    struct conn_list later;             /* served this turn, and with more to be done in the next */
    struct event wake;                  /* wakes the loop at once while connections wait */

    /* conn_unread.c */
    struct conn_list unread; /* with unread output; the longest unread first */
    size_t unread_count;
};

/* Deadlines and limits of one kind of connection; shared by all of the kind. Zero: none. */
struct conn_limits {
    uint32_t header_timeout_ms;
    uint32_t payload_timeout_ms;
    uint32_t output_timeout_ms;
    uint64_t output_pause;  /* bytes of waiting output before reading stops */
    uint32_t turn_messages; /* headers handled in one turn */
    uint64_t turn_output;   /* bytes of output in one turn; beyond it no header is handled */
    bool own;               /* of our own workers: they have a line of their own */
    bool behind;            /* always served as one of the greedy */
};

enum {
    CONN_READ_MAX = 256 * 1024,
    CONN_COPY_MAX =
        16 * 1024, /* payloads up to this size are copied into the output, larger ones referenced */
};

struct conn {
    const struct conn_ops *ops;
    struct conn_loop *loop;
    const struct conn_limits *limits;
    struct event event;
    int fd; /* -1 once closed */
    short interest;
    short ready;             /* events to be served */
    bool input_ended : 1;    /* EOF was read */
    bool input_ignored : 1;  /* read and thrown away */
    bool output_blocked : 1; /* the kernel took no more; waiting for a write event */
    bool output_paused : 1;  /* not read from, because its output waits */
    bool input_held : 1;     /* not read from, because its owner has no room */
    bool end_watched : 1;    /* while it is held, the end of its input counts as its end */
    bool is_dirty : 1;
    bool greedy : 1;      /* it used its whole share: others come first */
    bool has_more : 1;    /* the last read was as long as it could be */
    bool costly : 1;      /* the message being handled takes long */
    bool is_unread : 1;   /* in the loop's list of unread output */
    bool heard : 1;       /* something was read since this was cleared */
    bool keep : 1;        /* the payload expected is kept */
    bool in_payload : 1;  /* a payload is expected */
    bool begun : 1;       /* ... and some of it has come */
    bool over_budget : 1; /* ... and was given up */
    bool forced : 1;      /* ... and is output, charged whatever the budget holds */

    uint32_t input_limit_ms; /* of the input timer; the limits may have changed since */
    uint32_t partial_len;
    uint32_t backlog_at, backlog_len; /* bytes: handled, and all */
    char *partial;                    /* the beginning of a header */
    char *backlog; /* input read in an earlier turn and not handled yet; NULL without any */
    struct payload *payload; /* the arriving payload */
    size_t missing;          /* bytes of it to come */
    uint32_t metered;        /* bytes of one read; 0: not metered */

    uint64_t heard_us; /* when something was read last; at first the start */
    struct conn_item_list output;
    size_t output_len;
    size_t output_held; /* memory of the pieces; a payload's is all held until it is all written */
    size_t output_spared;     /* bytes of output that may wait without a pause of the input */
    uint64_t written;         /* bytes handed to the kernel so far */
    size_t output_untaken;    /* of these not taken when the output timer was set last */
    struct timer input_timer; /* header or payload deadline */
    uint64_t input_left_us;   /* of it, while the clock stands still */
    struct timer output_timer;
    TAILQ_ENTRY(conn) dirty_link;
    TAILQ_ENTRY(conn) unread_link;
    uint64_t taken_us;           /* while unread: the time at which the peer took something last */
    TAILQ_ENTRY(conn) turn_link; /* in a waiting line, or among the dead */
    struct conn_list *waits_among; /* NULL: it does not wait */
};

void conn_loop_init(struct conn_loop *loop, struct event_base *base, struct timers *timers,
                    struct payload_budget *budget, struct payload_budget *output);

/* The chores of each turn: serves waiting connections, writes gathered output, then frees closed
 * connections. Each chore keeps to its share of the turn. */
void conn_loop_chores(struct conn_loop *loop);
void conn_loop_free(struct conn_loop *loop);

/* Takes over the non-blocking `fd`. 0, or -1 when the event cannot be added; `fd` stays the
 * caller's then. */
int conn_open(struct conn *conn, struct conn_loop *loop, int fd, const struct conn_ops *ops,
              const struct conn_limits *limits);
void conn_close(struct conn *conn);
static inline bool conn_is_open(const struct conn *conn)
{
    return conn->fd >= 0;
}

/* In a callback about a message: it takes much longer than its length tells. The connection's share
 * of time is looked at before its next one. */
static inline void conn_note_cost(struct conn *conn)
{
    conn->costly = true;
}

/* In the header callback: `size` (at least 1) bytes of payload follow. `keep` them, or let them
 * pass unseen; `forced` ones are output, and are kept whatever is held. */
void conn_expect(struct conn *conn, size_t size, bool keep, bool forced);

/* Reads without waiting for an event: at accept, input is mostly there. */
void conn_poll(struct conn *conn);

/* Whether unread input has arrived: the peer may have been in time. */
bool conn_has_unread(const struct conn *conn);

/* Whether a part of a message has been read, and the rest has not come yet. */
bool conn_is_amid(const struct conn *conn);

/* Reads nothing until the release. In the header callback this also refuses the header: the
 * callback is called again with the same header afterwards. */
void conn_hold_input(struct conn *conn);

/* Goes on, from the next turn on. No callback comes in this call. Without a hold nothing happens.
 */
void conn_release_input(struct conn *conn);

/* From now on, the end of the input is told while the input is held, as `gone`: unread input before
 * the end is of no use then. */
static inline void conn_watch_end(struct conn *conn)
{
    conn->end_watched = true;
}

/* From now on a read takes at most `bytes` (at least 4,096), or an expected payload and a few bytes
 * behind it: so a hold leaves no more in memory. 0: as much as ever. */
static inline void conn_meter_input(struct conn *conn, uint32_t bytes)
{
    conn->metered = bytes;
}

/* From now on input is read and thrown away, until EOF. */
void conn_ignore_input(struct conn *conn);

/* Reads all input that has arrived by now, and up to `more` bytes arriving meanwhile: before a
 * deadline or a death counts. Stops if the owner holds the input. */
void conn_read_now(struct conn *conn, size_t more);

/* Output. Room for `len` (at most 4,096) bytes to be written in place, then how many were. Nothing
 * is sent before the chores. */
char *conn_room(struct conn *conn, size_t len);
void conn_commit(struct conn *conn, size_t len);
void conn_write(struct conn *conn, const void *data, size_t len);
void conn_write_payload(struct conn *conn,
                        struct payload *payload); /* takes a reference of its own if it keeps it */

/* The place of the next byte of output: all bytes before it have a smaller one. `conn->written` is
 * the place of the first byte not handed to the kernel yet. */
static inline uint64_t conn_output_at(const struct conn *conn)
{
    return conn->written + conn->output_len;
}

/* Bytes handed to the kernel, and not taken by the peer yet; 0 if the kernel does not tell. On unix
 * sockets with the kernel's own expense. */
size_t conn_untaken(const struct conn *conn);

/* Writes as much as the kernel takes now. */
void conn_flush(struct conn *conn);

/* No more output will come: tells the peer. Only once output_len is 0. */
void conn_shut_output(struct conn *conn);

#endif
