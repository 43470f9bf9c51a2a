/* watches: see watches.h. */
#include "peers/watches.h"
#include "peers/peers_internal.h"

#include "common/xmalloc.h"

#include <stdlib.h>
#include <time.h>

enum { SECOND_US = 1000000 };

/* --- one event --- */

/* The time of day, in milliseconds. */
static uint64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

void peers_watch_event_begin(struct event_writer *event, const struct peers_watch *watch,
                             const char *what, const char *state)
{
    event_begin(event, &watch->peer->conn, "watch");
    event_word(event, "what", what);
    event_uint(event, "at_ms", now_ms());
    event_word(event, "state", state);
}

void peers_watch_event_end(struct event_writer *event, struct peers_watch *watch)
{
    if (watch->dropped)
        event_uint(event, "dropped", watch->dropped);
    watch->dropped = 0;
    event_end(event);
}

/* --- bounds --- */

bool peers_watches_have_room(struct peers *peers)
{
    struct peers_watches *watches = &peers->watches;
    uint64_t now_us = peers->loop->timers->now_us;
    if (now_us - watches->second_us >= SECOND_US) {
        watches->second_us = now_us;
        watches->told = 0;
    }
    return watches->told < WATCH_RATE;
}

static bool is_slow(const struct peers_watch *watch)
{
    return watch->peer->conn.output_len > WATCH_OUTPUT_MAX;
}

/* A reload may have taken the right away. */
static bool is_permitted(const struct peers_watch *watch)
{
    return peer_grant(watch->peer)->rights & RIGHT_OBSERVE;
}

bool peers_watch_may_tell(struct peers_watch *watch)
{
    if (!peers_watches_have_room(watch->peer->peers) || is_slow(watch)) {
        watch->dropped++;
        return false;
    }
    if (!is_permitted(watch))
        return false;
    watch->peer->peers->watches.told++;
    return true;
}

/* --- life --- */

static void note_wanted(struct peers_watches *watches)
{
    const struct peers_watch *watch;
    watches->wanted = 0;
    LIST_FOREACH (watch, &watches->list, link)
        watches->wanted |= watch->what;
    if (watches->changed)
        watches->changed(watches);
}

struct peers_watch *peers_watch_begin(struct peer *peer, unsigned what, size_t size)
{
    struct peers_watches *watches = &peer->peers->watches;
    peers_watch_end(peer);
    struct peers_watch *watch = peer->watch = xcalloc(1, size);
    watch->peer = peer;
    watch->what = what;
    LIST_INSERT_HEAD(&watches->list, watch, link);
    watches->count++;
    note_wanted(watches);
    return watch;
}

bool peers_watch_end(struct peer *peer)
{
    struct peers_watches *watches = &peer->peers->watches;
    struct peers_watch *watch = peer->watch;
    if (!watch)
        return false;
    LIST_REMOVE(watch, link);
    watches->count--;
    peer->watch = NULL;
    free(watch);
    note_wanted(watches);
    return true;
}
