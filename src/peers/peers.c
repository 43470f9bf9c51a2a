/* peers: see peers.h. */
#include "peers/peers.h"
#include "peers/awaited.h"
#include "peers/peers_internal.h"

#include "common/limits.h"
#include "common/log.h"
#include "net/address.h"
#include "net/transport.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    OUTPUT_PAUSE = 256 * 1024, /* bytes of unread output before a client's input is left alone */
    TURN_MESSAGES = 1024,      /* a client's share of a turn: a millisecond or two of submits, */
    TURN_OUTPUT = 64 * 1024,   /* or of answers such as stats: these cost by their length */
    REFUSED_MAX = 64,          /* connections over client-max, told so at the same time */
    ROOM_TRIES = 4,            /* unauthenticated connections looked at for each new one, */
    SWEEP_BATCH = 64,          /* or in a turn */
    REVOKE_BATCH = 256,        /* peers looked at in a turn */
};

/* --- too many unauthenticated connections --- */

/* Writes the last words as far as the kernel takes them: there is no place for the connection to
 * linger. */
static void end_unauthenticated(struct peer *peer)
{
    char text[REQUEST_MESSAGE_MAX];
    snprintf(text, sizeof text, "no hello came, and %d other connections have said none",
             UNAUTHENTICATED_MAX);
    if (peer->state != PEER_SUSPECT)
        peer_fail(peer, "too-slow", text);
    if (peer->conn.output_len)
        conn_flush(&peer->conn);
    peer_close(peer, "too many connections without a hello");
}

static void end_surplus(struct peers *peers, int tries)
{
    struct peer *peer;
    while ((peer = peers_admit_surplus(peers, &tries)))
        end_unauthenticated(peer);
    peers_admit_watch(peers);
}

/* Ends surplus connections after their grace, though no new one comes. */
static void on_sweep(void *arg)
{
    end_surplus(arg, SWEEP_BATCH);
}

/* Frees a descriptor. False if no unauthenticated connection can go. */
static bool make_way(struct peers *peers)
{
    int tries = ROOM_TRIES;
    struct peer *peer = peers_admit_oldest(peers, &tries);
    if (peer)
        end_unauthenticated(peer);
    return peer != NULL;
}

/* --- revoked tokens --- */

static void on_revoke(void *arg)
{
    struct peers *peers = arg;
    struct peer *peer;
    int tries = REVOKE_BATCH;
    while ((peer = peers_tokens_next_revoked(peers, &tries)))
        peer_fail(peer, "unauthorized",
                  "the token of this connection is not one of this server's any more");
    peers_tokens_watch(peers);
}

/* --- a drain --- */

static void on_draining(void *arg)
{
    peers_draining_tell_some(arg);
}

/* --- a new connection --- */

/* Refuses a connection and closes it at once: all descriptors left are for others. The hello is
 * taken off the socket first: closing with unread input would send a reset, and the reset may
 * overtake the message. */
static void turn_away(struct peers *peers, int fd, const char *address)
{
    char words[256], why[128], hello[HEADER_MAX];
    int len = snprintf(words, sizeof words,
                       "{\"event\":\"error\",\"code\":\"too-many-clients\",\"message\":\"the "
                       "server's limit of open files has no room for more clients beside its "
                       "%s\",\"fatal\":true}\n",
                       peers->ops->files_for);
    snprintf(why, sizeof why, "what is left of the limit of open files is for %s",
             peers->ops->files_for);
    peers_log_refused(peers, address, why);
    (void)!transport_read(fd, (struct iovec[2]){{.iov_len = 0}, {hello, sizeof hello}});
    (void)!transport_write(fd, &(struct iovec){words, (size_t)len}, 1);
    transport_close(fd);
}

static void open_peer(struct peers *peers, int fd, const char *address)
{
    struct peer *peer = peer_new(peers, address);
    if (peer_input_open(peer, fd) < 0) {
        peers_log_refused(peers, peer->name, "the event loop does not take its descriptor");
        close(fd);
        free(peer);
        return;
    }
    peer_begin(peer);
    conn_poll(&peer->conn); /* the hello has come already, mostly */
    end_surplus(peers, ROOM_TRIES);
}

