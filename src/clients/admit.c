/*
 * client_admit: chooses the unauthenticated connection to end when there are too many. A connection
 * is unauthenticated until its hello is accepted; then it is a client. Unauthenticated connections
 * have UNAUTHENTICATED_MAX places of their own, clients have client-max.
 *
 * One connection too many ends the oldest silent one. A connection in its first second is spared
 * while clients leave places free: a program may open a thousand connections before it sends
 * anything on any of them.
 *
 * So silent connections keep no client out. They hold UNAUTHENTICATED_MAX places for long, and
 * others for a second only; and a hello sent right after the connect is read at accept.
 * Unauthenticated connections are served after the clients, so no client waits for them either.
 */
#include "clients/clients_internal.h"

enum { GRACE_MS = 1000 };

static struct client_session *session_of(struct unauthenticated *peer)
{
    return (struct client_session *)((char *)peer -
                                     offsetof(struct client_session, unauthenticated));
}

void client_admit_init(struct client_admit *admit, void (*sweep)(void *arg), void *arg)
{
    unauthenticated_init(&admit->unauthenticated);
    timer_init(&admit->sweep, sweep, arg);
}

void client_admit_free(struct client_admit *admit, struct timers *timers)
{
    timer_clear(timers, &admit->sweep);
}

/* --- too many connections --- */

/* The places of unauthenticated connections during their grace: their own, and those left free by
 * clients. */
static size_t places(const struct clients *clients)
{
    size_t max = clients->settings->client_max;
    size_t unused = clients->connected < max ? max - clients->connected : 0;
    return unused + UNAUTHENTICATED_MAX;
}

/* The oldest connection after its grace. If there is none and places are short, any other. */
static struct unauthenticated *first_to_go(struct clients *clients, bool are_short)
{
    struct unauthenticated_list *list = &clients->admit.unauthenticated;
    uint64_t now = clients->loop->timers->now_us, grace_us = GRACE_MS * 1000ull;
    struct unauthenticated *old =
        now > grace_us ? unauthenticated_first_before(list, now - grace_us) : NULL;
    return old || !are_short ? old : unauthenticated_first(list);
}

static struct unauthenticated *surplus(struct clients *clients)
{
    size_t count = clients->admit.unauthenticated.count;
    if (count <= UNAUTHENTICATED_MAX)
        return NULL;
    return first_to_go(clients, count > places(clients));
}

static struct unauthenticated *oldest(struct clients *clients)
{
    return first_to_go(clients, true);
}

/* Whether the connection has unread input: then the others go before it. A refused connection is
 * not read any more. */
static bool has_spoken(struct clients *clients, struct unauthenticated *peer)
{
    bool is_refused = peer->kind == UNAUTHENTICATED_TOLD || peer->kind == UNAUTHENTICATED_REFUSED;
    if (is_refused || !conn_has_unread(peer->conn))
        return false;
    unauthenticated_put_back(&clients->admit.unauthenticated, peer, UNAUTHENTICATED_BEGUN);
    return true;
}

static struct client_session *next(struct clients *clients,
                                   struct unauthenticated *(*pick)(struct clients *), int *tries)
{
    struct unauthenticated *peer;
    while (*tries > 0 && (peer = pick(clients))) {
        --*tries;
        if (!has_spoken(clients, peer))
            return session_of(peer);
    }
    return NULL;
}

struct client_session *client_admit_surplus(struct clients *clients, int *tries)
{
    return next(clients, surplus, tries);
}

struct client_session *client_admit_oldest(struct clients *clients, int *tries)
{
    return next(clients, oldest, tries);
}

void client_admit_watch(struct clients *clients)
{
    struct client_admit *admit = &clients->admit;
    if (admit->unauthenticated.count <= UNAUTHENTICATED_MAX || timer_is_set(&admit->sweep))
        return;
    timer_set_ms(clients->loop->timers, &admit->sweep, surplus(clients) ? 1 : GRACE_MS);
}
