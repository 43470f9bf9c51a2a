/*
 * client_draining: tells each client that the server drains, a batch in each turn: there may be ten
 * thousand.
 *
 * A client is told once: by the event, or by the answer to its hello if this comes later.
 */
#include "clients/clients_internal.h"

#include "protocol/event_writer.h"

enum { BATCH = 256 }; /* sessions told in a turn */

void client_draining_init(struct client_draining *draining, void (*tell)(void *arg), void *arg)
{
    *draining = (struct client_draining){0};
    timer_init(&draining->timer, tell, arg);
}

void client_draining_free(struct client_draining *draining, struct timers *timers)
{
    timer_clear(timers, &draining->timer);
}

static void tell(struct client_session *session)
{
    struct event_writer event;
    bool hears = session->state == SESSION_OPEN || session->state == SESSION_ENDING;
    if (!session->dialogue.greeted || session->told_draining || !hears)
        return;
    session->told_draining = true;
    event_begin(&event, &session->conn, "draining");
    event_end(&event);
}

void client_draining_tell_some(struct clients *clients)
{
    struct client_draining *draining = &clients->draining;
    for (int n = 0; n < BATCH && draining->next; n++) {
        struct client_session *session = draining->next;
        draining->next = TAILQ_NEXT(session, link);
        tell(session);
    }
    if (draining->next)
        timer_set_next(clients->loop->timers, &draining->timer);
}

void client_draining_begin(struct clients *clients)
{
    clients->draining.next = TAILQ_FIRST(&clients->sessions);
    client_draining_tell_some(clients);
}

void client_draining_forget(struct client_session *session)
{
    struct client_draining *draining = &session->clients->draining;
    if (draining->next == session)
        draining->next = TAILQ_NEXT(session, link);
}
