/*
 * places: where lists go on: a client asks for the next page by the name of its place.
 *
 * A place moves on with each page, and its earlier names are unknown from then on. There are few
 * places for all clients together, because each costs something when jobs leave. The one unused
 * for the longest makes room for a new one.
 */
#ifndef TASKMASTER_CLIENTS_PLACES_H
#define TASKMASTER_CLIENTS_PLACES_H

#include "jobs/listing.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

enum {
    PLACES_MAX = 64,
    PLACE_TEXT_MAX = 42, /* bytes of a name: two numbers and a hyphen */
};

struct client_session;

enum client_place_kind { PLACE_OF_JOBS, PLACE_OF_CLIENTS };

struct client_place {
    TAILQ_ENTRY(client_place) link;
    uint64_t number, page;
    enum client_place_kind kind;
    struct listing jobs;         /* of JOBS */
    struct client_session *next; /* of CLIENTS: the next one to look at; NULL: none is left */
};

struct client_places {
    TAILQ_HEAD(, client_place) list; /* the last used one last */
    size_t count;
    uint64_t last_number;
};

void client_places_init(struct client_places *places);
void client_places_free(struct client_places *places);

/* A new place, at the beginning. */
struct client_place *client_places_add(struct client_places *places, enum client_place_kind kind);

/* The place of that name, for its next page; NULL if it is unknown. */
struct client_place *client_places_go_on(struct client_places *places, enum client_place_kind kind,
                                         const char *name);

/* Its name for the next page. Returns `name`. */
const char *client_places_name(const struct client_place *place, char name[PLACE_TEXT_MAX + 1]);

void client_places_remove(struct client_places *places, struct client_place *place);

/* The session is being freed: `next` takes its place. */
void client_places_forget(struct client_places *places, const struct client_session *session,
                          struct client_session *next);

#endif
