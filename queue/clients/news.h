/*
 * news: what monitors and watches hear of: the events of all kept jobs, and of clients.
 *
 * While nobody monitors a job and nobody watches, the keep is not asked for its events.
 */
#ifndef TASKMASTER_QUEUE_CLIENTS_NEWS_H
#define TASKMASTER_QUEUE_CLIENTS_NEWS_H

#include "common/limits.h"
#include "peers/watches.h"
#include "queue/kept/kept.h"

struct peer;
struct queue_clients;

/* The kinds of peers/monitors.h, by number. */
enum queue_monitored {
    MONITORED_JOB,
    MONITORED_CLIENT,
};

/* The things to be watched, a bit each. */
enum queue_watch_what {
    WATCH_JOBS = 1u << 0,
    WATCH_CLIENTS = 1u << 1,
};

struct queue_watch {
    struct peers_watch base;
    char module[MODULE_NAME_MAX + 1]; /* "": any */
};

void queue_news_init(struct queue_clients *clients);

/* Why the job has ended, for a `down`: "done", or the reason of its failure. */
const char *queue_news_reason(const struct kept *job);

/* A client is `connected`, `greeted` or `closed`. */
void queue_news_client(const struct peer *peer, const char *state);

#endif
