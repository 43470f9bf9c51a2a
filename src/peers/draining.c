/*
 * draining: tells each client that the server drains, a batch in each turn: there may be ten
 * thousand.
 *
 * A client is told once: by the event, or by the answer to its hello if this comes later.
 */
#include "peers/peers_internal.h"

#include "protocol/event_writer.h"

enum { BATCH = 256 }; /* peers told in a turn */

void peers_draining_init(struct peers_draining *draining, void (*tell)(void *arg), void *arg)
{
    *draining = (struct peers_draining){0};
    timer_init(&draining->timer, tell, arg);
}

void peers_draining_free(struct peers_draining *draining, struct timers *timers)
{
    timer_clear(timers, &draining->timer);
}

static void tell(struct peer *peer)
{
    struct event_writer event;
    bool hears = peer->state == PEER_OPEN || peer->state == PEER_ENDING;
    if (!peer->dialogue.greeted || peer->told_draining || !hears)
        return;
    peer->told_draining = true;
    event_begin(&event, &peer->conn, "draining");
    event_end(&event);
}

void peers_draining_tell_some(struct peers *peers)
{
    struct peers_draining *draining = &peers->tells;
    for (int n = 0; n < BATCH && draining->next; n++) {
        struct peer *peer = draining->next;
        draining->next = TAILQ_NEXT(peer, link);
        tell(peer);
    }
    if (draining->next)
        timer_set_next(peers->loop->timers, &draining->timer);
}

void peers_draining_begin(struct peers *peers)
{
    peers->draining = true;
    peers->tells.next = TAILQ_FIRST(&peers->list);
    peers_draining_tell_some(peers);
}

void peers_draining_forget(struct peer *peer)
{
    struct peers_draining *draining = &peer->peers->tells;
    if (draining->next == peer)
        draining->next = TAILQ_NEXT(peer, link);
}
