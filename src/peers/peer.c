/* peer: see peer.h. */
#include "peers/peer.h"
#include "peers/awaited.h"
#include "peers/peers_internal.h"

#include "common/log.h"
#include "common/xmalloc.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BEHIND_MS = 10 }; /* from one look for an unread hello to the next */

/* --- states --- */

static void leave_unauthenticated(struct peer *peer)
{
    if (!peer->dialogue.greeted)
        unauthenticated_remove(&peer->peers->admit.unauthenticated, &peer->unauthenticated);
}

static void turn_unauthenticated(struct peer *peer, enum unauthenticated_kind kind)
{
    if (!peer->dialogue.greeted)
        unauthenticated_turn(&peer->peers->admit.unauthenticated, &peer->unauthenticated, kind);
}

static void enter(struct peer *peer, enum peer_state state)
{
    switch (state) {
    case PEER_SUSPECT:
        turn_unauthenticated(peer, UNAUTHENTICATED_REFUSED);
        break;
    case PEER_OPEN:
        leave_unauthenticated(peer);
        peer->grant_changes = 0; /* the token is looked up at the next use */
        peer->peers->connected++;
        break;
    case PEER_ENDING:
        turn_unauthenticated(peer, UNAUTHENTICATED_TOLD);
        break;
    case PEER_CLOSED:
        leave_unauthenticated(peer);
        peer->peers->open--;
        peer->peers->connected -= peer->dialogue.greeted;
        break;
    default:
        break;
    }
}

/* Each peer ends to be written to once, and to be read once, whatever the reason. */
static void leave(struct peer *peer, enum peer_state from)
{
    const struct peers_ops *ops = peer->peers->ops;
    if (from < PEER_LINGER && peer->state >= PEER_LINGER)
        peers_monitors_release(peer);
    if (!peer_state_is_read(from) || peer_is_read(peer))
        return;
    peer->peers->reading--;
    if (ops->input_over)
        ops->input_over(peer);
    peers_watch_end(peer);
}

void peer_set_state(struct peer *peer, enum peer_state state)
{
    static const unsigned char from[PEER_STATES] = {
        [PEER_SUSPECT] = 1u << PEER_NEW,
        [PEER_OPEN] = 1u << PEER_NEW,
        [PEER_ENDING] = 1u << PEER_NEW | 1u << PEER_SUSPECT | 1u << PEER_OPEN,
        [PEER_LINGER] = 1u << PEER_ENDING,
        [PEER_CLOSED] = (1u << PEER_CLOSED) - 1,
    };
    enum peer_state before = peer->state;
    bug_on(!(from[state] & 1u << before));
    peer->state = (uint8_t)state;
    enter(peer, state);
    leave(peer, before);
}

/* --- the end --- */

const char *peer_end_name(enum peer_end end)
{
    static const char *const names[] = {
        [PEER_END_NONE] = "closed", [PEER_END_OF_INPUT] = "closed", [PEER_END_BYE] = "bye",
        [PEER_END_RESET] = "reset", [PEER_END_SLOW] = "slow",       [PEER_END_ERROR] = "error",
    };
    return names[end];
}

void peer_note_end(struct peer *peer, enum peer_end end)
{
    if (peer->end == PEER_END_NONE || end == PEER_END_SLOW)
        peer->end = (uint8_t)end;
}

void peer_close(struct peer *peer, const char *why)
{
    if (peer->state == PEER_CLOSED)
        return;
    log_event(LOG_DEBUG, "client-closed", LOG_STR("client", peer->name), LOG_STR("why", why),
              LOG_STR("reason", peer_end_name(peer->end)),
              LOG_UINT("jobs", peer->peers->ops->jobs(peer)));
    timer_clear(peer_timers(peer), &peer->timer);
    peer_set_state(peer, PEER_CLOSED);
    peers_awaited_forget(peer);
    conn_close(&peer->conn);
    if (peer->peers->ops->closed)
        peer->peers->ops->closed(peer);
}

void peer_drop(struct peer *peer, const char *why, const char *hint)
{
    peers_log_dropped(peer, why, hint);
    peer_note_end(peer, PEER_END_SLOW);
    peer_close(peer, why);
}

void peer_settle(struct peer *peer)
{
    if (peer->state != PEER_ENDING || peer->awaited || peer->conn.output_len ||
        peer->peers->ops->is_busy(peer))
        return;
    if (peer->conn.input_ended) {
        peer_close(peer, "end of input");
        return;
    }
    peer_set_state(peer, PEER_LINGER);
    timer_set_ms(peer_timers(peer), &peer->timer, peer->peers->settings->linger_ms);
    conn_shut_output(&peer->conn);
}

