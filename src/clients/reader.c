/*
 * client_reader: a client as the reader of parts.
 *
 * Parts do not keep the client from being read: their amount is bounded anyway, and the client may
 * want to cancel their job. A client that takes nothing of a waiting part for part-stall-ms costs a
 * worker for nothing, so its jobs are cancelled. The kernel tells of room late, when a good part of
 * its buffer is free, and a slow reader may need minutes for that. So each look asks the kernel
 * how much the peer has taken.
 */
#include "clients/clients_internal.h"
#include "jobs/stream.h"

#include "common/xmalloc.h"

#include <stdlib.h>

enum { LOOKS = 4 }; /* in part-stall-ms */

struct client_reader {
    struct client_session *session;
    struct timer timer; /* set while parts wait: the next look */
    uint64_t written;   /* at the last look: bytes handed to the kernel, */
    size_t untaken;     /* and of these bytes not taken by the peer */
    uint64_t since_us;  /* nothing has been taken since */
};

static bool waits(const struct client_session *session)
{
    return session->source.reader->end > session->peer.conn.written;
}

static uint64_t stall_us(const struct client_session *session)
{
    return clients_of(session)->settings->part_stall_ms * 1000ull;
}

static void look_later(struct client_reader *reader)
{
    struct timers *timers = peer_timers(&reader->session->peer);
    timer_set(timers, &reader->timer, timers->now_us + stall_us(reader->session) / LOOKS);
}

/* Notes what the peer has taken by now. False if it has taken nothing since the last look, and
 * something waits for it in the kernel: otherwise the next step is ours. */
static bool has_taken(struct client_reader *reader)
{
    const struct conn *conn = &reader->session->peer.conn;
    size_t untaken = conn_untaken(conn);
    bool taken = conn->written != reader->written || untaken < reader->untaken || !untaken;
    reader->written = conn->written;
    reader->untaken = untaken;
    if (taken)
        reader->since_us = peer_timers(&reader->session->peer)->now_us;
    return taken;
}

/* The clock stands still while the master does not run. */
static bool has_stalled(const struct client_reader *reader)
{
    const struct client_session *session = reader->session;
    const struct timers *timers = peer_timers(&reader->session->peer);
    return timers->now_us - reader->since_us >=
           stall_us(session) + timers_put_off_since(timers, reader->since_us);
}

static void on_look(void *arg)
{
    struct client_reader *reader = arg;
    struct client_session *session = reader->session;
    if (!waits(session))
        return;
    if (has_taken(reader) || !has_stalled(reader))
        look_later(reader);
    else
        pools_source_stalled(clients_of(session)->pools, &session->source);
}

static void watch(struct client_session *session)
{
    struct client_reader *reader = session->reader;
    if (!reader) {
        reader = session->reader = xcalloc(1, sizeof *reader);
        reader->session = session;
        timer_init(&reader->timer, on_look, reader);
    }
    if (timer_is_set(&reader->timer))
        return;
    has_taken(reader);
    reader->since_us = peer_timers(&session->peer)->now_us;
    look_later(reader);
}

static void spare(struct client_session *session)
{
    session->peer.conn.output_spared = job_reader_waiting(session->source.reader);
}

void client_reader_put(struct client_session *session)
{
    session->source.reader->end = conn_output_at(&session->peer.conn);
    spare(session);
    watch(session);
}

void client_reader_taken(struct client_session *session)
{
    dispatcher_source_taken(&session->source, session->peer.conn.written);
    spare(session);
}

void client_reader_forget(struct client_session *session)
{
    if (session->reader)
        timer_clear(peer_timers(&session->peer), &session->reader->timer);
    free(session->reader);
    session->reader = NULL;
}
