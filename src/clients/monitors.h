/*
 * monitors: what connections have asked to be told of, each under a ref of its own.
 *
 * A monitor is about a job, a worker, a client, a service, the workers of a pool, or all workers.
 * Those about the same thing hang on one target, found by a hash: an event costs the same however
 * many other things are monitored. Without a monitor of a kind nothing is looked up: the master
 * asks for no such news, and a job has a bit.
 */
#ifndef TASKMASTER_CLIENTS_MONITORS_H
#define TASKMASTER_CLIENTS_MONITORS_H

#include "base/hash.h"
#include "jobs/news.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

struct client_session;
struct clients;

enum { MONITORS_EACH = 10000 }; /* of a connection */

enum client_monitored {
    MONITORED_JOB, /* by its number, as are the next two */
    MONITORED_WORKER,
    MONITORED_CLIENT,
    MONITORED_SERVICE, /* by its name */
    MONITORED_POOL,    /* likewise: its workers */
    MONITORED_WORKERS, /* all */
    MONITORED_KINDS
};

struct client_monitor {
    LIST_ENTRY(client_monitor) of_session;
    LIST_ENTRY(client_monitor) of_target;
    struct hash_node by_ref;
    struct client_session *session;
    struct client_target *target;
    bool own; /* the job is the session's own: no right is needed */
    size_t ref_len;
    char ref[]; /* JSON text, and a NUL */
};

LIST_HEAD(client_monitor_list, client_monitor);

struct client_target {
    struct hash_node by_key;
    struct client_monitor_list monitors; /* never empty */
    enum client_monitored kind;
    uint64_t number;
    char name[]; /* empty for those by number */
};

struct client_monitors {
    struct clients *clients;
    struct hash by_ref, targets;
    size_t count;
    size_t counts[MONITORED_KINDS];
    struct news_reader reader; /* monitor_news.c */
};

void client_monitors_init(struct clients *clients);
void client_monitors_free(struct client_monitors *monitors); /* once no session is left */

/* The session's monitor with this ref; NULL if there is none. */
struct client_monitor *client_monitors_find(const struct client_session *session, const char *ref,
                                            size_t ref_len);

/* Adds a monitor with a free ref. `name` is NULL or copied. */
struct client_monitor *client_monitors_add(struct client_session *session, const char *ref,
                                           enum client_monitored kind, uint64_t number,
                                           const char *name);

void client_monitors_remove(struct client_monitor *monitor);

/* Removes all monitors of the session. */
void client_monitors_release(struct client_session *session);

/* The target; NULL if nobody monitors it. */
struct client_target *client_monitors_of(const struct client_monitors *monitors,
                                         enum client_monitored kind, uint64_t number,
                                         const char *name);

#endif