void peers_accept(struct peers *peers, int fd, const struct sockaddr *addr, socklen_t addr_len)
{
    char address[ADDRESS_TEXT_MAX];
    size_t most = (size_t)peers->settings->client_max + UNAUTHENTICATED_MAX + REFUSED_MAX;
    address_format(addr, addr_len, address);
    if (peers->files_max && peers->open >= peers->files_max && !make_way(peers))
        turn_away(peers, fd, address);
    else if (peers->open >= most)
        close(fd);
    else
        open_peer(peers, fd, address);
}

/* --- all connections --- */

void peers_init(struct peers *peers)
{
    struct timers *timers = peers->loop->timers;
    hash_init(&peers->by_number);
    TAILQ_INIT(&peers->list);
    TAILQ_INIT(&peers->awaited);
    peers_draining_init(&peers->tells, on_draining, peers);
    peers_admit_init(&peers->admit, on_sweep, peers);
    peers_tokens_init(&peers->tokens, on_revoke, peers);
    peers_places_init(&peers->places);
    peers_monitors_init(&peers->monitors);
    LIST_INIT(&peers->watches.list);
    peers_log_init(&peers->log, timers);
}

void peers_free(struct peers *peers)
{
    struct timers *timers = peers->loop->timers;
    bug_on(!TAILQ_EMPTY(&peers->list));
    peers_places_free(&peers->places);
    peers_monitors_free(&peers->monitors);
    peers_log_free(&peers->log);
    peers_tokens_free(&peers->tokens, timers);
    peers_draining_free(&peers->tells, timers);
    peers_admit_free(&peers->admit, timers);
    hash_free(&peers->by_number);
}

struct peer *peers_find(const struct peers *peers, uint64_t number)
{
    /* The numbers are our own, so each is its hash. */
    struct hash_node *node = hash_first(&peers->by_number, number);
    return node ? (struct peer *)((char *)node - offsetof(struct peer, by_number)) : NULL;
}

void peers_configure(struct peers *peers, const struct peers_settings *settings,
                     const struct access_settings *access)
{
    peers->settings = settings;
    peers->access = access;
    peers->limits.authenticated = (struct conn_limits){
        .header_timeout_ms = settings->header_timeout_ms,
        .payload_timeout_ms = settings->payload_timeout_ms,
        .output_timeout_ms = settings->output_timeout_ms,
        .output_pause = OUTPUT_PAUSE,
        .turn_messages = TURN_MESSAGES,
        .turn_output = TURN_OUTPUT,
    };
    peers->limits.unauthenticated = peers->limits.authenticated;
    peers->limits.unauthenticated.behind = true;
    peers_tokens_configure(peers);
}

void peers_reloaded(struct peers *peers, const char *why)
{
    struct peer *peer;
    while ((peer = peers_awaited_tell_next(peers, why)))
        peer_settle(peer);
}

void peers_tell_draining(struct peers *peers)
{
    peers_draining_begin(peers);
}

size_t peers_output(const struct peers *peers)
{
    const struct peer *peer;
    size_t bytes = 0;
    TAILQ_FOREACH (peer, &peers->list, link)
        bytes += peer->conn.output_len;
    return bytes;
}

void peers_listen(struct peers *peers)
{
    struct peer *peer;
    TAILQ_FOREACH (peer, &peers->list, link)
        peer->conn.heard = false;
}

static bool is_silent(const struct peer *peer)
{
    const struct conn *conn = &peer->conn;
    return !conn->heard && !conn_is_amid(conn) && !conn->backlog && !conn_has_unread(conn);
}

/* A peer is freed at the end of the turn, so the list stays. */
void peers_end_silent(struct peers *peers)
{
    struct peer *peer;
    TAILQ_FOREACH (peer, &peers->list, link)
        if (peer_is_read(peer) && is_silent(peer))
            peer_end(peer);
}

void peers_end(struct peers *peers)
{
    struct peer *peer;
    TAILQ_FOREACH (peer, &peers->list, link)
        peer_end(peer);
}

void peers_close(struct peers *peers)
{
    struct peer *peer;
    TAILQ_FOREACH (peer, &peers->list, link)
        peer_close(peer, "the server ends");
}
