/*
 * services: names of connections. Jobs can be submitted for a name, and their ends then go to the
 * connection with the name (service_jobs.h).
 *
 * A connection has up to SERVICES_EACH names, and a name has one owner at most. A name is free as
 * soon as its owner's input has ended. The record of a free name stays while jobs for the name are
 * unfinished, so that each job finds its name in O(1). The last SERVICES_KEPT records without jobs
 * stay, too: their counts go on when somebody registers the name again.
 */
#ifndef TASKMASTER_CLIENTS_SERVICES_H
#define TASKMASTER_CLIENTS_SERVICES_H

#include "base/hash.h"
#include "jobs/source.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

struct client_service;
struct client_session;
struct clients;
struct grant;

enum {
    SERVICES_EACH = 64,   /* names of a connection */
    SERVICES_MAX = 65536, /* registered names: they are listed in one turn */
    SERVICES_KEPT = 1024, /* records of free names without jobs */
};

TAILQ_HEAD(client_service_list, client_service);

/* Why the owner of a name has changed. */
enum client_service_change {
    SERVICE_REGISTERED,
    SERVICE_UNREGISTERED,
    SERVICE_GONE, /* its owner's input has ended */
};

struct client_service {
    struct hash_node by_name;
    TAILQ_ENTRY(client_service) link;
    struct client_service_list *list; /* that holds it; NULL: a free name with jobs */
    LIST_ENTRY(client_service) of_owner;
    struct client_session *owner; /* NULL: the name is free */
    struct clients *clients;
    struct job_source source;         /* of the jobs for the name; `unread` is its owner's */
    struct client_session *submitter; /* of the last submit */
    const struct job *submitted;      /* NULL once this submit has ended */
    uint64_t since_us;                /* while registered: when it was */
    uint64_t delivered, dropped;      /* events */
    const char *name;                 /* in the text */
    char text[];                      /* "service:NAME", for the log */
};

struct client_services {
    struct hash by_name;
    struct client_service_list registered; /* in the order of registration */
    struct client_service_list kept;       /* free, without jobs; the longest free first */
    size_t registered_count, kept_count;
    uint64_t delivered, dropped; /* events of all names */
    void (*prepare)(struct client_service *service);
    /* Called behind each change of an owner: `owner` is the new one, or the one before if the name
     * is free now. NULL: nobody monitors services. */
    void (*changed)(const struct client_service *service, const struct client_session *owner,
                    enum client_service_change change);
};

const char *client_service_change_name(enum client_service_change change);

/* `prepare` sets the functions of a new record's source. */
void client_services_init(struct client_services *services,
                          void (*prepare)(struct client_service *service));
void client_services_free(struct client_services *services); /* once no session is left */

/* The record of the name, registered or free; NULL: there is none. */
struct client_service *client_services_find(const struct clients *clients, const char *name);

/* The session becomes the owner of a free name. */
void client_services_register(struct client_session *session, const char *name);

/* The name becomes free. */
void client_services_unregister(struct client_service *service);

/* The session's input has ended: all its names become free. */
void client_services_release(struct client_session *session);

/* The grant of the session's token has changed: names that it does not permit become free. */
void client_services_review(struct client_session *session, const struct grant *grant);

/* A job for the name has ended. */
void client_services_left(struct client_service *service);

/* The session's unread output has changed: jobs for its names are held or released (hold.c). */
void client_services_unread(struct client_session *session);

#endif
