/*
 * clients: all connections of clients. Each is a session (session.h): it reads requests, hands
 * submits to the dispatcher and writes the events of its jobs.
 */
#ifndef TASKMASTER_CLIENTS_CLIENTS_H
#define TASKMASTER_CLIENTS_CLIENTS_H

#include "access/settings.h"
#include "base/hash.h"
#include "clients/admit.h"
#include "clients/control.h"
#include "clients/detached.h"
#include "clients/draining.h"
#include "clients/log.h"
#include "clients/monitors.h"
#include "clients/places.h"
#include "clients/selections.h"
#include "clients/services.h"
#include "clients/settings.h"
#include "clients/tokens.h"
#include "clients/watch.h"
#include "net/conn.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>
#include <sys/socket.h>

struct client_awaited;
struct client_session;
struct pools;
struct module_table;
struct report;

struct clients {
    /* The master fills these in; all are borrowed. */
    struct pools *pools;
    struct module_table *modules;
    struct conn_loop *loop;
    const struct report *report; /* for stats and workers */
    const char *boot;
    struct clients_control control;
    uint64_t files_max; /* connections; more would leave workers too few descriptors. 0: no limit */

    const struct client_settings *settings; /* in force; a reload swaps them between turns */
    const struct access_settings *access;   /* likewise */
    struct {
        struct conn_limits authenticated;
        struct conn_limits unauthenticated; /* these are served behind the others */
    } limits;

    TAILQ_HEAD(client_sessions, client_session) sessions;
    TAILQ_HEAD(, client_awaited) awaited; /* answers yet to come */
    struct hash by_number;                /* sessions */
    struct hash jobs_by_id;               /* unfinished jobs of all sessions, by session and id */
    uint64_t last_number;                 /* of a session */
    size_t open;                          /* connections with a descriptor */
    size_t connected;                     /* of these, clients: the hello was accepted */
    size_t reading; /* of these, connections in NEW, SUSPECT or OPEN: input has not ended */

    struct client_admit admit;
    struct client_tokens tokens;
    struct client_detached detached;
    struct client_monitors monitors;
    struct client_services services;
    struct client_watches watches;
    struct client_draining draining;
    struct client_log log;
    struct client_places places; /* in lists */
    struct client_selections selections;
};

void clients_init(struct clients *clients);
void clients_free(struct clients *clients); /* once no session is left */

/* Changes the settings; open connections follow them from now on. */
void clients_configure(struct clients *clients, const struct client_settings *settings,
                       const struct access_settings *access);

/* Takes over `fd`, a new connection. */
void clients_accept(struct clients *clients, int fd, const struct sockaddr *addr,
                    socklen_t addr_len);

/* The reload asked for by clients is decided. `why` is NULL if the workers are replaced, or says
 * why not. */
void clients_reloaded(struct clients *clients, const char *why);

/* The server drains: tells every client, a batch in each turn. */
void clients_tell_draining(struct clients *clients);

/* Bytes of unread output, of all clients. */
size_t clients_output(const struct clients *clients);

/* From now on each session notes whether its client sends something. */
void clients_listen(struct clients *clients);

/* Ends the sessions without input since clients_listen(): their requests are not read any more, and
 * each ends as soon as its output is taken. */
void clients_end_silent(struct clients *clients);

/* Ends all sessions in the same way. */
void clients_end(struct clients *clients);

/* Closes every connection at once. */
void clients_close(struct clients *clients);

#endif
