/*
 * client_admit: from a connection to a client. A connection is an unauthenticated connection until
 * its hello is answered; then it is a client. Unauthenticated connections have UNAUTHENTICATED_MAX
 * places of their own, clients have client-max.
 *
 * One of these too many ends the one that was silent longest. An unauthenticated connection in its
 * first second is spared while clients leave places free: a program may open a thousand connections
 * before it says a word on any of them.
 *
 * So unauthenticated connections that never speak keep no client out. They hold UNAUTHENTICATED_MAX
 * places for long, and others for a second only; and a hello that is sent right behind the connect
 * is read at accept. Unauthenticated connections are served behind the clients, so they keep no
 * client waiting either.
 */
#include "clients/clients_internal.h"

#include "common/log.h"
#include "net/unauthenticated.h"

#include <stdio.h>

enum {
    GRACE_MS = 1000,
    ROOM_TRIES = 4,   /* unauthenticated connections that are looked at for one that comes */
    SWEEP_BATCH = 64, /* unauthenticated connections that are ended in a turn */
};

static struct client_session *session_of(struct unauthenticated *peer)
{
    return (struct client_session *)((char *)peer -
                                     offsetof(struct client_session, unauthenticated));
}

/* For unauthenticated connections, for a moment: what clients leave free, and their own places. */
static size_t places(const struct clients *clients)
{
    size_t max = clients->settings->client_max;
    size_t unused = clients->connected < max ? max - clients->connected : 0;
    return unused + UNAUTHENTICATED_MAX;
}

/* An unauthenticated connection whose first second is over. If there is none and places are short,
 * any other. */
static struct unauthenticated *first_to_go(struct clients *clients, bool are_short)
{
    uint64_t now = clients->loop->timers->now_us, grace_us = GRACE_MS * 1000ull;
    struct unauthenticated *old =
        now > grace_us ? unauthenticated_first_before(&clients->unauthenticated, now - grace_us)
                       : NULL;
    return old || !are_short ? old : unauthenticated_first(&clients->unauthenticated);
}

/* The one that must go; NULL if all may stay. */
static struct unauthenticated *surplus(struct clients *clients)
{
    if (clients->unauthenticated.count <= UNAUTHENTICATED_MAX)
        return NULL;
    return first_to_go(clients, clients->unauthenticated.count > places(clients));
}

/* Whether it has said something that was not read yet: then the others are looked at before it. A
 * refused connection is not read any more. */
static bool has_spoken(struct clients *clients, struct unauthenticated *peer)
{
    bool is_unwanted = peer->kind == UNAUTHENTICATED_TOLD || peer->kind == UNAUTHENTICATED_REFUSED;
    if (is_unwanted || !conn_has_unread(peer->conn))
        return false;
    unauthenticated_put_back(&clients->unauthenticated, peer, UNAUTHENTICATED_BEGUN);
    return true;
}

/* Its last words are written at once, as far as the kernel takes them: there is no place for it to
 * linger. */
static void end_unauthenticated(struct client_session *session)
{
    char text[REQUEST_MESSAGE_MAX];
    snprintf(text, sizeof text, "no hello came, and %d other connections have said none",
             UNAUTHENTICATED_MAX);
    if (!client_session_is_suspect(session))
        client_session_fail(session, NULL, "too-slow", text);
    if (session->conn.output_len)
        conn_flush(&session->conn);
    client_session_close(session, "too many connections without a hello");
}

static void make_room(struct clients *clients, int tries)
{
    struct unauthenticated *peer;
    for (int i = 0; i < tries && (peer = surplus(clients)); i++)
        if (!has_spoken(clients, peer))
            end_unauthenticated(session_of(peer));
}

bool client_admit_make_way(struct clients *clients)
{
    struct unauthenticated *peer;
    size_t before = clients->open;
    for (int i = 0; i < ROOM_TRIES && clients->open == before; i++)
        if ((peer = first_to_go(clients, true)) && !has_spoken(clients, peer))
            end_unauthenticated(session_of(peer));
    return clients->open < before;
}

/* Ends unauthenticated connections whose first second is over, though no new one comes. */
static void on_sweep(void *arg)
{
    struct clients *clients = arg;
    make_room(clients, SWEEP_BATCH);
    client_admit_watch(clients);
}

void client_admit_init(struct clients *clients)
{
    unauthenticated_init(&clients->unauthenticated);
    timer_init(&clients->sweep, on_sweep, clients);
}

void client_admit_watch(struct clients *clients)
{
    struct timers *timers = clients->loop->timers;
    if (clients->unauthenticated.count <= UNAUTHENTICATED_MAX || timer_is_set(&clients->sweep))
        return;
    timer_set_ms(timers, &clients->sweep, surplus(clients) ? 1 : GRACE_MS);
}

void client_admit_new(struct client_session *session)
{
    struct clients *clients = session->clients;
    struct timers *timers = client_session_timers(session);
    unauthenticated_add(&clients->unauthenticated, &session->unauthenticated, &session->conn,
                        timers->now_us);
    session->hello_limit_ms = clients->settings->hello_timeout_ms;
    timer_set_ms(timers, &session->timer, session->hello_limit_ms);
    log_event(LOG_DEBUG, "client-connected", LOG_STR("client", session->name));
    conn_poll(&session->conn); /* its hello mostly lies there */
    make_room(clients, ROOM_TRIES);
    client_admit_watch(clients);
}

enum request_verdict client_admit_check(const struct clients *clients, struct request *request)
{
    if (clients->connected >= clients->settings->client_max)
        return request_refuse(request, REQUEST_BROKEN, "too-many-clients",
                              "the server has client-max clients already");
    return REQUEST_FINE;
}

void client_admit_leave(struct client_session *session)
{
    if (session->greeted)
        session->clients->connected--;
    else
        unauthenticated_remove(&session->clients->unauthenticated, &session->unauthenticated);
}
