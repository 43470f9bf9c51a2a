/* peer: see peer.h. */
#include "protocol/peer.h"

#include "common/xmalloc.h"

#include <stdlib.h>

struct peer {
    struct conn conn;
    struct dialogue dialogue;
    struct timer linger;
    bool has_ended; /* nothing more is read */
};

static struct peer *peer_of(struct conn *conn)
{
    return (struct peer *)((char *)conn - offsetof(struct peer, conn));
}

static void close_peer(struct peer *peer)
{
    timer_clear(peer->conn.loop->timers, &peer->linger);
    conn_close(&peer->conn);
}

/* --- the end --- */

static void settle(struct peer *peer)
{
    if (!peer->has_ended || peer->conn.output_len || timer_is_set(&peer->linger))
        return;
    if (peer->conn.input_ended) {
        close_peer(peer);
        return;
    }
    timer_set_ms(peer->conn.loop->timers, &peer->linger, PEER_LINGER_MS);
    conn_shut_output(&peer->conn);
}

static void end(struct peer *peer)
{
    peer->has_ended = true;
    conn_ignore_input(&peer->conn);
    settle(peer);
}

void peer_on_failed(struct dialogue *dialogue, const struct refusal *refusal)
{
    (void)refusal;
    end(peer_of(dialogue->conn));
}

static void on_linger(void *arg)
{
    close_peer(arg);
}

static void on_input_end(struct conn *conn)
{
    if (timer_is_set(&peer_of(conn)->linger))
        close_peer(peer_of(conn));
    else
        end(peer_of(conn));
}

static void on_gone(struct conn *conn, const char *why)
{
    (void)why;
    close_peer(peer_of(conn));
}

static void on_slow(struct conn *conn, enum conn_slow what)
{
    (void)what;
    close_peer(peer_of(conn));
}

static void on_flushed(struct conn *conn)
{
    settle(peer_of(conn));
}

static void on_free(struct conn *conn)
{
    dialogue_free(&peer_of(conn)->dialogue);
    free(peer_of(conn));
}

/* --- requests --- */

static void on_header(struct conn *conn, char *data, size_t len)
{
    dialogue_header(&peer_of(conn)->dialogue, data, len);
}

static void on_message(struct conn *conn, struct payload *payload, bool over_budget)
{
    dialogue_message(&peer_of(conn)->dialogue, payload, over_budget);
}

static void on_header_too_long(struct conn *conn)
{
    dialogue_header_too_long(&peer_of(conn)->dialogue);
}

static const struct conn_ops ops = {
    .header_end = dialogue_header_end,
    .header = on_header,
    .message = on_message,
    .header_too_long = on_header_too_long,
    .input_end = on_input_end,
    .gone = on_gone,
    .slow = on_slow,
    .flushed = on_flushed,
    .free = on_free,
};

int peer_open(struct conn_loop *loop, int fd, const struct protocol *protocol,
              const struct conn_limits *limits, uint32_t payload_max)
{
    struct peer *peer = xcalloc(1, sizeof *peer);
    timer_init(&peer->linger, on_linger, peer);
    dialogue_init(&peer->dialogue, protocol, &peer->conn, payload_max);
    if (conn_open(&peer->conn, loop, fd, &ops, limits) == 0)
        return 0;
    free(peer);
    return -1;
}
