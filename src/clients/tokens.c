/*
 * client_tokens: wrong and revoked tokens of clients, and what the right ones grant.
 *
 * A wrong token is refused only after a delay: this makes guesses on one connection few. Refusals
 * keep a distance from each other: this makes guesses over many connections few. A right token
 * never waits: nobody's guesses are in its way. All the same, a token is safe by its length
 * (daemon/check.c).
 */
#include "clients/clients_internal.h"

#include "access/token_set.h"

#include <string.h>

enum {
    REFUSE_MS = 100,      /* from a wrong token to its answer */
    REFUSE_GAP_US = 1000, /* between two answers, over all connections */
};

void client_tokens_init(struct client_tokens *tokens, void (*revoke)(void *arg), void *arg)
{
    *tokens = (struct client_tokens){0};
    timer_init(&tokens->revoke, revoke, arg);
}

void client_tokens_free(struct client_tokens *tokens, struct timers *timers)
{
    timer_clear(timers, &tokens->revoke);
}

/* --- wrong tokens --- */

/* One gap after the last answer, but never later than one gap for each open connection: closed
 * connections leave no gaps. */
static uint64_t next_answer(const struct clients *clients)
{
    uint64_t first_us = clients->loop->timers->now_us + REFUSE_MS * 1000ull;
    uint64_t last_us = first_us + clients->admit.unauthenticated.count * REFUSE_GAP_US;
    uint64_t next_us = clients->tokens.refused_us + REFUSE_GAP_US;
    if (next_us < first_us)
        return first_us;
    return next_us < last_us ? next_us : last_us;
}

uint64_t client_tokens_delay(struct clients *clients)
{
    clients->tokens.refused_us = next_answer(clients);
    return clients->tokens.refused_us;
}

/* --- the grant of a session --- */

/* The jobs to come are of this name; those from before keep theirs. */
static void set_owner(struct client_session *session, const char *name)
{
    const char *before = session->origin ? session->origin->owner : NULL;
    if (name == before || (name && before && strcmp(name, before) == 0))
        return;
    job_origin_unref(session->origin);
    session->origin = name ? job_origin_new(name, NULL, NULL) : NULL;
}

__attribute__((noinline)) /* a grant is asked for with each request, and seldom looked up */
static const struct grant *
look_up(struct client_session *session)
{
    static const struct grant nothing;
    const struct clients *clients = session->clients;
    session->grant = token_set_find_digest(&clients->access->tokens, session->token_digest);
    session->grant_changes = clients->tokens.changes;
    if (!session->grant)
        session->grant = &nothing;
    set_owner(session, session->grant->name);
    return session->grant;
}

const struct grant *client_tokens_grant(struct client_session *session)
{
    if (session->grant_changes == session->clients->tokens.changes)
        return session->grant;
    return look_up(session);
}

/* --- revoked tokens --- */

static bool is_revoked(const struct client_session *session)
{
    return session->dialogue.greeted && session->state != SESSION_CLOSED &&
           !token_set_find_digest(&session->clients->access->tokens, session->token_digest);
}

void client_tokens_configure(struct clients *clients)
{
    clients->tokens.changes++;
    clients->tokens.next = TAILQ_FIRST(&clients->sessions);
    client_tokens_watch(clients);
}

/* The names of other sessions are looked at on the way. Newer sessions are at the end of the list,
 * and have tokens in force. */
struct client_session *client_tokens_next_revoked(struct clients *clients, int *tries)
{
    struct client_session *session;
    while (*tries > 0 && (session = clients->tokens.next)) {
        --*tries;
        clients->tokens.next = TAILQ_NEXT(session, link);
        if (is_revoked(session))
            return session;
        if (session->service_count)
            client_services_review(session, client_tokens_grant(session));
    }
    return NULL;
}

void client_tokens_watch(struct clients *clients)
{
    if (clients->tokens.next)
        timer_set_next(clients->loop->timers, &clients->tokens.revoke);
}

void client_tokens_forget(struct client_session *session)
{
    struct client_tokens *tokens = &session->clients->tokens;
    if (tokens->next == session)
        tokens->next = TAILQ_NEXT(session, link);
}
