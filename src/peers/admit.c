/*
 * admit: chooses the unauthenticated connection to end when there are too many. A connection
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
#include "peers/peers_internal.h"

enum { GRACE_MS = 1000 };

static struct peer *peer_of(struct unauthenticated *link)
{
    return (struct peer *)((char *)link - offsetof(struct peer, unauthenticated));
}

void peers_admit_init(struct peers_admit *admit, void (*sweep)(void *arg), void *arg)
{
    unauthenticated_init(&admit->unauthenticated);
    timer_init(&admit->sweep, sweep, arg);
}

void peers_admit_free(struct peers_admit *admit, struct timers *timers)
{
    timer_clear(timers, &admit->sweep);
}

/* --- too many connections --- */

/* The places of unauthenticated connections during their grace: their own, and those left free by
 * clients. */
static size_t places(const struct peers *peers)
{
    size_t max = peers->settings->client_max;
    size_t unused = peers->connected < max ? max - peers->connected : 0;
    return unused + UNAUTHENTICATED_MAX;
}

/* The oldest connection after its grace. If there is none and places are short, any other. */
static struct unauthenticated *first_to_go(struct peers *peers, bool are_short)
{
    struct unauthenticated_list *list = &peers->admit.unauthenticated;
    uint64_t now = peers->loop->timers->now_us, grace_us = GRACE_MS * 1000ull;
    struct unauthenticated *old =
        now > grace_us ? unauthenticated_first_before(list, now - grace_us) : NULL;
    return old || !are_short ? old : unauthenticated_first(list);
}

static struct unauthenticated *surplus(struct peers *peers)
{
    size_t count = peers->admit.unauthenticated.count;
    if (count <= UNAUTHENTICATED_MAX)
        return NULL;
    return first_to_go(peers, count > places(peers));
}

static struct unauthenticated *oldest(struct peers *peers)
{
    return first_to_go(peers, true);
}

/* Whether the connection has unread input: then the others go before it. A refused connection is
 * not read any more. */
static bool has_spoken(struct peers *peers, struct unauthenticated *link)
{
    bool is_refused = link->kind == UNAUTHENTICATED_TOLD || link->kind == UNAUTHENTICATED_REFUSED;
    if (is_refused || !conn_has_unread(link->conn))
        return false;
    unauthenticated_put_back(&peers->admit.unauthenticated, link, UNAUTHENTICATED_BEGUN);
    return true;
}

static struct peer *next(struct peers *peers, struct unauthenticated *(*pick)(struct peers *),
                         int *tries)
{
    struct unauthenticated *link;
    while (*tries > 0 && (link = pick(peers))) {
        --*tries;
        if (!has_spoken(peers, link))
            return peer_of(link);
    }
    return NULL;
}

struct peer *peers_admit_surplus(struct peers *peers, int *tries)
{
    return next(peers, surplus, tries);
}

struct peer *peers_admit_oldest(struct peers *peers, int *tries)
{
    return next(peers, oldest, tries);
}

void peers_admit_watch(struct peers *peers)
{
    struct peers_admit *admit = &peers->admit;
    if (admit->unauthenticated.count <= UNAUTHENTICATED_MAX || timer_is_set(&admit->sweep))
        return;
    timer_set_ms(peers->loop->timers, &admit->sweep, surplus(peers) ? 1 : GRACE_MS);
}
