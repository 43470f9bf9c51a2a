/* monitor_news: what a monitor of the master is about, and its events (peers/monitors.h). */
#ifndef TASKMASTER_CLIENTS_MONITOR_NEWS_H
#define TASKMASTER_CLIENTS_MONITOR_NEWS_H

#include "jobs/news.h"
#include "peers/monitors.h"

struct client_session;
struct clients;
struct dispatcher;

enum client_monitored {
    MONITORED_JOB, /* by its number, as are the next two */
    MONITORED_WORKER,
    MONITORED_CLIENT,
    MONITORED_SERVICE, /* by its name */
    MONITORED_POOL,    /* likewise: its workers */
    MONITORED_WORKERS, /* all */
};

struct client_monitor_news {
    struct news_reader reader;
    struct clients *clients;
};

/* The monitors hear of jobs, workers and services from now on. */
void client_monitor_news_init(struct clients *clients);

/* The session's connection is closed; `reason` in one word. */
void client_monitor_news_client_ended(const struct client_session *session, const char *reason);

/* Tells a new monitor how its target is: a service, or the workers of a pool. */
void client_monitor_news_service(const struct peers_monitor *monitor);
void client_monitor_news_workers(const struct peers_monitor *monitor, const struct dispatcher *d);

#endif