/* In batches, for there may be very many jobs. */
static void end_some(struct peer *peer)
{
    if (!peer->peers->ops->end(peer))
        timer_set_next(peer_timers(peer), &peer->timer);
}

void peer_end(struct peer *peer)
{
    if (!peer_is_read(peer))
        return;
    peer_set_state(peer, PEER_ENDING);
    timer_clear(peer_timers(peer), &peer->timer);
    conn_ignore_input(&peer->conn);
    dialogue_free(&peer->dialogue);
    end_some(peer);
    peer_settle(peer);
}

void peer_free(struct peer *peer)
{
    struct peers *peers = peer->peers;
    if (!peers->ops->release(peer)) {
        timer_set_next(peer_timers(peer), &peer->timer);
        return;
    }
    peers_tokens_forget(peer);
    peers_draining_forget(peer);
    peers_places_forget(&peers->places, peer, TAILQ_NEXT(peer, link));
    TAILQ_REMOVE(&peers->list, peer, link);
    hash_remove(&peers->by_number, &peer->by_number);
    dialogue_free(&peer->dialogue);
    free(peer->module);
    free(peer->client);
    free(peer);
}

/* --- faults --- */

void peer_fail_with(struct peer *peer, struct refusal *refusal)
{
    if (peer_is_read(peer))
        dialogue_fail(&peer->dialogue, refusal);
}

void peer_fail(struct peer *peer, const char *code, const char *message)
{
    struct refusal refusal;
    refusal_init(&refusal, code, message);
    peer_fail_with(peer, &refusal);
}

void peer_fail_later(struct peer *peer)
{
    peer_set_state(peer, PEER_SUSPECT);
    timer_set(peer_timers(peer), &peer->timer, peers_tokens_delay(peer->peers));
}

/* --- the beginning --- */

/* No hello came in time. An unread one is read first. */
static void on_hello_late(struct peer *peer)
{
    char text[REQUEST_MESSAGE_MAX];
    if (conn_has_unread(&peer->conn)) {
        timer_set_ms(peer_timers(peer), &peer->timer, BEHIND_MS);
        return;
    }
    snprintf(text, sizeof text, "no hello came within hello-timeout-ms, %" PRIu32 " ms",
             peer->hello_limit_ms);
    peer_fail(peer, "too-slow", text);
}

static void on_timer(void *arg)
{
    struct peer *peer = arg;
    switch ((enum peer_state)peer->state) {
    case PEER_NEW:
        on_hello_late(peer);
        break;
    case PEER_SUSPECT:
        peer_fail_with(peer, peer->dialogue.refusal);
        break;
    case PEER_ENDING:
        end_some(peer);
        break;
    case PEER_LINGER:
        peer_close(peer, "linger-ms is over");
        break;
    case PEER_CLOSED:
        peer_free(peer);
        break;
    default:
        bug_on(true); /* nothing is waited for */
    }
}

struct peer *peer_new(struct peers *peers, const char *address)
{
    size_t size = peers->ops->session_size, room = strlen(address) + 24;
    struct peer *peer = xcalloc(1, size + room);
    peer->peers = peers;
    peer->number = ++peers->last_number;
    peer->name = (char *)peer + size;
    LIST_INIT(&peer->monitors);
    timer_init(&peer->timer, on_timer, peer);
    snprintf(peer->name, room, "%" PRIu64 "@%s", peer->number, address);
    if (peers->ops->init)
        peers->ops->init(peer);
    return peer;
}

void peer_begin(struct peer *peer)
{
    struct peers *peers = peer->peers;
    struct timers *timers = peer_timers(peer);
    TAILQ_INSERT_TAIL(&peers->list, peer, link);
    hash_insert(&peers->by_number, &peer->by_number, peer->number);
    peer->connected_us = timers->now_us;
    peers->open++;
    peers->reading++;
    unauthenticated_add(&peers->admit.unauthenticated, &peer->unauthenticated, &peer->conn,
                        timers->now_us);
    peer->hello_limit_ms = peers->settings->hello_timeout_ms;
    timer_set_ms(timers, &peer->timer, peer->hello_limit_ms);
    log_event(LOG_DEBUG, "client-connected", LOG_STR("client", peer->name));
    if (peers->ops->opened)
        peers->ops->opened(peer);
}

void peer_greet(struct peer *peer, uint64_t token)
{
    peer_set_state(peer, PEER_OPEN);
    timer_clear(peer_timers(peer), &peer->timer);
    peer->conn.limits = &peer->peers->limits.authenticated;
    peer->token_digest = token;
}
