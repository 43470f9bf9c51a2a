/*
 * clients: all clients of the master: peers (peers/peers.h) with jobs. Each is a session
 * (session.h): it hands submits to the dispatcher and writes the events of its jobs.
 */
#ifndef TASKMASTER_CLIENTS_CLIENTS_H
#define TASKMASTER_CLIENTS_CLIENTS_H

#include "base/hash.h"
#include "clients/detached.h"
#include "clients/log.h"
#include "clients/monitor_news.h"
#include "clients/selections.h"
#include "clients/services.h"
#include "clients/settings.h"
#include "clients/watch.h"
#include "peers/peers.h"

#include <stdbool.h>

struct pools;
struct module_table;
struct report;

struct clients {
    struct peers peers; /* the master fills in what peers.h says, but `ops` */
    /* The master fills these in; all are borrowed. */
    struct pools *pools;
    struct module_table *modules;
    const struct report *report; /* for stats and workers */

    const struct client_settings *settings; /* in force; a reload swaps them between turns */
    struct hash jobs_by_id;                 /* unfinished jobs of all sessions, by session and id */
    struct client_detached detached;
    struct client_monitor_news monitor_news;
    struct client_services services;
    struct client_watches watches;
    struct client_log log;
    struct client_selections selections;
};

void clients_init(struct clients *clients);
void clients_free(struct clients *clients); /* once no session is left */

/* Changes the settings; open connections follow them from now on. */
void clients_configure(struct clients *clients, const struct client_settings *settings,
                       const struct access_settings *access);

#endif
