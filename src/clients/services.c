/* client_services: see services.h. Clients choose the names, so they are hashed under a secret key.
 */
#include "clients/services.h"
#include "clients/clients_internal.h"

#include "access/grant.h"
#include "common/log.h"
#include "common/xmalloc.h"
#include "jobs/queue.h"

#include <stdlib.h>
#include <string.h>

static struct client_service *service_of(struct hash_node *node)
{
    return (struct client_service *)((char *)node - offsetof(struct client_service, by_name));
}

const char *client_service_change_name(enum client_service_change change)
{
    static const char *const names[] = {
        [SERVICE_REGISTERED] = "registered",
        [SERVICE_UNREGISTERED] = "unregistered",
        [SERVICE_GONE] = "gone",
    };
    return names[change];
}

/* --- records --- */

static uint64_t hash_of(const char *name)
{
    return siphash(name, strlen(name), 0);
}

struct client_service *client_services_find(const struct clients *clients, const char *name)
{
    struct hash_node *node = hash_first(&clients->services.by_name, hash_of(name));
    while (node && strcmp(service_of(node)->name, name) != 0)
        node = hash_next(node);
    return node ? service_of(node) : NULL;
}

static struct client_service *make(struct clients *clients, const char *name)
{
    static const char prefix[] = "service:";
    size_t len = strlen(name);
    struct client_service *service = xcalloc(1, sizeof *service + sizeof prefix + len);
    service->clients = clients;
    service->name = memcpy(stpcpy(service->text, prefix), name, len + 1);
    service->source.name = service->text;
    service->source.service = service->name;
    service->source.bounded = true;
    LIST_INIT(&service->source.jobs);
    clients->services.prepare(service);
    hash_insert(&clients->services.by_name, &service->by_name, hash_of(name));
    return service;
}

static size_t *count_of(struct client_services *services, const struct client_service_list *list)
{
    return list == &services->registered ? &services->registered_count : &services->kept_count;
}

/* Moves the record to the end of another list; NULL: of none. */
static void move(struct client_service *service, struct client_service_list *list)
{
    struct client_services *services = &service->clients->services;
    if (service->list) {
        TAILQ_REMOVE(service->list, service, link);
        --*count_of(services, service->list);
    }
    service->list = list;
    if (list) {
        TAILQ_INSERT_TAIL(list, service, link);
        ++*count_of(services, list);
    }
}

static void destroy(struct client_service *service)
{
    bug_on(service->source.job_count || service->source.held);
    move(service, NULL);
    job_queue_forget(&service->source);
    hash_remove(&service->clients->services.by_name, &service->by_name);
    free(service);
}

/* Puts the record where it belongs: its owner or its jobs have changed. */
static void settle(struct client_service *service)
{
    struct client_services *services = &service->clients->services;
    bool is_idle = !service->owner && !service->source.job_count;
    move(service, service->owner ? &services->registered : is_idle ? &services->kept : NULL);
    if (services->kept_count > SERVICES_KEPT)
        destroy(TAILQ_FIRST(&services->kept));
}

void client_services_left(struct client_service *service)
{
    if (!service->owner && !service->source.job_count)
        settle(service);
}

/* --- owners --- */

static void set_unread(struct client_service *service, uint64_t bytes)
{
    pools_source_unread(service->clients->pools, &service->source, bytes);
}

void client_services_unread(struct client_session *session)
{
    struct client_service *service;
    LIST_FOREACH (service, &session->services, of_owner)
        set_unread(service, session->peer.conn.output_len);
}

static void tell(const struct client_service *service, const struct client_session *owner,
                 enum client_service_change change)
{
    log_event(LOG_DEBUG, service->owner ? "service-registered" : "service-free",
              LOG_STR("service", service->name), LOG_STR("client", owner->peer.name),
              LOG_STR("reason", client_service_change_name(change)));
    if (service->clients->services.changed)
        service->clients->services.changed(service, owner, change);
}

void client_services_register(struct client_session *session, const char *name)
{
    struct clients *clients = clients_of(session);
    struct client_service *service = client_services_find(clients, name);
    if (!service)
        service = make(clients, name);
    bug_on(service->owner);
    service->owner = session;
    service->since_us = peer_timers(&session->peer)->now_us;
    LIST_INSERT_HEAD(&session->services, service, of_owner);
    session->service_count++;
    settle(service);
    set_unread(service, session->peer.conn.output_len);
    tell(service, session, SERVICE_REGISTERED);
}

static void part(struct client_service *service, enum client_service_change change)
{
    struct client_session *owner = service->owner;
    LIST_REMOVE(service, of_owner);
    owner->service_count--;
    service->owner = NULL;
    set_unread(service, 0);
    tell(service, owner, change);
    settle(service);
}

void client_services_unregister(struct client_service *service)
{
    part(service, SERVICE_UNREGISTERED);
}

void client_services_release(struct client_session *session)
{
    struct client_service *service;
    while ((service = LIST_FIRST(&session->services)))
        part(service, SERVICE_GONE);
}

void client_services_review(struct client_session *session, const struct grant *grant)
{
    struct client_service *service, *next;
    for (service = LIST_FIRST(&session->services); service; service = next) {
        next = LIST_NEXT(service, of_owner);
        if (!(grant->rights & RIGHT_SERVE) || !grant_allows(grant, GRANT_SERVICE, service->name))
            part(service, SERVICE_UNREGISTERED);
    }
}

/* --- all of them --- */

void client_services_init(struct client_services *services,
                          void (*prepare)(struct client_service *service))
{
    services->prepare = prepare;
    hash_init(&services->by_name);
    TAILQ_INIT(&services->registered);
    TAILQ_INIT(&services->kept);
}

void client_services_free(struct client_services *services)
{
    struct client_service *service, *next;
    for (service = TAILQ_FIRST(&services->kept); service; service = next) {
        next = TAILQ_NEXT(service, link);
        destroy(service);
    }
    bug_on(services->by_name.count);
    hash_free(&services->by_name);
}
