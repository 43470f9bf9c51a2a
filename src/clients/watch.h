/* watch: what a watch of the master is told of: jobs, workers, pools and clients, of everybody's.
 */
#ifndef TASKMASTER_CLIENTS_WATCH_H
#define TASKMASTER_CLIENTS_WATCH_H

#include "common/limits.h"
#include "jobs/news.h"
#include "jobs/pool_settings.h"
#include "peers/watches.h"

struct client_session;
struct clients;

/* The things to be watched, a bit each. */
enum client_watch_what {
    WATCH_JOBS = 1u << 0,
    WATCH_WORKERS = 1u << 1,
    WATCH_POOLS = 1u << 2,
    WATCH_CLIENTS = 1u << 3,
};

struct client_watches {
    struct news_reader reader;
    struct clients *clients;
};

struct client_watch {
    struct peers_watch base;
    char module[MODULE_NAME_MAX + 1], pool[POOL_NAME_MAX + 1]; /* empty ones: any */
};

void client_watches_init(struct clients *clients);

/* Tells of a client. `reason`: of its end, or NULL. */
void client_watch_tell(const struct client_session *session, const char *state, const char *reason);

#endif
