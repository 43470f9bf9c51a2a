/* client_monitors: see monitors.h. Clients choose refs and names, so both are hashed under a secret
 * key. */
#include "clients/monitors.h"
#include "clients/clients_internal.h"

#include "common/xmalloc.h"

#include <stdlib.h>
#include <string.h>

static struct client_monitor *monitor_by_ref(struct hash_node *node)
{
    return (struct client_monitor *)((char *)node - offsetof(struct client_monitor, by_ref));
}

static struct client_target *target_by_key(struct hash_node *node)
{
    return (struct client_target *)((char *)node - offsetof(struct client_target, by_key));
}

/* --- news --- */

/* Asks for the news of which there are monitors. */
static void want(struct client_monitors *monitors)
{
    const size_t *counts = monitors->counts;
    bool workers = counts[MONITORED_WORKER] || counts[MONITORED_POOL] || counts[MONITORED_WORKERS];
    unsigned kinds = (counts[MONITORED_JOB] ? NEWS_MARKED : 0u) | (workers ? NEWS_WORKERS : 0u);
    if (kinds != monitors->reader.wants)
        news_want(&monitors->clients->pools->shared.news, &monitors->reader, kinds);
}

/* --- targets --- */

static uint64_t key_of(enum client_monitored kind, uint64_t number, const char *name)
{
    return name && *name ? siphash(name, strlen(name), kind)
                         : siphash(&number, sizeof number, kind);
}

static bool is_target(const struct client_target *target, enum client_monitored kind,
                      uint64_t number, const char *name)
{
    return target->kind == kind && target->number == number &&
           strcmp(target->name, name ? name : "") == 0;
}

struct client_target *client_monitors_of(const struct client_monitors *monitors,
                                         enum client_monitored kind, uint64_t number,
                                         const char *name)
{
    if (!monitors->counts[kind])
        return NULL;
    struct hash_node *node = hash_first(&monitors->targets, key_of(kind, number, name));
    while (node && !is_target(target_by_key(node), kind, number, name))
        node = hash_next(node);
    return node ? target_by_key(node) : NULL;
}

static struct client_target *make_target(struct client_monitors *monitors,
                                         enum client_monitored kind, uint64_t number,
                                         const char *name)
{
    size_t len = name ? strlen(name) : 0;
    struct client_target *target = xcalloc(1, sizeof *target + len + 1);
    target->kind = kind;
    target->number = number;
    memcpy(target->name, name ? name : "", len);
    LIST_INIT(&target->monitors);
    hash_insert(&monitors->targets, &target->by_key, key_of(kind, number, name));
    return target;
}

/* --- monitors --- */

static uint64_t hash_of_ref(const struct client_session *session, const char *ref, size_t len)
{
    return siphash(ref, len, session->peer.number);
}

struct client_monitor *client_monitors_find(const struct client_session *session, const char *ref,
                                            size_t ref_len)
{
    struct hash_node *node =
        hash_first(&clients_of(session)->monitors.by_ref, hash_of_ref(session, ref, ref_len));
    for (; node; node = hash_next(node)) {
        struct client_monitor *monitor = monitor_by_ref(node);
        if (monitor->session == session && monitor->ref_len == ref_len &&
            memcmp(monitor->ref, ref, ref_len) == 0)
            return monitor;
    }
    return NULL;
}

static struct client_monitor *make(struct client_session *session, const char *ref)
{
    size_t len = strlen(ref);
    struct client_monitor *monitor = xcalloc(1, sizeof *monitor + len + 1);
    monitor->session = session;
    monitor->ref_len = len;
    memcpy(monitor->ref, ref, len);
    hash_insert(&clients_of(session)->monitors.by_ref, &monitor->by_ref,
                hash_of_ref(session, ref, len));
    LIST_INSERT_HEAD(&session->monitors, monitor, of_session);
    session->monitor_count++;
    return monitor;
}

struct client_monitor *client_monitors_add(struct client_session *session, const char *ref,
                                           enum client_monitored kind, uint64_t number,
                                           const char *name)
{
    struct client_monitors *monitors = &clients_of(session)->monitors;
    struct client_target *target = client_monitors_of(monitors, kind, number, name);
    struct client_monitor *monitor = make(session, ref);
    monitor->target = target ? target : make_target(monitors, kind, number, name);
    LIST_INSERT_HEAD(&monitor->target->monitors, monitor, of_target);
    monitors->count++;
    monitors->counts[kind]++;
    want(monitors);
    return monitor;
}

void client_monitors_remove(struct client_monitor *monitor)
{
    struct client_monitors *monitors = &clients_of(monitor->session)->monitors;
    struct client_target *target = monitor->target;
    LIST_REMOVE(monitor, of_session);
    LIST_REMOVE(monitor, of_target);
    hash_remove(&monitors->by_ref, &monitor->by_ref);
    monitor->session->monitor_count--;
    monitors->count--;
    monitors->counts[target->kind]--;
    free(monitor);
    want(monitors);
    if (!LIST_EMPTY(&target->monitors))
        return;
    hash_remove(&monitors->targets, &target->by_key);
    free(target);
}

void client_monitors_release(struct client_session *session)
{
    struct client_monitor *monitor, *next;
    for (monitor = LIST_FIRST(&session->monitors); monitor; monitor = next) {
        next = LIST_NEXT(monitor, of_session);
        client_monitors_remove(monitor);
    }
}

/* --- all of them --- */

void client_monitors_init(struct clients *clients)
{
    struct client_monitors *monitors = &clients->monitors;
    *monitors = (struct client_monitors){.clients = clients};
    hash_init(&monitors->by_ref);
    hash_init(&monitors->targets);
}

void client_monitors_free(struct client_monitors *monitors)
{
    bug_on(monitors->count || monitors->targets.count);
    hash_free(&monitors->by_ref);
    hash_free(&monitors->targets);
}
