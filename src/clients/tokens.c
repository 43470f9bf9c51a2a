/*
 * client_tokens: right, wrong and revoked tokens of clients.
 *
 * A wrong token is refused only after a while, so that guesses on one connection are few. Refusals
 * keep a distance from each other, so that guesses over many connections are few as well. A right
 * token never waits: nobody's guesses are in its way. What makes a token safe is its length all the
 * same (startup/config_check.c).
 *
 * A session keeps a digest of its token, under a key of this process, so that the token itself is
 * in memory once.
 */
#include "clients/clients_internal.h"

#include "base/hash.h"
#include "common/xmalloc.h"

#include <stdlib.h>
#include <string.h>

enum {
    REFUSE_MS = 100,      /* from a wrong token to its answer */
    REFUSE_GAP_US = 1000, /* between two answers, whoever gets them */
    REVOKE_BATCH = 256,   /* sessions that are looked at in a turn */
};

/* In a time that tells nothing about the tokens but their number. */
static bool is_valid(const struct config *config, const char *token)
{
    bool found = false;
    size_t len = strlen(token);
    for (size_t i = 0; i < config->tokens.count; i++) {
        const char *known = config->tokens.items[i];
        size_t known_len = strlen(known);
        unsigned char differ = known_len != len;
        for (size_t k = 0; k < len; k++)
            differ |= (unsigned char)(token[k] ^ known[known_len ? k % known_len : 0]);
        found |= !differ;
    }
    return found || !config->token_file;
}

/* A token never stands in a message. */
static const char *fault_of(const struct request *request)
{
    if (request->token_wrong)
        return "field token has a wrong type or length; expected a string of 1 to 256 bytes";
    return request->token[0] ? "the token is not one of this server's"
                             : "this server asks for a token";
}

/* Behind the one before it, but behind no more than there are: those that have gone since are
 * waited for by nobody. */
static uint64_t refused_at(const struct clients *clients)
{
    uint64_t first_us = clients->loop->timers->now_us + REFUSE_MS * 1000ull;
    uint64_t last_us = first_us + clients->strangers.count * REFUSE_GAP_US;
    uint64_t next_us = clients->refused_us + REFUSE_GAP_US;
    if (next_us < first_us)
        return first_us;
    return next_us < last_us ? next_us : last_us;
}

static void refuse_later(struct client_session *session, const struct request *request)
{
    struct clients *clients = session->clients;
    clients->refused_us = refused_at(clients);
    session->refusal = xmalloc(sizeof *session->refusal);
    client_events_fill_refusal(session->refusal, request, "unauthorized", fault_of(request));
    conn_ignore_input(&session->conn);
    strangers_turn(&clients->strangers, &session->stranger, STRANGER_REFUSED);
    timer_set(client_session_timers(session), &session->timer, clients->refused_us);
}

bool client_tokens_check(struct client_session *session, const struct request *request)
{
    if (!is_valid(session->clients->config, request->token)) {
        refuse_later(session, request);
        return false;
    }
    session->token_digest = siphash(request->token, strlen(request->token), 0);
    return true;
}

/* --- revoking --- */

static bool is_revoked(const struct client_session *session)
{
    const struct config *config = session->clients->config;
    bool found = !config->token_file || !session->greeted || !conn_is_open(&session->conn);
    for (size_t i = 0; i < config->tokens.count && !found; i++)
        found = session->token_digest == session->clients->token_digests[i];
    return !found;
}

/* Some sessions a turn. Those that come meanwhile are at the end of the list, and are fine. */
static void on_revoke(void *arg)
{
    struct clients *clients = arg;
    struct client_session *session;
    for (int i = 0; i < REVOKE_BATCH && (session = clients->revoke_next); i++) {
        clients->revoke_next = TAILQ_NEXT(session, link);
        if (is_revoked(session))
            client_session_fail(
                session, NULL, "unauthorized",
                "the token of this connection is not one of this server's any more");
    }
    if (clients->revoke_next)
        timer_set_next(clients->loop->timers, &clients->revoke);
}

void client_tokens_init(struct clients *clients)
{
    timer_init(&clients->revoke, on_revoke, clients);
}

void client_tokens_configure(struct clients *clients)
{
    const struct config_list *tokens = &clients->config->tokens;
    free(clients->token_digests);
    clients->token_digests = xcalloc(tokens->count + 1, sizeof *clients->token_digests);
    for (size_t i = 0; i < tokens->count; i++)
        clients->token_digests[i] = siphash(tokens->items[i], strlen(tokens->items[i]), 0);
    clients->revoke_next = TAILQ_FIRST(&clients->sessions);
    if (clients->revoke_next)
        timer_set_next(clients->loop->timers, &clients->revoke);
}

void client_tokens_forget(struct client_session *session)
{
    struct clients *clients = session->clients;
    if (clients->revoke_next == session)
        clients->revoke_next = TAILQ_NEXT(session, link);
}
