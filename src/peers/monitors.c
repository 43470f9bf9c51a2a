/* monitors: see monitors.h. Clients choose refs and names, so both are hashed under a secret key.
 */
#include "peers/monitors.h"
#include "peers/peers_internal.h"

#include "common/xmalloc.h"

#include <stdlib.h>
#include <string.h>

static struct peers_monitor *monitor_by_ref(struct hash_node *node)
{
    return (struct peers_monitor *)((char *)node - offsetof(struct peers_monitor, by_ref));
}

static struct peers_target *target_by_key(struct hash_node *node)
{
    return (struct peers_target *)((char *)node - offsetof(struct peers_target, by_key));
}

static void tell_change(struct peers_monitors *monitors)
{
    if (monitors->changed)
        monitors->changed(monitors);
}

/* --- targets --- */

static uint64_t key_of(unsigned kind, uint64_t number, const char *name)
{
    return name && *name ? siphash(name, strlen(name), kind)
                         : siphash(&number, sizeof number, kind);
}

static bool is_target(const struct peers_target *target, unsigned kind, uint64_t number,
                      const char *name)
{
    return target->kind == kind && target->number == number &&
           strcmp(target->name, name ? name : "") == 0;
}

struct peers_target *peers_monitors_of(const struct peers_monitors *monitors, unsigned kind,
                                       uint64_t number, const char *name)
{
    if (!monitors->counts[kind])
        return NULL;
    struct hash_node *node = hash_first(&monitors->targets, key_of(kind, number, name));
    while (node && !is_target(target_by_key(node), kind, number, name))
        node = hash_next(node);
    return node ? target_by_key(node) : NULL;
}

static struct peers_target *make_target(struct peers_monitors *monitors, unsigned kind,
                                        uint64_t number, const char *name)
{
    size_t len = name ? strlen(name) : 0;
    struct peers_target *target = xcalloc(1, sizeof *target + len + 1);
    target->kind = kind;
    target->number = number;
    memcpy(target->name, name ? name : "", len);
    LIST_INIT(&target->monitors);
    hash_insert(&monitors->targets, &target->by_key, key_of(kind, number, name));
    return target;
}

/* --- monitors --- */

static uint64_t hash_of_ref(const struct peer *peer, const char *ref, size_t len)
{
    return siphash(ref, len, peer->number);
}

struct peers_monitor *peers_monitors_find(const struct peer *peer, const char *ref, size_t ref_len)
{
    struct hash_node *node =
        hash_first(&peer->peers->monitors.by_ref, hash_of_ref(peer, ref, ref_len));
    for (; node; node = hash_next(node)) {
        struct peers_monitor *monitor = monitor_by_ref(node);
        if (monitor->peer == peer && monitor->ref_len == ref_len &&
            memcmp(monitor->ref, ref, ref_len) == 0)
            return monitor;
    }
    return NULL;
}

static struct peers_monitor *make(struct peer *peer, const char *ref)
{
    size_t len = strlen(ref);
    struct peers_monitor *monitor = xcalloc(1, sizeof *monitor + len + 1);
    monitor->peer = peer;
    monitor->ref_len = len;
    memcpy(monitor->ref, ref, len);
    hash_insert(&peer->peers->monitors.by_ref, &monitor->by_ref, hash_of_ref(peer, ref, len));
    LIST_INSERT_HEAD(&peer->monitors, monitor, of_peer);
    peer->monitor_count++;
    return monitor;
}

struct peers_monitor *peers_monitors_add(struct peer *peer, const char *ref, unsigned kind,
                                         uint64_t number, const char *name)
{
    struct peers_monitors *monitors = &peer->peers->monitors;
    struct peers_target *target = peers_monitors_of(monitors, kind, number, name);
    struct peers_monitor *monitor = make(peer, ref);
    monitor->target = target ? target : make_target(monitors, kind, number, name);
    LIST_INSERT_HEAD(&monitor->target->monitors, monitor, of_target);
    monitors->count++;
    monitors->counts[kind]++;
    tell_change(monitors);
    return monitor;
}

void peers_monitors_remove(struct peers_monitor *monitor)
{
    struct peers_monitors *monitors = &monitor->peer->peers->monitors;
    struct peers_target *target = monitor->target;
    LIST_REMOVE(monitor, of_peer);
    LIST_REMOVE(monitor, of_target);
    hash_remove(&monitors->by_ref, &monitor->by_ref);
    monitor->peer->monitor_count--;
    monitors->count--;
    monitors->counts[target->kind]--;
    free(monitor);
    tell_change(monitors);
    if (!LIST_EMPTY(&target->monitors))
        return;
    hash_remove(&monitors->targets, &target->by_key);
    free(target);
}

void peers_monitors_release(struct peer *peer)
{
    struct peers_monitor *monitor, *next;
    for (monitor = LIST_FIRST(&peer->monitors); monitor; monitor = next) {
        next = LIST_NEXT(monitor, of_peer);
        peers_monitors_remove(monitor);
    }
}

/* --- telling --- */

static bool is_permitted(const struct peers_monitor *monitor)
{
    return monitor->own || peer_grant(monitor->peer)->rights & RIGHT_OBSERVE;
}

void peers_monitor_tell(const struct peers_monitor *monitor, const char *name,
                        peers_monitor_write write, const void *news)
{
    struct peer *peer = monitor->peer;
    struct event_writer event;
    if (!conn_is_open(&peer->conn) || !is_permitted(monitor))
        return;
    event_begin(&event, &peer->conn, name);
    event_json(&event, "ref", monitor->ref, monitor->ref_len);
    write(&event, news);
    event_end(&event);
    if (peer->peers->ops->told)
        peer->peers->ops->told(peer);
}

void peers_target_tell(const struct peers_target *target, const char *name,
                       peers_monitor_write write, const void *news)
{
    const struct peers_monitor *monitor = target ? LIST_FIRST(&target->monitors) : NULL;
    for (; monitor; monitor = LIST_NEXT(monitor, of_target))
        peers_monitor_tell(monitor, name, write, news);
}

/* The target goes with its last monitor. */
void peers_target_down(struct peers_target *target, peers_monitor_write write, const void *news)
{
    struct peers_monitor *monitor = target ? LIST_FIRST(&target->monitors) : NULL, *next;
    for (; monitor; monitor = next) {
        next = LIST_NEXT(monitor, of_target);
        peers_monitor_tell(monitor, "down", write, news);
        peers_monitors_remove(monitor);
    }
}

/* --- all of them --- */

void peers_monitors_init(struct peers_monitors *monitors)
{
    *monitors = (struct peers_monitors){0};
    hash_init(&monitors->by_ref);
    hash_init(&monitors->targets);
}

void peers_monitors_free(struct peers_monitors *monitors)
{
    bug_on(monitors->count || monitors->targets.count);
    hash_free(&monitors->by_ref);
    hash_free(&monitors->targets);
}
