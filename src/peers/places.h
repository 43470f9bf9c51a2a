/*
 * places: where lists go on: a client asks for the next page by the name of its place.
 *
 * A place moves on with each page, and its earlier names are unknown from then on. There are few
 * places for all clients together, because each costs something when jobs leave. The one unused
 * for the longest makes room for a new one.
 */
#ifndef TASKMASTER_PEERS_PLACES_H
#define TASKMASTER_PEERS_PLACES_H

#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

enum {
    PLACES_MAX = 64,
    PLACE_TEXT_MAX = 42, /* bytes of a name: two numbers and a hyphen */
};

struct peer;
struct peers_place;

/* A kind of list. A daemon's place is a struct with a struct peers_place at its beginning. */
struct peers_place_kind {
    size_t size;
    /* A new place, all zero behind its beginning; a place to be freed. Both may be NULL. */
    void (*begin)(struct peers_place *place);
    void (*end)(struct peers_place *place);
};

/* Of the list of clients. */
extern const struct peers_place_kind peers_place_of_clients;

struct peers_place {
    TAILQ_ENTRY(peers_place) link;
    uint64_t number, page;
    const struct peers_place_kind *kind;
    struct peer *next; /* of clients: the next one to look at; NULL: none is left */
};

struct peers_places {
    TAILQ_HEAD(, peers_place) list; /* the last used one last */
    size_t count;
    uint64_t last_number;
};

void peers_places_init(struct peers_places *places);
void peers_places_free(struct peers_places *places);

/* A new place, at the beginning. */
struct peers_place *peers_places_add(struct peers_places *places,
                                     const struct peers_place_kind *kind);

/* The place of that name, for its next page; NULL if it is unknown. */
struct peers_place *peers_places_go_on(struct peers_places *places,
                                       const struct peers_place_kind *kind, const char *name);

/* Its name for the next page. Returns `name`. */
const char *peers_places_name(const struct peers_place *place, char name[PLACE_TEXT_MAX + 1]);

void peers_places_remove(struct peers_places *places, struct peers_place *place);

/* The peer is being freed: `next` takes its place. */
void peers_places_forget(struct peers_places *places, const struct peer *peer, struct peer *next);

#endif
