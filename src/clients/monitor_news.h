/* monitor_news: the events of monitors (monitors.h). */
#ifndef TASKMASTER_CLIENTS_MONITOR_NEWS_H
#define TASKMASTER_CLIENTS_MONITOR_NEWS_H

#include "clients/monitors.h"

struct dispatcher;

/* The monitors hear of jobs, workers and services from now on. */
void client_monitor_news_init(struct clients *clients);

/* The session's connection is closed; `reason` in one word. */
void client_monitor_news_client_ended(const struct client_session *session, const char *reason);

/* Tells a new monitor how its target is: a service, or the workers of a pool. */
void client_monitor_news_service(const struct client_monitor *monitor);
void client_monitor_news_workers(const struct client_monitor *monitor, const struct dispatcher *d);

#endif
