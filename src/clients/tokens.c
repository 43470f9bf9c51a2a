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

#include "access/token_set.h"

enum {
    REFUSE_MS = 100,      /* from a wrong token to its answer */
    REFUSE_GAP_US = 1000, /* between two answers, whoever gets them */
    REVOKE_BATCH = 256,   /* sessions that are looked at in a turn */
};

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
    uint64_t last_us = first_us + clients->unauthenticated.count * REFUSE_GAP_US;
    uint64_t next_us = clients->refused_us + REFUSE_GAP_US;
    if (next_us < first_us)
        return first_us;
    return next_us < last_us ? next_us : last_us;
}

enum request_verdict client_tokens_check(const struct clients *clients, struct request *request)
{
    if (token_set_accepts(&clients->access->tokens, request->token))
        return REQUEST_FINE;
    return request_refuse(request, REQUEST_DELAYED, "unauthorized", "%s", fault_of(request));
}

uint64_t client_tokens_delay(struct clients *clients)
{
    clients->refused_us = refused_at(clients);
    return clients->refused_us;
}

/* --- revoking --- */

static bool is_revoked(const struct client_session *session)
{
    return session->greeted && conn_is_open(&session->conn) &&
           !token_set_accepts_digest(&session->clients->access->tokens, session->token_digest);
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
