/*
 * monitors: what clients have asked to be told of, each under a ref of its own.
 *
 * A monitor is about a thing of one of the daemon's kinds, by a number or a name. Those about the
 * same thing hang on one target, found by a hash: an event costs the same however many other things
 * are monitored. Of a kind without a monitor nothing is looked up.
 */
#ifndef TASKMASTER_PEERS_MONITORS_H
#define TASKMASTER_PEERS_MONITORS_H

#include "base/hash.h"
#include "protocol/event_writer.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

struct peer;
struct peers;

enum {
    MONITORS_EACH = 10000, /* of a connection */
    MONITORED_KINDS = 8,   /* a daemon has at most */
};

struct peers_monitor {
    LIST_ENTRY(peers_monitor) of_peer;
    LIST_ENTRY(peers_monitor) of_target;
    struct hash_node by_ref;
    struct peer *peer;
    struct peers_target *target;
    bool own; /* the thing is the client's own: no right is needed */
    size_t ref_len;
    char ref[]; /* JSON text, and a NUL */
};

LIST_HEAD(peers_monitor_list, peers_monitor);

struct peers_target {
    struct hash_node by_key;
    struct peers_monitor_list monitors; /* never empty */
    unsigned kind;
    uint64_t number;
    char name[]; /* empty for those by number */
};

struct peers_monitors {
    struct hash by_ref, targets;
    size_t count;
    size_t counts[MONITORED_KINDS];
    void (*changed)(struct peers_monitors *monitors); /* the counts did; or NULL */
};

void peers_monitors_init(struct peers_monitors *monitors);
void peers_monitors_free(struct peers_monitors *monitors); /* once no peer is left */

/* The peer's monitor with this ref; NULL if there is none. */
struct peers_monitor *peers_monitors_find(const struct peer *peer, const char *ref, size_t ref_len);

/* Adds a monitor with a free ref. `name` is NULL or copied. */
struct peers_monitor *peers_monitors_add(struct peer *peer, const char *ref, unsigned kind,
                                         uint64_t number, const char *name);

void peers_monitors_remove(struct peers_monitor *monitor);

/* Removes all monitors of the peer. */
void peers_monitors_release(struct peer *peer);

/* The target; NULL if nobody monitors it. */
struct peers_target *peers_monitors_of(const struct peers_monitors *monitors, unsigned kind,
                                       uint64_t number, const char *name);

/* --- telling --- */

/* Writes the fields of an event behind its ref. */
typedef void (*peers_monitor_write)(struct event_writer *event, const void *news);

/* Nothing is told without the right to observe, unless the thing is the client's own: a reload may
 * have taken the right away. */
void peers_monitor_tell(const struct peers_monitor *monitor, const char *name,
                        peers_monitor_write write, const void *news);

/* Tells all monitors of a target; NULL: of none. */
void peers_target_tell(const struct peers_target *target, const char *name,
                       peers_monitor_write write, const void *news);

/* Tells them a `down`, their last event. They go, and the target with them. */
void peers_target_down(struct peers_target *target, peers_monitor_write write, const void *news);

#endif
