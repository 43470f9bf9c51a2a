/*
 * tokens: wrong and revoked tokens of clients.
 *
 * A wrong token is refused only after a delay: this makes guesses on one connection few. Refusals
 * keep a distance from each other: this makes guesses over many connections few. A right token
 * never waits: nobody's guesses are in its way. All the same, a token is safe by its length
 * (daemon/check.c).
 */
#include "peers/peers_internal.h"

#include "access/token_set.h"

#include <string.h>

enum {
    REFUSE_MS = 100,      /* from a wrong token to its answer */
    REFUSE_GAP_US = 1000, /* between two answers, over all connections */
};

void peers_tokens_init(struct peers_tokens *tokens, void (*revoke)(void *arg), void *arg)
{
    *tokens = (struct peers_tokens){0};
    timer_init(&tokens->revoke, revoke, arg);
}

void peers_tokens_free(struct peers_tokens *tokens, struct timers *timers)
{
    timer_clear(timers, &tokens->revoke);
}

/* --- wrong tokens --- */

/* One gap after the last answer, but never later than one gap for each open connection: closed
 * connections leave no gaps. */
static uint64_t next_answer(const struct peers *peers)
{
    uint64_t first_us = peers->loop->timers->now_us + REFUSE_MS * 1000ull;
    uint64_t last_us = first_us + peers->admit.unauthenticated.count * REFUSE_GAP_US;
    uint64_t next_us = peers->tokens.refused_us + REFUSE_GAP_US;
    if (next_us < first_us)
        return first_us;
    return next_us < last_us ? next_us : last_us;
}

uint64_t peers_tokens_delay(struct peers *peers)
{
    peers->tokens.refused_us = next_answer(peers);
    return peers->tokens.refused_us;
}

/* --- revoked tokens --- */

static bool is_revoked(const struct peer *peer)
{
    return peer->dialogue.greeted && peer->state != PEER_CLOSED &&
           !token_set_find_digest(&peer->peers->access->tokens, peer->token_digest);
}

void peers_tokens_configure(struct peers *peers)
{
    peers->tokens.changes++;
    peers->tokens.next = TAILQ_FIRST(&peers->list);
    peers_tokens_watch(peers);
}

/* The daemon reviews the others on the way. Newer peers are at the end of the list, and have tokens
 * in force. */
struct peer *peers_tokens_next_revoked(struct peers *peers, int *tries)
{
    struct peer *peer;
    while (*tries > 0 && (peer = peers->tokens.next)) {
        --*tries;
        peers->tokens.next = TAILQ_NEXT(peer, link);
        if (is_revoked(peer))
            return peer;
        if (peers->ops->review)
            peers->ops->review(peer);
    }
    return NULL;
}

void peers_tokens_watch(struct peers *peers)
{
    if (peers->tokens.next)
        timer_set_next(peers->loop->timers, &peers->tokens.revoke);
}

void peers_tokens_forget(struct peer *peer)
{
    struct peers_tokens *tokens = &peer->peers->tokens;
    if (tokens->next == peer)
        tokens->next = TAILQ_NEXT(peer, link);
}
